#include "systems/calico/v0/desired.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mrc/base/bug.hpp"

namespace mrc::systems::calico::v0 {
namespace {

/// Where mysqld listens in its container, whatever port the host exposes it at.
constexpr int k_mysql_port = 3306;

std::string etcd_endpoints(const topology::Topology& topology) {
  std::string list;
  const auto add = [&](std::string one) {
    while (one.ends_with('/')) one.pop_back();  // calicoctl refuses a trailing slash
    list += (list.empty() ? "" : ",") + one;
  };
  for (const auto& one : topology.etcd.endpoints) add(one);
  if (topology.etcd.endpoints.empty()) {
    for (const auto& member : topology.etcd.members) {
      add(fmt::format("http://{}:{}", topology.host(*member).ip, topology.etcd.client_port));
    }
  }
  return list;
}

}  // namespace

std::vector<const HostWant*> Desired::nodes() const {
  std::vector<const HostWant*> all;
  for (const auto& one : hosts) {
    if (one.has_node()) all.push_back(&one);
  }
  return all;
}

const HostWant& Desired::host(const HostId& id) const {
  const auto* found = find(id);
  MRC_CHECK(found != nullptr);
  return *found;
}

const HostWant* Desired::find(const HostId& id) const {
  const auto found =
      std::find_if(hosts.begin(), hosts.end(), [&](const HostWant& one) { return one.id == id; });
  return found == hosts.end() ? nullptr : &*found;
}

bool Desired::has(const HostId& host, const ServerId& server) const {
  const auto* one = find(host);
  return one != nullptr && std::any_of(one->servers.begin(),
                                       one->servers.end(),
                                       [&](const ServerWant& want) { return want.id == server; });
}

std::string Desired::pool_options() const {
  std::string options = ipip ? "ipip" : "";
  if (nat_outgoing) options += options.empty() ? "nat-outgoing" : ",nat-outgoing";
  return options;
}

std::string Desired::rules_json() const {
  using Json = nlohmann::json;
  Json inbound = Json::array({Json{{"action", "allow"}, {"src_tag", profile}}});
  if (exposed) {
    inbound.push_back(
        Json{{"action", "allow"}, {"protocol", "tcp"}, {"dst_ports", {k_mysql_port}}});
  }
  return Json{{"inbound_rules", inbound},
              {"outbound_rules", Json::array({Json{{"action", "allow"}}})}}
      .dump();
}

Desired make_desired(const Inputs& inputs) {
  const auto& topology = inputs.topology;
  Desired want;
  want.deployment = topology.name;
  want.endpoints = etcd_endpoints(topology);
  want.own_etcd = topology.etcd.endpoints.empty();
  want.pool = *topology.calico.pool;
  want.nat_outgoing = topology.calico.nat_outgoing;
  want.ipip = topology.calico.ipip;
  want.profile = topology.calico.profile;
  want.node_image = topology.calico.node_image;
  if (topology.calico.libnetwork) want.libnetwork_image = topology.calico.libnetwork_image;
  const auto artefact = inputs.artefacts.find("calicoctl");
  if (artefact != inputs.artefacts.end()) want.calicoctl = artefact->second;
  want.adopt = inputs.adopt;
  for (const auto& host : topology.hosts) {
    HostWant one{host.id, host.ip, false, {}};
    for (const auto* server : topology.servers_on(host.id)) {
      one.servers.push_back({server->id, server->address});
      want.exposed = want.exposed || topology.exposed_port(*server).has_value();
    }
    one.etcd_member =
        std::any_of(topology.etcd.members.begin(),
                    topology.etcd.members.end(),
                    [&](const Located<HostId>& member) { return *member == host.id; });
    want.hosts.push_back(std::move(one));
  }
  return want;
}

}  // namespace mrc::systems::calico::v0
