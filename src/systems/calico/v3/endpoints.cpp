#include <algorithm>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/v3/parts.hpp"
#include "systems/calico/v3/scripts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::DiffLine;
using plan::Step;

struct EndpointDifference : Difference {
  bool cuts = false;  ///< mending it takes the interface away for a while
};

std::string joined(const std::vector<std::string>& list) {
  return fmt::format("{}", fmt::join(list, ","));
}

/// An endpoint that is the container's and has the address.
void compare_attached(const Desired& want,
                      const HostWant& host,
                      const ServerWant& server,
                      const Endpoint& endpoint,
                      const Reading& seen,
                      EndpointDifference& out) {
  const auto& now = seen.host(host.id);
  const auto& container = now.servers.at(server.id);
  const auto wanted = server.address.text() + "/32";
  if (endpoint.node != now.node_name()) {
    out.cuts = true;
    out.add(fmt::format("the endpoint is on the node {}", endpoint.node),
            {Change::update, "node", endpoint.node, now.node_name()});
  }
  if (endpoint.inside != k_interface) {
    out.cuts = true;
    out.add(fmt::format("the endpoint is on the interface {}", endpoint.inside),
            {Change::update, "interface", endpoint.inside, std::string(k_interface)});
  } else if (!container.addresses.contains(wanted)) {
    out.add("the container has lost the interface",
            {Change::create, std::string(k_interface), "", wanted});
  } else if (container.route != endpoint.interface) {
    out.cuts = true;
    out.add("the host has no route to the container",
            {container.route.empty() ? Change::create : Change::update,
             "route",
             container.route,
             endpoint.interface});
  }
  if (endpoint.profiles != std::vector<std::string>{want.profile}) {
    out.cuts = true;
    const auto profiles = joined(endpoint.profiles);
    out.add(fmt::format("it has the profiles '{}'", profiles),
            {Change::update, "profiles", profiles, want.profile});
  }
  const auto& made = seen.made_on(host.id).endpoints;
  const auto record = made.find(server.id);
  if (record == made.end() || record->second.container != container.container ||
      record->second.node != now.node_name()) {
    out.add("mrc's record does not have it",
            {Change::create, "record", "", container.container.substr(0, 12)});
  }
}

/// The server's connections do not live through the step: it is out of reach, or is so meanwhile.
bool breaks(const EndpointDifference& now) {
  return std::any_of(now.diff.begin(), now.diff.end(), [](const plan::DiffLine& line) {
    return line.field != "record";
  });
}

/// How the server's endpoint differs.
EndpointDifference difference(const Desired& want,
                              const HostWant& host,
                              const ServerWant& server,
                              const Reading& seen) {
  const auto& now = seen.host(host.id);
  const auto address = server.address.text();
  EndpointDifference out;
  const auto anew = [&](std::string why) {
    out.add(std::move(why), {Change::create, "address", "", address});
    out.diff.push_back({Change::create, "profile", "", want.profile});
    return out;
  };
  if (!now.docker_up) return anew("what runs is not known: Docker does not answer");
  const auto found = now.servers.find(server.id);
  if (found == now.servers.end() || found->second.container.empty()) {
    return anew("there is no container yet");
  }
  const auto& container = found->second;
  if (!container.running) return anew("the container does not run");
  if (!seen.cluster) return anew(std::string(k_unknown));
  const auto* endpoint = seen.cluster->find_by_address(address);
  if (endpoint == nullptr) {
    endpoint = seen.cluster->find_by_container(now.node_name(), container.container);
    if (endpoint == nullptr) return anew("no endpoint has the address");
    out.cuts = true;
    out.add("it has another address",
            {Change::update, "address", joined(endpoint->addresses), address});
    return out;
  }
  if (endpoint->container != container.container) {
    const auto earlier = endpoint->container.substr(0, 12);
    out.add(fmt::format("the endpoint is that of an earlier container, {}", earlier),
            {Change::update, "container", earlier, container.container.substr(0, 12)});
    return out;
  }
  if (seen.losing.contains(server.id)) return anew("its container is replaced");
  compare_attached(want, host, server, *endpoint, seen, out);
  return out;
}

