#include <algorithm>
#include <nlohmann/json.hpp>

#include "systems/calico/v0/parts.hpp"

namespace mrc::systems::calico::v0 {
namespace {

using Json = nlohmann::json;
using Entries = std::map<std::string, std::string>;

/// The endpoint of the server's container, when that has the address.
const Endpoint* own_endpoint(const ServerWant& server, const HostSeen& now, const Cluster& all) {
  const auto found = now.servers.find(server.id);
  const auto* endpoint = all.find_by_address(server.address.text());
  const bool own = endpoint != nullptr && found != now.servers.end() &&
                   found->second.container == endpoint->workload;
  return own ? endpoint : nullptr;
}

void claim_host(const Desired& want, const HostWant& host, const Reading& reading, Entries& out) {
  const auto& now = reading.host(host.id);
  const auto& made = reading.made_on(host.id);
  // Of a calicoctl whose record was lost, only the wanted one is known to be ours.
  if (now.calicoctl && now.calicoctl->path == "/usr/local/bin/calicoctl" &&
      !made.calicoctl_sha256 &&
      (want.adopt || (want.calicoctl && want.calicoctl->sha256 == now.calicoctl->sha256)) &&
      !reading.is_others(&host.id, [](const Made& one) { return !!one.calicoctl_sha256; })) {
    out["calico/calicoctl"] = Json{{"sha256", now.calicoctl->sha256}}.dump();
  }
  if (made.node || reading.is_others(&host.id, [](const Made& one) { return one.node; })) return;
  if (!now.node || !(want.adopt || same_etcd(want, host, *now.node))) return;
  out["calico/node"] = Json{{"image", now.node->image}}.dump();
  if (now.libnetwork) out["calico/libnetwork"] = Json{{"image", now.libnetwork->image}}.dump();
  // What they were before nobody knows; these two are nobody else's.
  if (!made.has_paths)
    out["calico/paths"] = Json::array({"/var/log/calico", "/var/run/calico"}).dump();
}

void claim_endpoints(const HostWant& host, const Reading& reading, Entries& out) {
  for (const auto& server : host.servers) {
    const auto* one = own_endpoint(server, reading.host(host.id), *reading.cluster);
    if (one == nullptr) continue;
    out[fmt::format("calico/endpoint/{}", server.id)] = Json{
        {"address", server.address.text()},
        {"container", one->workload},
        {"host", one->host},
        {"profile",
         fmt::format("{}", fmt::join(one->profiles, ","))}}.dump();
  }
}

void claim_cluster(const Desired& want, const Reading& reading, Entries& out) {
  const auto pool = want.pool.text();
  if (reading.cluster->pools.contains(pool) && !reading.made_pool(pool) &&
      !reading.is_others(nullptr, [&](const Made& one) { return one.pools.contains(pool); })) {
    out["calico/pool/" + pool] = R"("made")";
  }
  if (reading.cluster->profiles.contains(want.profile) && !reading.made_profile(want.profile) &&
      !reading.is_others(nullptr,
                         [&](const Made& one) { return one.profiles.contains(want.profile); })) {
    out["calico/profile/" + want.profile] = R"("made")";
  }
  const bool noted = reading.any_made([](const Made& one) { return one.cluster; });
  // An etcd of our own held no keys of anybody before.
  if (want.own_etcd && !noted && reading.cluster->started &&
      !reading.is_others(nullptr, [](const Made& one) { return one.cluster; })) {
    out["calico/cluster"] = R"("etcd had no calico keys")";
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

}  // namespace mrc::systems::calico::v0
