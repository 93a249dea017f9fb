#include "systems/docker/steps.hpp"

namespace mrc::systems::docker {
namespace {

using Level = Verdict::Level;

/// What calicoctl v0.22 speaks, and cannot be told otherwise.
constexpr ApiVersion k_legacy_api{1, 16};

void check_legacy_api(const HostId& host, const Observed& seen, std::vector<Finding>& out) {
  if (seen.api_min <= k_legacy_api) return;
  out.push_back({host,
                 Level::fail,
                 fmt::format("Docker refuses API {}", k_legacy_api.text()),
                 fmt::format("calicoctl v0.22.0 speaks Docker API {} only; this engine, {}, "
                             "serves {} to {}",
                             k_legacy_api.text(),
                             seen.version,
                             seen.api_min.text(),
                             seen.api.text()),
                 "Docker up to 24 serves it; 25 does with Environment=DOCKER_MIN_API_VERSION=1.12 "
                 "under [Service] in /etc/systemd/system/docker.service.d/mrc-api.conf, then "
                 "systemctl daemon-reload && systemctl restart docker; 26 and newer do not start "
                 "with that: install an older engine"});
}

/// A name that stands for one image here and another there.
void check_same_image(const topology::Topology& topology,
                      const std::map<HostId, Observed>& seen,
                      std::vector<Finding>& out) {
  const HostId* first = nullptr;
  for (const auto& host : topology.hosts) {
    const auto& id = seen.at(host.id).image_id;
    if (id.empty()) continue;
    if (first == nullptr) first = &host.id;
    const auto& other = seen.at(*first).image_id;
    if (id == other) continue;
    out.push_back(
        {host.id,
         Level::warn,
         fmt::format("{} is another image than on {}", topology.mysql.image.value, *first),
         fmt::format("{} here, {} there", id.substr(0, 19), other.substr(0, 19)),
         "docker pull it on all hosts, or name it by its digest"});
  }
}

}  // namespace

std::vector<Finding> findings(const topology::Topology& topology,
                              const std::map<HostId, Observed>& seen) {
  const bool legacy = topology.calico.version.starts_with("v0.");
  std::vector<Finding> out;
  for (const auto& host : topology.hosts) {
    const auto& one = seen.at(host.id);
    switch (one.engine) {
      case Observed::Engine::absent:
        out.push_back({host.id,
                       Level::fail,
                       "Docker is not installed",
                       "there is no command docker",
                       "install Docker Engine there: mrc uses it as it is and never installs it"});
        break;
      case Observed::Engine::down:
        out.push_back({host.id,
                       Level::fail,
                       "Docker does not answer",
                       one.reason,
                       "start it (systemctl start docker) and look at: journalctl -u docker"});
        break;
      case Observed::Engine::up:
        if (legacy) check_legacy_api(host.id, one, out);
        break;
    }
  }
  check_same_image(topology, seen, out);
  return out;
}

}  // namespace mrc::systems::docker
