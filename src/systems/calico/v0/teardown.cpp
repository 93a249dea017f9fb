#include "mrc/plan/milestone.hpp"
#include "systems/calico/v0/parts.hpp"
#include "systems/calico/v0/scripts.hpp"

namespace mrc::systems::calico::v0 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;
using std::chrono::seconds;

Step make_step(StepId id, const HostId& host, std::string title, const Desired& want) {
  Step step;
  step.id = std::move(id);
  step.host = host;
  step.title = std::move(title);
  step.change = Change::remove;
  step.apply = gone_script(want);
  return step;
}

Step endpoint_step(const Desired& want,
                   const HostId& host,
                   const ServerId& server,
                   const Made::Attached& made) {
  auto step = make_step(StepId(fmt::format("calico/{}/{}/endpoint-remove", host, server)),
                        host,
                        fmt::format("take the address {} from {}", made.address, server),
                        want);
  step.diff = {{Change::remove, "address", made.address, ""}};
  step.apply.line("mrc_calico_endpoint_gone {} {} {}", server, made.address, made.container);
  step.needs = {milestone::exposure_gone(server)};
  step.gives = {milestone::endpoint_gone(server)};
  step.risk = plan::Risk::disruptive;
  step.timeout = seconds(240);
  return step;
}

Step node_step(const Desired& want, const HostId& host, const Made& made) {
  auto step = make_step(
      StepId(fmt::format("calico/{}/node-remove", host)), host, "remove the Calico node", want);
  if (made.node) step.diff.push_back({Change::remove, "calico-node", want.node_image, ""});
  step.apply.line("mrc_calico_node_gone {}", want.node_image);
  for (const auto& image : made.images) {
    step.diff.push_back({Change::remove, "image", image, ""});
    step.apply.line("mrc_calico_image_gone {}", image);
  }
  std::vector<std::string> words;
  for (const auto& [name, value] : made.sysctls) {
    words.push_back(name);
    words.push_back(value);
  }
  step.apply.line("mrc_calico_sysctl_gone {}", shell::words(words))
      .line("mrc_calico_paths_gone {}", shell::words(made.absent_paths));
  for (const auto& [server, attached] : made.endpoints) {
    step.needs.push_back(milestone::endpoint_gone(server));
  }
  step.gives = {milestone::network_gone(host)};
  step.risk = plan::Risk::disruptive;
  step.timeout = seconds(300);
  return step;
}

Step cluster_step(const Desired& want, const HostId& host, const Made& made) {
  auto step = make_step(StepId(fmt::format("calico/{}/cluster-remove", host)),
                        host,
                        "remove the profile and the address pool",
                        want);
  const auto profile = made.profile.value_or("");
  const auto pool = made.pool.value_or("");
  if (made.profile) step.diff.push_back({Change::remove, "profile", profile, ""});
  if (made.pool) step.diff.push_back({Change::remove, "pool", pool, ""});
  step.apply.line("mrc_calico_cluster_gone {} {}", profile, pool);
  step.gives = {milestone::network_gone(host)};
  step.timeout = seconds(240);
  return step;
}

Step binary_step(const Desired& want, const HostId& host, const std::string& sha256) {
  auto step = make_step(
      StepId(fmt::format("calico/{}/calicoctl-remove", host)), host, "remove calicoctl", want);
  step.diff = {{Change::remove, "/usr/local/bin/calicoctl", "sha256 " + sha256.substr(0, 12), ""}};
  step.apply.line("mrc_calico_binary_gone {}", sha256);
  step.gives = {milestone::network_gone(host)};
  return step;
}

}  // namespace

std::vector<Step> teardown_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> all;
  std::map<HostId, std::vector<StepId>> on_host;  // what a host's calicoctl must outlive
  std::vector<StepId> before_cluster;
  const auto push = [&](Step step, bool cluster_waits) {
    on_host[step.host].push_back(step.id);
    if (cluster_waits) before_cluster.push_back(step.id);
    all.push_back(std::move(step));
  };
  for (const auto& host : want.hosts) {
    for (const auto& [server, attached] : seen.made_on(host.id).endpoints) {
      push(endpoint_step(want, host.id, server, attached), true);
    }
  }
  for (const auto& host : want.hosts) {
    const auto& made = seen.made_on(host.id);
    if (!made.host_things()) continue;
    auto step = node_step(want, host.id, made);
    step.after = on_host[host.id];
    push(std::move(step), true);
  }
  for (const auto& host : want.hosts) {
    const auto& made = seen.made_on(host.id);
    if (!made.cluster_things()) continue;
    auto step = cluster_step(want, host.id, made);
    step.after = before_cluster;
    push(std::move(step), false);
  }
  for (const auto& host : want.hosts) {
    const auto& made = seen.made_on(host.id);
    if (!made.calicoctl_sha256) continue;
    auto step = binary_step(want, host.id, *made.calicoctl_sha256);
    step.after = on_host[host.id];
    push(std::move(step), false);
  }
  return all;
}

}  // namespace mrc::systems::calico::v0
