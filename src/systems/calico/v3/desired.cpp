#include "systems/calico/v3/desired.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "mrc/base/bug.hpp"

namespace mrc::systems::calico::v3 {
namespace {

using Json = nlohmann::json;
using Mode = topology::Calico::Mode;

/// Where mysqld listens in its container, whatever port the host exposes it at.
constexpr int k_mysql_port = 3306;

std::string etcd_endpoints(const topology::Topology& topology) {
  std::string list;
  const auto add = [&](const std::string& one) { list += (list.empty() ? "" : ",") + one; };
  for (const auto& one : topology.etcd.endpoints) add(one);
  if (topology.etcd.endpoints.empty()) {
    for (const auto& member : topology.etcd.members) {
      add(fmt::format("http://{}:{}", topology.host(*member).ip, topology.etcd.client_port));
    }
  }
  return list;
}

/// By its network, so that deployments that ask for the same pool mean the same resource.
std::string pool_name(const Cidr& cidr) {
  auto name = "mrc-" + cidr.text();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '/'; }, '-');
  return name;
}

Pool make_pool(const topology::Calico& calico) {
  Pool pool;
  pool.name = pool_name(*calico.pool);
  pool.nat_outgoing = calico.nat_outgoing;
  if (calico.mode == Mode::ipip) pool.ipip = "Always";
  if (calico.mode == Mode::ipip_cross_subnet) pool.ipip = "CrossSubnet";
  if (calico.mode == Mode::vxlan) pool.vxlan = "Always";
  if (calico.mode == Mode::vxlan_cross_subnet) pool.vxlan = "CrossSubnet";
  // A node takes one address for its end of the tunnel.
  if (calico.mode != Mode::none) pool.uses = {"Tunnel", "Workload"};
  return pool;
}

std::optional<Artefact> find_artefact(const Inputs& inputs, const std::string& name) {
  const auto found = inputs.artefacts.find(name);
  if (found == inputs.artefacts.end()) return {};
  return found->second;
}

std::string resource(const char* kind, const std::string& name, Json spec) {
  return Json{{"apiVersion", "projectcalico.org/v3"},
              {"kind", kind},
              {"metadata", {{"name", name}}},
              {"spec", std::move(spec)}}
             .dump(2) +
         "\n";
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

std::string Desired::profile_spec() const {
  Json ingress = Json::array(
      {Json{{"action", "Allow"}, {"source", {{"selector", fmt::format("has({})", profile)}}}}});
  if (exposed) {
    ingress.push_back(Json{{"action", "Allow"},
                           {"protocol", "TCP"},
                           {"destination", {{"ports", Json::array({k_mysql_port})}}}});
  }
  return Json{{"ingress", ingress},
              {"egress", Json::array({Json{{"action", "Allow"}}})},
              {"labelsToApply", {{profile, ""}}}}
      .dump();
}

std::string Desired::profile_resource() const {
  return resource("Profile", profile, Json::parse(profile_spec()));
}

std::string Desired::pool_resource() const {
  return resource("IPPool",
                  pool.name,
                  Json{{"cidr", cidr.text()},
                       {"ipipMode", pool.ipip},
                       {"vxlanMode", pool.vxlan},
                       {"natOutgoing", pool.nat_outgoing},
                       {"blockSize", pool.block_size},
                       {"nodeSelector", pool.nodes},
                       {"allowedUses", pool.uses},
                       {"assignmentMode", pool.assignment}});
}

Desired make_desired(const Inputs& inputs) {
  const auto& topology = inputs.topology;
  Desired want;
  want.deployment = topology.name;
  want.version = topology.calico.version;
  want.endpoints = etcd_endpoints(topology);
  want.own_etcd = topology.etcd.endpoints.empty();
  want.cidr = *topology.calico.pool;
  want.pool = make_pool(topology.calico);
  want.profile = topology.calico.profile;
  want.mtu = topology.calico.mtu;
  want.node_image = topology.calico.node_image;
  want.calicoctl = find_artefact(inputs, "calicoctl");
  want.cni = find_artefact(inputs, "calico");
  want.node_archive = find_artefact(inputs, "calico-node");
  want.adopt = inputs.adopt;
  for (const auto& host : topology.hosts) {
    HostWant one{host.id, host.ip, {}};
    for (const auto* server : topology.servers_on(host.id)) {
      one.servers.push_back({server->id, server->address});
      want.exposed = want.exposed || topology.exposed_port(*server).has_value();
    }
    want.hosts.push_back(std::move(one));
  }
  return want;
}

}  // namespace mrc::systems::calico::v3
