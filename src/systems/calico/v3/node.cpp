#include <algorithm>
#include <array>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/passages.hpp"
#include "systems/calico/v3/parts.hpp"
#include "systems/calico/v3/scripts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;

std::string value_of(const NodeContainer& one, const char* name) {
  const auto found = one.env.find(name);
  return found == one.env.end() ? std::string() : found->second;
}

/// What is wrong with the container.
void compare(const Desired& want, const HostWant& host, const Reading& seen, Difference& out) {
  const auto& one = seen.host(host.id).node;
  if (!one) {
    out.add("calico-node is not there", {Change::create, "calico-node", "", want.node_image});
    return;
  }
  const auto& made = seen.made_on(host.id);
  const bool ours = made.node && !made.inherited_node;
  const auto differs = [&](std::string why,
                           const std::string& what,
                           const std::string& before,
                           const std::string& after) {
    out.add("calico-node " + std::move(why),
            {Change::update, "calico-node " + what, before, after});
  };
  if (!one->running) differs("does not run", "state", "stopped", "running");
  if (one->image != want.node_image) {
    differs("has the image " + one->image, "image", one->image, want.node_image);
  }
  if (one->restart != "always") {
    differs("would not start again by itself", "restart policy", one->restart, "always");
  }
  const auto env = [&](const char* key, const std::string& wanted, std::string why) {
    const auto now = value_of(*one, key);
    if (now != wanted) differs(std::move(why), key, now, wanted);
  };
  env("NODENAME", seen.host(host.id).node_name(), "goes by another name");
  env("IP", host.ip.text(), "has another address");
  if (ours) {
    env("ETCD_ENDPOINTS", want.endpoints, "has other etcd endpoints");
    env("NO_DEFAULT_POOLS", "true", "makes pools of its own");
    env("CALICO_MANAGE_CNI", "false", "expects Kubernetes");
    env("CALICO_NETWORKING_BACKEND", "bird", "has another backend");
  } else if (!same_etcd(want, *one)) {
    differs("has other etcd endpoints",
            "ETCD_ENDPOINTS",
            value_of(*one, "ETCD_ENDPOINTS"),
            want.endpoints);
  }
}

}  // namespace

bool same_etcd(const Desired& want, const NodeContainer& node) {
  auto endpoints = value_of(node, "ETCD_ENDPOINTS") + ",";
  const auto all = "," + want.endpoints + ",";
  // Members come and go; one in common makes it the same cluster.
  while (endpoints.size() > 1) {
    const auto comma = endpoints.find(',');
    if (all.find("," + endpoints.substr(0, comma) + ",") != std::string::npos) return true;
    endpoints.erase(0, comma + 1);
  }
  return false;
}

Difference node_difference(const Desired& want, const HostWant& host, const Reading& seen) {
  const auto& now = seen.host(host.id);
  Difference out;
  if (!now.docker_up) {
    out.add("what runs is not known: Docker does not answer",
            {Change::create, "calico-node", "", want.node_image});
    return out;
  }
  compare(want, host, seen, out);
  const auto name = now.node_name();
  if (now.node && now.nodename != name) {
    out.add("the node has not told its name on this host",
            {Change::update, "/var/lib/calico/nodename", now.nodename.value_or(""), name});
  }
  if (!seen.cluster) return out;
  for (const auto& former : seen.former_names(host)) {
    out.add(fmt::format("etcd has this host as {}", former),
            {Change::remove, "node in etcd", former, ""});
  }
  const auto ip = host.ip.text();
  const auto wanted = fmt::format("{} {}", name, ip);
  const auto known = seen.cluster->nodes.find(name);
  if (known == seen.cluster->nodes.end()) {
    out.add(fmt::format("etcd does not know the node {}", name),
            {Change::create, "node in etcd", "", wanted});
  } else if (known->second != ip) {
    out.add(fmt::format("etcd has it with the address '{}'", known->second),
            {Change::update,
             "node in etcd",
             fmt::format("{} {}", known->first, known->second),
             wanted});
  }
  return out;
}

std::vector<plan::Passage> passages(const Desired& want,
                                    const HostWant& host,
                                    const Reading& seen) {
  std::vector<NodePlace> nodes;
  std::vector<NodePlace> hosts;
  for (const auto& one : want.hosts) {
    hosts.push_back({one.id, one.ip});
    if (one.has_node()) nodes.push_back(hosts.back());
  }
  const auto carriage = want.pool.vxlan != "Never"  ? Carriage::vxlan
                        : want.pool.ipip != "Never" ? Carriage::ipip
                                                    : Carriage::routed;
  auto ways = node_passages({host.id, host.ip}, nodes, hosts, want.endpoints, carriage);
  if (want.pool.vxlan == "CrossSubnet" || want.pool.ipip == "CrossSubnet") {
    std::erase_if(ways, [&](const plan::Passage& one) {
      return one.protocol != plan::Passage::Protocol::tcp &&
             !seen.host(one.from).routers.contains(one.address);
    });
  }
  return ways;
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
  step.goal =
      fmt::format("address {}, etcd {}, image {}", host.ip, want.endpoints, want.node_image);
  if (now.node) {
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
  step.apply.line("mrc_calico3_node {} {}", host.ip.text(), want.node_image);
  step.needs = {milestone::host_ready(host.id), milestone::etcd_healthy()};
  step.passages = passages(want, host, seen);
  step.timeout = std::chrono::seconds(480);
  return step;
}

}  // namespace mrc::systems::calico::v3
