#include <optional>

#include "systems/calico/v3/parts.hpp"
#include "systems/conditions.hpp"

namespace mrc::systems::calico::v3 {
namespace {

using Level = Verdict::Level;

/// The row of one part: what is wrong with it, else how it is.
Condition judged(const HostId& host, std::string subject, std::string fault, std::string good) {
  const auto level = fault.empty() ? Level::ok : Level::fail;
  return {"calico",
          host,
          std::move(subject),
          level,
          fault.empty() ? std::move(good) : std::move(fault)};
}

/// What can be read of one host; else the row of its node in `out` says why it is not known.
std::optional<HostSeen> read_host(const HostWant& host,
                                  const Observations& seen,
                                  Reading& into,
                                  std::vector<Condition>& out) {
  auto one = read_for_status(seen, "calico", {"calico", host.id, "node", {}, {}}, parse_probe, out);
  if (!one) return {};
  auto made = parse_made(seen.record(host.id));
  if (!made) {
    out.push_back(judged(host.id, "node", made.error().text(), {}));
    return {};
  }
  if (one->cluster) into.cluster = one->cluster;
  if (!one->etcd_why.empty()) into.etcd_why = one->etcd_why;
  into.made[host.id] = std::move(*made);
  return one;
}

std::string pool_fault(const Desired& want, const Reading& seen) {
  const auto found = seen.cluster->pools.find(want.cidr.text());
  if (found == seen.cluster->pools.end()) return want.cidr.text() + " is not there";
  const auto diff = pool_differences(want, found->second, seen.made_pool(found->second.name));
  if (diff.empty()) return {};
  return fmt::format("{}: {} is {}, not {}",
                     want.cidr.text(),
                     diff.front().field,
                     diff.front().before,
                     diff.front().after);
}

std::string profile_fault(const Desired& want, const Cluster& cluster) {
  const auto found = cluster.profiles.find(want.profile);
  if (found == cluster.profiles.end()) return want.profile + " is not there";
  if (profile_differences(want, found->second).empty()) return {};
  return want.profile + " has other rules: " + found->second;
}

/// What etcd keeps, as the one host that is asked of it says.
void judge_cluster(const Desired& want,
                   const HostId& asked,
                   const Reading& seen,
                   std::vector<Condition>& out) {
  if (seen.cluster) {
    out.push_back(judged(asked, "pool", pool_fault(want, seen), want.cidr.text()));
    out.push_back(judged(asked, "profile", profile_fault(want, *seen.cluster), want.profile));
  } else if (seen.hosts.contains(asked)) {
    out.push_back(judged(asked, "etcd", "does not answer: " + seen.etcd_why, {}));
  } else {
    out.push_back({"calico",
                   asked,
                   "etcd",
                   Level::warn,
                   "pool, profile and endpoints are not known: it is this host that is asked"});
  }
}

}  // namespace

std::vector<Condition> make_status(const Desired& want, const Observations& seen) {
  std::vector<Condition> out;
  Reading reading;
  const auto nodes = want.nodes();
  for (const auto* host : nodes) {
    auto one = read_host(*host, seen, reading, out);
    if (one) reading.hosts[host->id] = std::move(*one);
  }
  for (const auto* host : nodes) {
    const auto found = reading.hosts.find(host->id);
    if (found == reading.hosts.end()) continue;
    out.push_back(judged(host->id,
                         "node",
                         node_difference(want, *host, reading).reason,
                         fmt::format("up as {}, {}", found->second.node_name(), want.node_image)));
  }
  if (nodes.empty()) return out;
  judge_cluster(want, nodes.front()->id, reading, out);
  if (!reading.cluster) return out;  // where an endpoint is, only etcd can tell
  for (const auto* host : nodes) {
    if (!reading.hosts.contains(host->id)) continue;
    for (const auto& server : host->servers) {
      const auto why = endpoint_difference(want, *host, server, reading);
      out.push_back(judged(host->id,
                           server.id.text(),
                           why.empty() ? "" : fmt::format("{}: {}", server.address, why),
                           fmt::format("{}, routed", server.address)));
    }
  }
  return out;
}

}  // namespace mrc::systems::calico::v3
