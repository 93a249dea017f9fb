#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"
#include "systems/conditions.hpp"

namespace mrc::systems::calico {

/// The row of one part: what is wrong with it, else how it is.
Condition judged(const HostId& host, std::string subject, std::string fault, std::string good);

/// What each generation says in words of its own.
template <class Reading>
struct StatusWords {
  std::string pool;                                          ///< the network of the wanted one
  std::function<std::string(const Reading&)> pool_fault;     ///< asked when etcd answered
  std::function<std::string(const Reading&)> profile_fault;  ///< likewise
  std::function<std::string(const typename Reading::HostSeen&)> node_name;
};

/// What can be read of one host; else the row of its node in `out` says why it is not known.
template <class Reading, class ParseProbe, class ParseMade>
void read_host_for_status(const HostId& host,
                          const Observations& seen,
                          ParseProbe parse_probe,
                          ParseMade parse_made,
                          Reading& into,
                          std::vector<Condition>& out) {
  auto one = read_for_status(seen, "calico", {"calico", host, "node", {}, {}}, parse_probe, out);
  if (!one) return;
  auto made = parse_made(seen.record(host));
  if (!made) {
    out.push_back(judged(host, "node", made.error().text(), {}));
    return;
  }
  if (one->cluster) into.cluster = one->cluster;
  if (!one->etcd_why.empty()) into.etcd_why = one->etcd_why;
  into.made[host] = std::move(*made);
  into.hosts[host] = std::move(*one);
}

/// What etcd keeps, as the one host that is asked of it says.
template <class Desired, class Reading>
void judge_cluster(const Desired& want,
                   const HostId& asked,
                   const Reading& seen,
                   const StatusWords<Reading>& words,
                   std::vector<Condition>& out) {
  if (seen.cluster) {
    out.push_back(judged(asked, "pool", words.pool_fault(seen), words.pool));
    out.push_back(judged(asked, "profile", words.profile_fault(seen), want.profile));
  } else if (seen.hosts.contains(asked)) {
    out.push_back(judged(asked, "etcd", "does not answer: " + seen.etcd_why, {}));
  } else {
    out.push_back({"calico",
                   asked,
                   "etcd",
                   Verdict::Level::warn,
                   "pool, profile and endpoints are not known: it is this host that is asked"});
  }
}

/// A row for each node and each server's endpoint, for the pool and for the profile.
template <class Reading, class Desired, class ParseProbe, class ParseMade>
std::vector<Condition> status_rows(const Desired& want,
                                   const Observations& seen,
                                   ParseProbe parse_probe,
                                   ParseMade parse_made,
                                   const StatusWords<Reading>& words) {
  std::vector<Condition> out;
  Reading reading;
  const auto nodes = want.nodes();
  for (const auto* host : nodes) {
    read_host_for_status(host->id, seen, parse_probe, parse_made, reading, out);
  }
  for (const auto* host : nodes) {
    const auto found = reading.hosts.find(host->id);
    if (found == reading.hosts.end()) continue;
    out.push_back(
        judged(host->id,
               "node",
               node_difference(want, *host, reading).reason,
               fmt::format("up as {}, {}", words.node_name(found->second), want.node_image)));
  }
  if (nodes.empty()) return out;
  judge_cluster(want, nodes.front()->id, reading, words, out);
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

}  // namespace mrc::systems::calico
