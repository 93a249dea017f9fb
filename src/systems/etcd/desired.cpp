#include "systems/etcd/desired.hpp"

namespace mrc::systems::etcd {
namespace {

std::string url(Ipv4 ip, Port port) { return fmt::format("http://{}:{}", ip, port); }

}  // namespace

std::string initial_cluster(const std::vector<WantedMember>& members) {
  std::string out;
  for (const auto& one : members) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ",", one.host, one.peer_url);
  }
  return out;
}

const WantedMember* Desired::member(const HostId& host) const {
  for (const auto& one : members) {
    if (one.host == host) return &one;
  }
  return nullptr;
}

Desired desired(const topology::Topology& topology) {
  const auto& section = topology.etcd;
  Desired want;
  want.deployment = topology.name;
  want.endpoints = section.endpoints;
  want.token = section.cluster_token;
  want.data_dir = section.data_dir;
  want.install = section.install == topology::Etcd::Install::package;
  want.v2 = topology.calico.version.starts_with("v0.");
  want.client_port = section.client_port;
  want.peer_port = section.peer_port;
  for (const auto& host : topology.hosts) {
    want.hosts.push_back(host.id);
    want.ips.emplace(host.id, host.ip);
  }
  for (const auto& id : section.members) {
    const auto ip = topology.host(*id).ip;
    want.members.push_back({*id, ip, url(ip, section.client_port), url(ip, section.peer_port)});
  }
  return want;
}

Settings settings(const Desired& want, const WantedMember& member) {
  const Ipv4 everywhere;
  Settings out = {
      {"ETCD_NAME", member.host.text()},
      {"ETCD_DATA_DIR", want.data_dir},
      {"ETCD_LISTEN_PEER_URLS", url(everywhere, want.peer_port)},
      {"ETCD_LISTEN_CLIENT_URLS", url(everywhere, want.client_port)},
      {"ETCD_INITIAL_ADVERTISE_PEER_URLS", member.peer_url},
      {"ETCD_INITIAL_CLUSTER", initial_cluster(want.members)},
      {"ETCD_INITIAL_CLUSTER_STATE", "new"},
      {"ETCD_INITIAL_CLUSTER_TOKEN", want.token},
      // Not 0.0.0.0, as in the article: clients use what members advertise.
      {"ETCD_ADVERTISE_CLIENT_URLS", member.client_url},
  };
  if (want.v2) out.emplace_back("ETCD_ENABLE_V2", "true");
  return out;
}

Settings settings(const Desired& want,
                  const WantedMember& member,
                  const std::string& members,
                  const std::string& state) {
  auto out = settings(want, member);
  for (auto& [key, value] : out) {
    if (key == k_members_key) value = members;
    if (key == k_state_key) value = state;
  }
  return out;
}

bool is_only_for_the_first_start(std::string_view key) { return key.starts_with("ETCD_INITIAL_"); }

std::string render_config(const Desired& want, const Settings& settings) {
  std::string out = fmt::format(
      "# Written by mrc for {}: changes are overwritten, destroy brings back what was here.\n",
      want.deployment);
  for (const auto& [key, value] : settings) out += fmt::format("{}=\"{}\"\n", key, value);
  return out;
}

}  // namespace mrc::systems::etcd