Step endpoint_step(const Desired& want,
                   const HostWant& host,
                   const ServerWant& server,
                   EndpointDifference now,
                   const Reading& seen) {
  const auto address = server.address.text();
  Step step;
  step.id = StepId(fmt::format("calico/{}/endpoint", server.id));
  step.host = host.id;
  step.title = fmt::format("give {} its address {}", server.id, address);
  if (now.diff.front().change != Change::create || now.diff.front().field != "address") {
    step.title = fmt::format("put the endpoint of {} right", server.id);
    step.change = Change::update;
  }
  if (breaks(now)) step.undoes = {milestone::server_ready(server.id)};
  step.reason = std::move(now.reason);
  step.diff = std::move(now.diff);
  step.goal = fmt::format("address {}, profile {}, mtu {}", address, want.profile, want.mtu);
  if (now.cuts) {
    step.risk = plan::Risk::disruptive;
    step.impact = fmt::format("{} cannot be reached, some 5 s", server.id);
  }
  std::vector<std::string> owned;
  const auto own =
      [&](const std::string& node, const std::string& container, const std::string& profile) {
        owned.insert(owned.end(), {node, container, profile});
      };
  for (const auto& one : seen.attached(server.id)) own(one.node, one.container, one.profile);
  const auto foreign = foreign_holder(server, seen.host(host.id), seen);
  if (foreign && want.adopt && !foreign->container.empty()) {
    own(foreign->node, foreign->container, foreign->profile);
    step.risk = plan::Risk::disruptive;
    step.impact = fmt::format("{} loses the address, for good", foreign->who);
  }
  step.apply = make_script(want);
  step.apply.line(
      "mrc_calico3_endpoint {} {} {} {}", server.id, address, want.profile, shell::words(owned));
  // The profile must exist before the endpoint: else the CNI program makes one of its own. The
  // address may hang on another host still, or on one that is given up.
  step.needs = {milestone::host_ready(host.id),
                milestone::etcd_healthy(),
                milestone::profile_open(),
                milestone::network_ready(host.id),
                milestone::container_running(server.id),
                milestone::endpoint_gone(server.id)};
  for (const auto& [forgotten, ip] : seen.forgotten) {
    step.needs.push_back(milestone::host_emptied(forgotten));
  }
  step.gives = {milestone::endpoint_ready(server.id)};
  step.timeout = std::chrono::seconds(300);
  return step;
}

}  // namespace

std::string endpoint_difference(const Desired& want,
                                const HostWant& host,
                                const ServerWant& server,
                                const Reading& seen) {
  return difference(want, host, server, seen).reason;
}

std::optional<Holder> foreign_holder(const ServerWant& server,
                                     const HostSeen& on,
                                     const Reading& seen) {
  if (!seen.cluster) return {};
  const auto address = server.address.text();
  std::set<std::string> ours;
  for (const auto& one : seen.attached(server.id)) ours.insert(one.container);
  const auto found = on.servers.find(server.id);
  if (found != on.servers.end()) ours.insert(found->second.container);
  if (const auto* endpoint = seen.cluster->find_by_address(address)) {
    if (ours.contains(endpoint->container)) return {};
    return Holder{
        fmt::format("the container {} on {}", endpoint->container.substr(0, 12), endpoint->node),
        endpoint->container,
        endpoint->node,
        endpoint->profiles.empty() ? "" : endpoint->profiles.front()};
  }
  const auto assigned = seen.cluster->assigned.find(address);
  if (assigned == seen.cluster->assigned.end()) return {};
  const auto& handle = assigned->second;
  const auto dot = handle.rfind('.');
  if (dot != std::string::npos && ours.contains(handle.substr(dot + 1))) return {};
  return Holder{handle.empty() ? "somebody in Calico's IPAM" : handle, "", "", ""};
}

std::vector<Step> endpoint_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> all;
  for (const auto* host : want.nodes()) {
    for (const auto& server : host->servers) {
      auto now = difference(want, *host, server, seen);
      if (!now.reason.empty()) {
        all.push_back(endpoint_step(want, *host, server, std::move(now), seen));
      }
    }
  }
  return all;
}

}  // namespace mrc::systems::calico::v3
