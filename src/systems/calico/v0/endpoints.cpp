#include <algorithm>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/v0/parts.hpp"
#include "systems/calico/v0/scripts.hpp"

namespace mrc::systems::calico::v0 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::DiffLine;
using plan::Step;

const ServerSeen* server_seen(const ServerWant& server, const HostSeen& host) {
  const auto found = host.servers.find(server.id);
  return found == host.servers.end() || found->second.container.empty() ? nullptr : &found->second;
}

struct EndpointDifference : Difference {
  bool cuts = false;  ///< mending it takes the interface away for a while
  bool joins =
      false;  ///< its profiles have another name now: it gets the new one beside them first
};

/// The server's connections do not live through the step: it is out of reach, or is so meanwhile.
bool breaks(const EndpointDifference& now) {
  return std::any_of(now.diff.begin(), now.diff.end(), [&](const DiffLine& line) {
    return line.field != "record" && !(now.joins && line.field == "profiles");
  });
}

/// The endpoint's profiles were all made by mrc, and none is the wanted one.
bool leaves_profile(const Desired& want, const Endpoint& endpoint, const Reading& seen) {
  return !endpoint.profiles.empty() &&
         std::all_of(endpoint.profiles.begin(), endpoint.profiles.end(), [&](const auto& one) {
           return one != want.profile && seen.made_profile(one);
         });
}

DiffLine profiles_line(const Desired& want, const Endpoint& endpoint) {
  return {Change::update,
          "profiles",
          fmt::format("{}", fmt::join(endpoint.profiles, ",")),
          want.profile};
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
  if (endpoint.host != now.kernel_name) {
    out.cuts = true;
    out.add(fmt::format("the endpoint is on the host {}", endpoint.host),
            {Change::update, "host", endpoint.host, now.kernel_name});
  }
  if (!container.addresses.contains(wanted)) {
    out.add("the container has lost the interface", {Change::create, "eth1", "", wanted});
  } else if (container.route != endpoint.interface) {
    out.add("the host has no route to the container",
            {container.route.empty() ? Change::create : Change::update,
             "route",
             container.route,
             endpoint.interface});
  }
  if (endpoint.profiles != std::vector<std::string>{want.profile}) {
    auto line = profiles_line(want, endpoint);
    out.add(fmt::format("it has the profiles '{}'", line.before), line);
    out.joins = leaves_profile(want, endpoint, seen);
  }
  const auto& made = seen.made_on(host.id).endpoints;
  const auto record = made.find(server.id);
  if (record == made.end() || record->second.container != container.container) {
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
  const auto* container = server_seen(server, now);
  if (container == nullptr) return anew("there is no container yet");
  if (!container->running) return anew("the container does not run");
  if (!seen.cluster) return anew(std::string(k_unknown));
  const auto* endpoint = seen.cluster->find_by_address(address);
  if (endpoint == nullptr) {
    endpoint = seen.cluster->find_by_workload(now.kernel_name, container->container);
    if (endpoint == nullptr) return anew("no endpoint has the address");
    out.cuts = true;
    out.add("it has another address",
            {Change::update,
             "address",
             fmt::format("{}", fmt::join(endpoint->addresses, ",")),
             address});
    if (endpoint->profiles != std::vector<std::string>{want.profile}) {
      out.diff.push_back(profiles_line(want, *endpoint));
    }
    return out;
  }
  if (endpoint->workload != container->container) {
    const auto earlier = endpoint->workload.substr(0, 12);
    out.add(fmt::format("the endpoint is that of an earlier container, {}", earlier),
            {Change::update, "container", earlier, container->container.substr(0, 12)});
    return out;
  }
  if (seen.losing.contains(server.id)) {
    out.joins = leaves_profile(want, *endpoint, seen);
    return anew("its container is replaced");
  }
  compare_attached(want, host, server, *endpoint, seen, out);
  return out;
}

Step make_step(const Desired& want,
               const HostWant& host,
               const ServerWant& server,
               std::string_view what) {
  Step step;
  step.id = StepId(fmt::format("calico/{}/{}", server.id, what));
  step.host = host.id;
  step.apply = make_script(want);
  // The profile must exist before it is set on an endpoint.
  step.needs = {milestone::host_ready(host.id),
                milestone::etcd_healthy(),
                milestone::profile_open(),
                milestone::network_ready(host.id),
                milestone::container_running(server.id)};
  return step;
}

/// The endpoint gets the wanted profile beside those that it has: so it is a member of both, and
/// lets members of both in, while others have only the old ones still or only the new one already.
Step join_step(const Desired& want,
               const HostWant& host,
               const ServerWant& server,
               const Endpoint& endpoint) {
  auto step = make_step(want, host, server, "join");
  step.change = Change::update;
  step.title = fmt::format("put {} into the profile {} as well", server.id, want.profile);
  step.reason = "nobody is cut off while one after the other moves there";
  std::vector<std::string> both{want.profile};
  both.insert(both.end(), endpoint.profiles.begin(), endpoint.profiles.end());
  auto line = profiles_line(want, endpoint);
  line.after = fmt::format("{}", fmt::join(both, ","));
  // It is about the container that runs now: until that is replaced, maybe last of all, the others
  // have to reach it.
  std::erase(step.needs, milestone::container_running(server.id));
  step.gives = {milestone::endpoint_replaceable(server.id)};
  step.diff = {std::move(line)};
  step.goal = line.after;
  step.apply.line(
      "mrc_calico_profiles {} {} {}", server.id, server.address.text(), shell::words(both));
  step.timeout = std::chrono::seconds(120);
  return step;
}

Step endpoint_step(const Desired& want,
                   const HostWant& host,
                   const ServerWant& server,
                   EndpointDifference now,
                   const Reading& seen) {
  const auto address = server.address.text();
  auto step = make_step(want, host, server, "endpoint");
  step.title = fmt::format("give {} its address {}", server.id, address);
  if (now.diff.front().change != Change::create || now.diff.front().field != "address") {
    step.title = fmt::format("put the endpoint of {} right", server.id);
    step.change = Change::update;
  }
  if (breaks(now)) step.undoes = {milestone::server_ready(server.id)};
  step.reason = std::move(now.reason);
  step.diff = std::move(now.diff);
  step.goal = fmt::format("address {}, profile {}", address, want.profile);
  if (now.cuts) {
    step.risk = plan::Risk::disruptive;
    step.impact = fmt::format("{} cannot be reached, some 5 s", server.id);
  }
  auto ids = seen.attached_ids(server.id);
  const auto* foreign = foreign_holder(server, seen.host(host.id), seen);
  if (foreign != nullptr && want.adopt) {
    ids.insert(foreign->workload);
    step.risk = plan::Risk::disruptive;
    step.impact = fmt::format("the container {} on {} loses the address, for good",
                              foreign->workload.substr(0, 12),
                              foreign->host);
  }
  step.apply.line("mrc_calico_endpoint {} {} {} {}",
                  server.id,
                  address,
                  want.profile,
                  shell::words({ids.begin(), ids.end()}));
  // It may hang on another host still, or on one that is given up.
  step.needs.push_back(milestone::endpoint_gone(server.id));
  for (const auto& [forgotten, ip] : seen.forgotten) {
    step.needs.push_back(milestone::host_emptied(forgotten));
  }
  step.gives = {milestone::endpoint_ready(server.id)};
  step.timeout = std::chrono::seconds(240);
  return step;
}

}  // namespace

