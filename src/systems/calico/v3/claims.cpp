#include <algorithm>
#include <nlohmann/json.hpp>

#include "systems/calico/v3/parts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

using Json = nlohmann::json;
using Entries = std::map<std::string, std::string>;

/// The endpoint of the server's container, when that has the address.
const Endpoint* own_endpoint(const ServerWant& server, const HostSeen& now, const Cluster& all) {
  const auto found = now.servers.find(server.id);
  const auto* endpoint = all.find_by_address(server.address.text());
  const bool own = endpoint != nullptr && found != now.servers.end() &&
                   found->second.container == endpoint->container;
  return own ? endpoint : nullptr;
}

/// The name in the handle under which Calico's IPAM has the address.
std::string network_of(const Endpoint& endpoint, const std::string& address, const Cluster& all) {
  const auto found = all.assigned.find(address);
  const auto end = "." + endpoint.container;
  if (found == all.assigned.end() || !found->second.ends_with(end)) {
    return endpoint.profiles.front();
  }
  return found->second.substr(0, found->second.size() - end.size());
}

void claim_files(const Desired& want, const HostWant& host, const Reading& reading, Entries& out) {
  const auto& made = reading.made_on(host.id).files;
  for (const auto& [name, file] : reading.host(host.id).files) {
    // Of a program whose record was lost, only one of the wanted version can be ours.
    if (made.contains(name) || !(want.adopt || file.version == want.version) ||
        reading.is_others(&host.id,
                          [&, &key = name](const Made& one) { return one.files.contains(key); })) {
      continue;
    }
    out[fmt::format("calico3/file/{}", name)] =
        Json{{"sha256", file.sha256}, {"version", file.version}}.dump();
  }
}

void claim_host(const Desired& want, const HostWant& host, const Reading& reading, Entries& out) {
  claim_files(want, host, reading, out);
  const auto& now = reading.host(host.id);
  const auto& made = reading.made_on(host.id);
  if (made.node || reading.is_others(&host.id, [](const Made& one) { return one.node; })) return;
  if (!now.node || !(want.adopt || same_etcd(want, *now.node))) return;
  out["calico3/node"] = Json{{"image", now.node->image}}.dump();
  // What they were before nobody knows; the first ones are nobody else's, the others go when empty.
  if (!made.has_paths) {
    out["calico3/paths"] =
        Json::array(
            {"/var/log/calico", "/var/run/calico", "/var/lib/calico", "/opt/cni/bin", "/opt/cni"})
            .dump();
  }
}

void claim_endpoints(const HostWant& host, const Reading& reading, Entries& out) {
  for (const auto& server : host.servers) {
    const auto* one = own_endpoint(server, reading.host(host.id), *reading.cluster);
    if (one == nullptr || one->profiles.empty()) continue;
    out[fmt::format("calico3/endpoint/{}", server.id)] = Json{
        {"address", server.address.text()},
        {"container", one->container},
        {"network", network_of(*one, server.address.text(), *reading.cluster)},
        {"node", one->node},
        {"profile", one->profiles.front()}}.dump();
  }
}

void claim_cluster(const Desired& want, const Reading& reading, Entries& out) {
  const auto pool = reading.cluster->pools.find(want.cidr.text());
  if (pool != reading.cluster->pools.end()) {
    const auto& name = pool->second.name;
    if (!reading.made_pool(name) && (want.adopt || name == want.pool.name) &&
        !reading.is_others(nullptr, [&](const Made& one) { return one.pools.contains(name); })) {
      out["calico3/pool/" + name] = Json{{"cidr", pool->first}}.dump();
    }
  }
  if (reading.cluster->profiles.contains(want.profile) && !reading.made_profile(want.profile) &&
      !reading.is_others(nullptr,
                         [&](const Made& one) { return one.profiles.contains(want.profile); })) {
    out["calico3/profile/" + want.profile] = R"("made")";
  }
  const bool noted = reading.any_made([](const Made& one) { return one.cluster; });
  // An etcd of our own held no keys of anybody before.
  if (want.own_etcd && !noted && reading.cluster->started &&
      !reading.is_others(nullptr, [](const Made& one) { return one.cluster; })) {
    out["calico3/cluster"] = R"("etcd had no calico keys")";
  }
}

}  // namespace

bool is_record_lost(const HostWant& host, const Reading& reading) {
  return reading.cluster && !reading.made_on(host.id).anything &&
         std::any_of(host.servers.begin(), host.servers.end(), [&](const ServerWant& server) {
           return own_endpoint(server, reading.host(host.id), *reading.cluster) != nullptr;
         });
}

std::map<HostId, Entries> claims(const Desired& want, const Reading& reading) {
  std::map<HostId, Entries> all;
  const auto nodes = want.nodes();
  if (nodes.empty() || !reading.cluster) return all;
  for (const auto* host : nodes) {
    const bool lost = reading.lost.contains(host->id);
    if (!lost && !want.adopt) continue;
    claim_host(want, *host, reading, all[host->id]);
    if (lost) claim_endpoints(*host, reading, all[host->id]);
  }
  // In an etcd of our own, what stands under our names can only be ours.
  if (want.adopt || (want.own_etcd && (!reading.lost.empty() || !reading.forgotten.empty()))) {
    const auto& keeper = reading.lost.empty() ? reading.keeper : *reading.lost.begin();
    claim_cluster(want, reading, all[keeper]);
  }
  std::erase_if(all, [](const auto& one) { return one.second.empty(); });
  return all;
}

}  // namespace mrc::systems::calico::v3
