#include "mrc/plan/milestone.hpp"
#include "systems/calico/passages.hpp"
#include "systems/calico/v0/parts.hpp"
#include "systems/calico/v0/scripts.hpp"

namespace mrc::systems::calico::v0 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;

std::string value_of(const NodeContainer& one, const char* name) {
  const auto found = one.env.find(name);
  return found == one.env.end() ? std::string() : found->second;
}

/// What is wrong with one of the two containers.
void compare(const Desired& want,
             const HostWant& host,
             const Reading& seen,
             const std::string& name,
             const std::optional<NodeContainer>& one,
             const std::string& image,
             Difference& out) {
  if (!one) {
    out.add(name + " is not there", {Change::create, name, "", image});
    return;
  }
  const auto& made = seen.made_on(host.id);
  const auto differs = [&](std::string why,
                           const std::string& what,
                           const std::string& before,
                           const std::string& after) {
    out.add(fmt::format("{} {}", name, why),
            {Change::update, fmt::format("{} {}", name, what), before, after});
  };
  if (!one->running) differs("does not run", "state", "stopped", "running");
  if (one->image != image) differs("has the image " + one->image, "image", one->image, image);
  if (one->restart != "always") {
    differs("would not start again by itself", "restart policy", one->restart, "always");
  }
  const auto env = [&](const char* key, const std::string& wanted, std::string why) {
    const auto now = value_of(*one, key);
    if (now != wanted) differs(std::move(why), key, now, wanted);
  };
  env("HOSTNAME", seen.host(host.id).kernel_name, "goes by another host name");
  if (made.node && !made.inherited_node) {
    env("ETCD_ENDPOINTS", want.endpoints, "has other etcd endpoints");
  } else if (!same_etcd(want, host, *one)) {
    differs("has other etcd endpoints",
            "ETCD_ENDPOINTS",
            value_of(*one, "ETCD_ENDPOINTS"),
            want.endpoints);
  }
  if (name == "calico-node") env("IP", host.ip.text(), "has another address");
}

/// Ours, and nobody else's: another deployment here may have networks of it.
bool has_unwanted_libnetwork(const HostId& host, const Reading& seen) {
  const auto& made = seen.made_on(host);
  return seen.host(host).libnetwork && made.libnetwork && !made.inherited_libnetwork &&
         !seen.others.contains(host);
}

std::vector<plan::Passage> passages(const Desired& want, const HostWant& host) {
  std::vector<NodePlace> nodes;
  std::vector<NodePlace> hosts;
  for (const auto& one : want.hosts) {
    hosts.push_back({one.id, one.ip});
    if (one.has_node()) nodes.push_back(hosts.back());
  }
  const auto carriage = want.ipip ? Carriage::ipip : Carriage::routed;
  return node_passages({host.id, host.ip}, nodes, hosts, want.endpoints, carriage);
}

}  // namespace

bool same_etcd(const Desired& want, const HostWant& host, const NodeContainer& node) {
  auto endpoints = value_of(node, "ETCD_ENDPOINTS");
  const auto authority = value_of(node, "ETCD_AUTHORITY");
  const auto all = want.endpoints + ",";
  if (!endpoints.empty()) {
    // Members come and go; one in common makes it the same cluster.
    while (!endpoints.empty()) {
      const auto comma = endpoints.find(',');
      if (all.find(endpoints.substr(0, comma) + ",") != std::string::npos) return true;
      endpoints.erase(0, comma == std::string::npos ? comma : comma + 1);
    }
    return false;
  }
  const bool local = authority.empty() || authority.starts_with("127.0.0.1:") ||
                     authority.starts_with("localhost:");
  if (local) return host.etcd_member;
  return all.find("//" + authority + ",") != std::string::npos;
}

Difference node_difference(const Desired& want, const HostWant& host, const Reading& seen) {
  const auto& now = seen.host(host.id);
  Difference out;
  if (!now.docker_up) {
    out.add("what runs is not known: Docker does not answer",
            {Change::create, "calico-node", "", want.node_image});
    return out;
  }
  compare(want, host, seen, "calico-node", now.node, want.node_image, out);
  if (!want.libnetwork_image.empty()) {
    compare(want, host, seen, "calico-libnetwork", now.libnetwork, want.libnetwork_image, out);
  } else if (has_unwanted_libnetwork(host.id, seen)) {
    out.add("the file wants no libnetwork",
            {Change::remove, "calico-libnetwork", now.libnetwork->image, ""});
  }
  if (!seen.cluster) return out;
  for (const auto& name : seen.former_names(host)) {
    out.add(fmt::format("etcd has this host as {}", name),
            {Change::remove, "node in etcd", name, ""});
  }
  const auto ip = host.ip.text();
  const auto wanted = fmt::format("{} {}", now.kernel_name, ip);
  const auto known = seen.cluster->nodes.find(now.kernel_name);
  if (known == seen.cluster->nodes.end()) {
    out.add(fmt::format("etcd does not know the node {}", now.kernel_name),
            {Change::create, "node in etcd", "", wanted});
  } else if (known->second != ip) {
    out.add(fmt::format("etcd has it with the address {}", known->second),
            {Change::update,
             "node in etcd",
             fmt::format("{} {}", known->first, known->second),
             wanted});
  }
  return out;
}

std::optional<plan::Step> node_step(const Desired& want,
                                    const HostWant& host,
                                    const Reading& seen) {
  const auto& now = seen.host(host.id);
  auto difference = node_difference(want, host, seen);
  if (difference.reason.empty()) {
    if (seen.cluster || !seen.made_on(host.id).node) return {};
    difference.add(std::string(k_unknown),
                   {Change::run, "calico-node", "", "as it is, if etcd knows it"});
  }
  plan::Step step;
  step.id = host_step(host.id, "node");
  step.host = host.id;
  step.title = "start the Calico node";
  step.reason = std::move(difference.reason);
  step.diff = std::move(difference.diff);
  step.goal = fmt::format("address {}, etcd {}, image {}, libnetwork {}",
                          host.ip,
                          want.endpoints,
                          want.node_image,
                          want.libnetwork_image);
  const auto& lines = step.diff;
  if (now.node && lines.size() == 1 && lines.front().change == Change::remove &&
      lines.front().field == "calico-libnetwork") {
    step.title = "remove calico-libnetwork";
    step.change = Change::update;
  } else if (now.node) {
    step.title = "start the Calico node anew";
    step.change = Change::replace;
    if (now.node->running && seen.cluster) {
      step.risk = plan::Risk::disruptive;
      step.impact = fmt::format(
          "Felix and BIRD of {} start anew: traffic goes on, new routes and rules wait, some 10 s",
          host.id);
    }
  }
  step.apply = make_script(want);
  step.apply.line(
      "mrc_calico_node {} {} {}", host.ip.text(), want.node_image, want.libnetwork_image);
  step.needs = {milestone::host_ready(host.id), milestone::etcd_healthy()};
  step.passages = passages(want, host);
  step.timeout = std::chrono::seconds(420);
  return step;
}

}  // namespace mrc::systems::calico::v0