std::string endpoint_difference(const Desired& want,
                                const HostWant& host,
                                const ServerWant& server,
                                const Reading& seen) {
  return difference(want, host, server, seen).reason;
}

const Endpoint* foreign_holder(const ServerWant& server, const HostSeen& on, const Reading& seen) {
  if (!seen.cluster) return nullptr;
  const auto* endpoint = seen.cluster->find_by_address(server.address.text());
  if (endpoint == nullptr) return nullptr;
  const auto* container = server_seen(server, on);
  const bool ours = seen.attached_ids(server.id).contains(endpoint->workload) ||
                    seen.is_forgotten(endpoint->host) ||
                    (container != nullptr && container->container == endpoint->workload);
  return ours ? nullptr : endpoint;
}

shell::Script restore_script(const Desired& want, const ServerId& id) {
  shell::Script script;
  for (const auto& host : want.hosts) {
    for (const auto& server : host.servers) {
      if (server.id != id) continue;
      script = make_script(want);
      script.line("mrc_calico_restore {} {} {}", id, server.address.text(), want.profile);
    }
  }
  return script;
}

std::vector<Step> endpoint_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> all;
  std::vector<Step> endpoints;
  for (const auto* host : want.nodes()) {
    for (const auto& server : host->servers) {
      auto now = difference(want, *host, server, seen);
      if (now.reason.empty()) continue;
      if (now.joins) {
        all.push_back(
            join_step(want, *host, server, *seen.cluster->find_by_address(server.address.text())));
      }
      endpoints.push_back(endpoint_step(want, *host, server, std::move(now), seen));
    }
  }
  // All have both profiles before the first gives up the old one.
  for (auto& step : endpoints) {
    for (const auto& join : all) step.after.push_back(join.id);
  }
  std::move(endpoints.begin(), endpoints.end(), std::back_inserter(all));
  return all;
}

}  // namespace mrc::systems::calico::v0
