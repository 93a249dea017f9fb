#include <algorithm>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/v0/parts.hpp"
#include "systems/calico/v0/scripts.hpp"

namespace mrc::systems::calico::v0 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;

const ServerSeen* server_seen(const ServerWant& server, const HostSeen& host) {
  const auto found = host.servers.find(server.id);
  return found == host.servers.end() || found->second.container.empty() ? nullptr : &found->second;
}

/// Why the server's endpoint is not as wanted; empty: it is.
std::string difference(const Desired& want,
                       const HostWant& host,
                       const ServerWant& server,
                       const Reading& seen) {
  const auto& now = seen.host(host.id);
  const auto address = server.address.text();
  if (!now.docker_up) return "what runs is not known: Docker does not answer";
  const auto* container = server_seen(server, now);
  if (container == nullptr) return "there is no container yet";
  if (!container->running) return "the container does not run";
  if (!seen.cluster) return "etcd does not answer yet: what it holds is looked at then";
  const auto* endpoint = seen.cluster->find_by_address(address);
  if (endpoint == nullptr) return "no endpoint has the address";
  if (endpoint->workload != container->container) {
    return fmt::format("the endpoint is that of an earlier container, {}",
                       endpoint->workload.substr(0, 12));
  }
  if (endpoint->host != now.kernel_name) {
    return fmt::format("the endpoint is on the host {}", endpoint->host);
  }
  if (seen.losing.contains(server.id)) return "its container is replaced";
  if (!container->addresses.contains(address + "/32")) {
    return "the container has lost the interface";
  }
  if (container->route != endpoint->interface) return "the host has no route to the container";
  if (endpoint->profiles != std::vector<std::string>{want.profile}) {
    return fmt::format("it has the profiles '{}'", fmt::join(endpoint->profiles, ","));
  }
  const auto& made = seen.made_on(host.id).endpoints;
  const auto record = made.find(server.id);
  if (record == made.end() || record->second.container != container->container) {
    return "mrc's record does not have it";
  }
  return {};
}

}  // namespace

std::string endpoint_difference(const Desired& want,
                                const HostWant& host,
                                const ServerWant& server,
                                const Reading& seen) {
  return difference(want, host, server, seen);
}

const Endpoint* foreign_holder(const ServerWant& server, const HostSeen& on, const Reading& seen) {
  if (!seen.cluster) return nullptr;
  const auto* endpoint = seen.cluster->find_by_address(server.address.text());
  if (endpoint == nullptr) return nullptr;
  const auto* container = server_seen(server, on);
  const bool ours = seen.attached_ids(server.id).contains(endpoint->workload) ||
                    (container != nullptr && container->container == endpoint->workload);
  return ours ? nullptr : endpoint;
}

std::vector<Step> endpoint_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> all;
  for (const auto* host : want.nodes()) {
    for (const auto& server : host->servers) {
      auto reason = difference(want, *host, server, seen);
      if (reason.empty()) continue;
      Step step;
      step.id = StepId(fmt::format("calico/{}/endpoint", server.id));
      step.host = host->id;
      step.title = fmt::format("give {} its address {}", server.id, server.address);
      step.reason = std::move(reason);
      step.diff = {{Change::create, "address", "", server.address.text()},
                   {Change::create, "profile", "", want.profile}};
      const auto ids = seen.attached_ids(server.id);
      step.apply = make_script(want);
      step.apply.line("mrc_calico_endpoint {} {} {} {}",
                      server.id,
                      server.address.text(),
                      want.profile,
                      shell::words({ids.begin(), ids.end()}));
      // The profile must exist before it is set on an endpoint.
      step.needs = {milestone::host_ready(host->id),
                    milestone::etcd_healthy(),
                    milestone::profile_open(),
                    milestone::network_ready(host->id),
                    milestone::container_running(server.id)};
      step.gives = {milestone::endpoint_ready(server.id)};
      step.timeout = std::chrono::seconds(240);
      all.push_back(std::move(step));
    }
  }
  return all;
}

}  // namespace mrc::systems::calico::v0
