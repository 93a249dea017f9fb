#include <algorithm>

#include "systems/etcd/steps.hpp"

namespace mrc::systems::etcd {
namespace {

using Level = Verdict::Level;

void check_programs(const Desired& want,
                    const HostId& host,
                    const Observed& one,
                    std::vector<Finding>& out) {
  const bool complete = one.etcd && one.etcdctl;
  if (!complete && !want.install) {
    out.push_back({host,
                   Level::fail,
                   "etcd is not installed",
                   fmt::format("there is no command {}", one.etcd ? "etcdctl" : "etcd"),
                   "install it, or let mrc do so: etcd.install: package"});
  } else if (!complete && one.manager == "none") {
    out.push_back({host,
                   Level::fail,
                   "no package manager to install etcd with",
                   "none of apt-get, dnf, yum, zypper is there",
                   "install etcd by hand and set etcd.install: none"});
  }
  const auto version = one.etcd ? one.etcd : one.candidate;
  if (!version || *version == Version{}) return;
  if (*version < Version{3, 0}) {
    out.push_back({host,
                   Level::fail,
                   fmt::format("etcd {}.{} is too old", version->major, version->minor),
                   "mrc speaks the v3 API to it",
                   "install etcd 3.x there"});
  }
  if (want.v2 && *version >= Version{3, 6}) {
    out.push_back({host,
                   Level::fail,
                   fmt::format("etcd {}.{} has no v2 API", version->major, version->minor),
                   "this Calico keeps its state by the v2 API, which etcd 3.6 dropped",
                   "install etcd 3.5 there and set etcd.install: none, or use calico.version: "
                   "v3.32.x"});
  }
}

void check_unit(const HostId& host, const Observed& one, std::vector<Finding>& out) {
  if (one.unit.file == "masked") {
    out.push_back({host,
                   Level::fail,
                   "the unit etcd.service is masked",
                   "somebody wanted that it can not be started",
                   "systemctl unmask etcd"});
  }
  if (one.unit.exec.find("--config-file") != std::string::npos) {
    out.push_back({host,
                   Level::fail,
                   "etcd.service takes its configuration from a YAML file",
                   one.unit.exec,
                   "etcd then reads no environment: drop --config-file (systemctl edit --full "
                   "etcd)"});
  } else if (one.unit.load == "loaded" && one.config_path.empty()) {
    out.push_back({host,
                   Level::fail,
                   "etcd.service reads no environment file",
                   "systemctl show -p EnvironmentFiles etcd is empty",
                   "systemctl edit etcd: [Service] EnvironmentFile=-/etc/default/etcd"});
  }
}

}  // namespace

std::vector<Finding> findings(const Scene& scene) {
  const auto& want = scene.want;
  std::vector<Finding> out;
  for (const auto& member : want.members) {
    const auto& one = scene.at(member.host);
    if (!one.systemd) {
      out.push_back({member.host,
                     Level::fail,
                     "no systemd there",
                     "etcd runs as its unit etcd.service",
                     "run etcd elsewhere: leave the host out of etcd.members"});
      continue;
    }
    check_programs(want, member.host, one, out);
    check_unit(member.host, one, out);
  }
  auto more = foreign(scene);
  std::move(more.begin(), more.end(), std::back_inserter(out));
  return out;
}

}  // namespace mrc::systems::etcd
