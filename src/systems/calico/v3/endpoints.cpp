#include <algorithm>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/joining.hpp"
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
  bool joins =
      false;  ///< its profiles have another name now: it gets the new one beside them first
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
    auto line = profiles_line(endpoint.profiles, want.profile);
    out.add(fmt::format("it has the profiles '{}'", line.before), line);
    out.joins = leaves_profile(want, endpoint.profiles, seen);
  }
  const auto& made = seen.made_on(host.id).endpoints;
  const auto record = made.find(server.id);
  if (record == made.end() || record->second.container != container.container ||
      record->second.node != now.node_name()) {
    out.add("mrc's record does not have it",
            {Change::create, "record", "", container.container.substr(0, 12)});
  }
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
  if (seen.losing.contains(server.id)) {
    out.joins = leaves_profile(want, endpoint->profiles, seen);
    return anew("its container is replaced");
  }
  compare_attached(want, host, server, *endpoint, seen, out);
  return out;
}

Step make_join(const Desired& want,
               const HostWant& host,
               const ServerWant& server,
               const Endpoint& endpoint) {
  auto step = join_step(host.id, server.id, want.profile, endpoint.profiles);
  step.apply = make_script(want);
  step.apply.line(
      "mrc_calico3_profiles {} {}", server.id, shell::words(both(want.profile, endpoint.profiles)));
  return step;
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
  if (breaks(now.diff, now.joins)) step.undoes = {milestone::server_ready(server.id)};
  step.reason = std::move(now.reason);
  step.diff = std::move(now.diff);
  step.goal = fmt::format("address {}, profile {}, mtu {}", address, want.profile, want.mtu);
  if (now.cuts) {
    step.risk = plan::Risk::disruptive;
    step.impact = fmt::format("{} cannot be reached, some 5 s", server.id);
  }
  std::vector<std::string> owned;
  const auto own =
      [&](const std::string& node, const std::string& container, const std::string& network) {
        owned.insert(owned.end(), {node, container, network});
      };
  for (const auto& one : seen.attached(server.id)) own(one.node, one.container, one.network);
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
  // "vxlan-tunnel-addr-NODE", "ipip-tunnel-addr-NODE"
  constexpr std::string_view k_tunnel = "-tunnel-addr-";
  if (const auto at = handle.find(k_tunnel); at != std::string::npos) {
    const auto node = handle.substr(at + k_tunnel.size());
    return Holder{fmt::format("the end of {}'s tunnel", node), "", node, "", true};
  }
  return Holder{handle.empty() ? "somebody in Calico's IPAM" : handle, "", "", ""};
}

std::vector<Step> endpoint_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> joins;
  std::vector<Step> endpoints;
  for (const auto* host : want.nodes()) {
    for (const auto& server : host->servers) {
      auto now = difference(want, *host, server, seen);
      if (now.reason.empty()) continue;
      if (now.joins) {
        joins.push_back(
            make_join(want, *host, server, *seen.cluster->find_by_address(server.address.text())));
      }
      endpoints.push_back(endpoint_step(want, *host, server, std::move(now), seen));
    }
  }
  return joined_first(std::move(joins), std::move(endpoints));
}

}  // namespace mrc::systems::calico::v3
