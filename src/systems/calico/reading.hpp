#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mrc/plan/milestone.hpp"
#include "mrc/systems/system.hpp"
#include "systems/calico/keeper.hpp"

namespace mrc::systems::calico {

/// All hosts, read; those that left the file too.
template <class OneHost, class OneMade, class Keys>
struct ReadHosts {
  using HostSeen = OneHost;
  using Made = OneMade;

  std::map<HostId, HostSeen> hosts;
  std::map<HostId, Made> made;                           ///< what `unnoted` holds counts as made
  std::map<HostId, std::map<std::string, Made>> others;  ///< deployment → its record there
  std::vector<HostId> departed;
  std::map<HostId, std::string> forgotten;  ///< hosts given up → their address
  std::set<std::string> shared;             ///< addresses of hosts that other deployments have too
  /// Entries that a record lacks: it was lost, or what is there is taken over. Key → JSON.
  std::map<HostId, std::map<std::string, std::string>> unnoted;
  std::set<HostId> lost;  ///< hosts whose record was lost
  /// etcd's keys; empty when etcd did not answer, which is not the same as having none.
  std::optional<Keys> cluster;
  std::string etcd_why;
  std::set<ServerId> losing;  ///< servers whose interface goes with another system's step
  HostId keeper;              ///< sees to pool and profile; empty when no host runs a node

  const HostSeen& host(const HostId& id) const { return hosts.at(id); }
  const Made& made_on(const HostId& id) const { return made.at(id); }
  bool made_pool(const std::string& name) const {
    return any_made([&](const Made& one) { return one.pools.contains(name); });
  }
  bool made_profile(const std::string& name) const {
    return any_made([&](const Made& one) { return one.profiles.contains(name); });
  }
  template <class Has>
  bool any_made(Has has) const {
    return std::any_of(made.begin(), made.end(), [&](const auto& one) { return has(one.second); });
  }
  /// Some other deployment's record has it, on this host or, without one, on any: then it is its
  /// own.
  template <class Has>
  bool is_others(const HostId* host, Has has) const {
    return std::any_of(others.begin(), others.end(), [&](const auto& on) {
      return (host == nullptr || on.first == *host) &&
             std::any_of(on.second.begin(), on.second.end(), [&](const auto& one) {
               return has(one.second);
             });
    });
  }
};

/// Takes one host into the reading. Errors: `unreadable`, naming the host.
template <class Reading, class ParseProbe, class ParseMade>
Result<void> read_host(const HostId& host,
                       const Observations& seen,
                       ParseProbe parse_probe,
                       ParseMade parse_made,
                       Reading& reading) {
  auto observation = seen.get(host, "calico");
  if (!observation) return fail(std::move(observation).error());
  auto parsed = parse_probe((*observation)->out);
  if (!parsed) return fail(std::move(parsed).error().with("reading {}", host));
  auto made = parse_made(seen.record(host));
  if (!made) return fail(std::move(made).error().with("reading {}", host));
  for (const auto& [name, record] : seen.others(host)) {
    auto other = parse_made(record);
    if (!other) return fail(std::move(other).error().with("reading {} of {}", name, host));
    if (other->anything) reading.others[host][name] = std::move(*other);
    const auto hosts = recorded_hosts(record);
    if (!hosts) return fail(hosts.error());
    for (const auto& [id, how] : *hosts) reading.shared.insert(how.ip);
  }
  if (parsed->cluster) reading.cluster = parsed->cluster;
  if (!parsed->etcd_why.empty()) reading.etcd_why = parsed->etcd_why;
  reading.hosts[host] = std::move(*parsed);
  reading.made[host] = std::move(*made);
  return {};
}

/// Reads the hosts of the file and those that left it. Errors: `unreadable`, naming the host.
template <class Reading, class Desired, class ParseProbe, class ParseMade>
Result<Reading> read_hosts(const Desired& want,
                           const Observations& seen,
                           ParseProbe parse_probe,
                           ParseMade parse_made) {
  Reading reading;
  for (const auto& host : want.hosts) {
    if (auto done = read_host(host.id, seen, parse_probe, parse_made, reading); !done) {
      return fail(done.error());
    }
    for (const auto& server : host.servers) {
      if (seen.is_lost(plan::milestone::endpoint_ready(server.id))) {
        reading.losing.insert(server.id);
      }
    }
  }
  for (const auto& [host, how] : seen.departed()) {
    if (auto done = read_host(host, seen, parse_probe, parse_made, reading); !done) {
      return fail(done.error());
    }
    reading.departed.push_back(host);
  }
  for (const auto& [host, how] : seen.forgotten()) reading.forgotten[host] = how.ip;
  std::vector<HostId> nodes;
  for (const auto* host : want.nodes()) nodes.push_back(host->id);
  if (!nodes.empty()) reading.keeper = keeper(nodes, seen);
  return reading;
}

/// What the records lack counts as made. Errors: `unreadable`, naming the host.
template <class Reading, class ParseMade>
Result<void> count_unnoted(const Observations& seen, ParseMade parse_made, Reading& reading) {
  for (const auto& [host, entries] : reading.unnoted) {
    auto record = seen.record(host);
    record.insert(entries.begin(), entries.end());
    auto made = parse_made(record);
    if (!made) return fail(std::move(made).error().with("reading {}", host));
    reading.made[host] = std::move(*made);
  }
  return {};
}

}  // namespace mrc::systems::calico
