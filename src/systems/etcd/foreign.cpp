#include <algorithm>
#include <set>

#include "systems/etcd/steps.hpp"

namespace mrc::systems::etcd {
namespace {

using Level = Verdict::Level;

bool is_ours(const HostId& host, const Observations& records) {
  const auto& record = records.record(host);
  return record.contains("etcd/config") || record.contains("etcd/data") ||
         record.contains("etcd/unit");
}

/// "docker1=http://192.168.55.111:2380,...", sorted, to compare and to show.
std::string listing(std::vector<std::string> members) {
  std::sort(members.begin(), members.end());
  std::string out;
  for (const auto& one : members) out += (out.empty() ? "" : ",") + one;
  return out;
}

std::string listing(const Desired& want) {
  std::vector<std::string> all;
  for (const auto& one : want.members) all.push_back(one.host.text() + "=" + one.peer_url);
  return listing(std::move(all));
}

std::string listing(const Cluster& cluster) {
  std::vector<std::string> all;
  for (const auto& one : cluster.members) {
    // A member that was added and never started has no name yet.
    all.push_back((one.name.empty() ? "?" : one.name) + "=" + one.peer_urls.front());
  }
  return listing(std::move(all));
}

std::string listing(const std::string& initial_cluster) {
  std::vector<std::string> all;
  std::string_view rest = initial_cluster;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    all.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return listing(std::move(all));
}

void check_host(const Desired& want,
                const HostId& host,
                const Observed& one,
                const Observations& records,
                std::vector<Finding>& out) {
  const bool ours = is_ours(host, records);
  if (!ours && one.unit.running()) {
    const auto dir = one.config.find("ETCD_DATA_DIR");
    out.push_back({host,
                   Level::fail,
                   "etcd runs there already",
                   fmt::format("the unit etcd.service is {}{}; mrc did not set it up",
                               one.unit.active,
                               dir == one.config.end() ? "" : ", its data in " + dir->second),
                   "when nothing needs it: systemctl disable --now etcd; or use that cluster as it "
                   "is: etcd.endpoints"});
  } else if (!ours && one.data) {
    out.push_back(
        {host,
         Level::fail,
         "the data directory of another etcd is there",
         fmt::format("{} is not empty; mrc did not make it", want.data_dir),
         "when nobody needs it: rm -r " + want.data_dir + "; or give another etcd.data_dir"});
  }
  if (!one.unit.running() && !one.listeners.empty()) {
    out.push_back({host,
                   Level::fail,
                   fmt::format("port {} or {} is taken", want.client_port, want.peer_port),
                   one.listeners.front(),
                   "stop that program, or give other ports: etcd.client_port, etcd.peer_port"});
  }
}

Finding membership(const HostId& host, const std::string& now, const std::string& wanted) {
  return {host,
          Level::fail,
          "the members of the running cluster differ from the file's",
          fmt::format("it has {}; the file wants {}", now, wanted),
          "this version of mrc cannot add, remove or replace members of a running cluster yet: "
          "put etcd.members back as they were, or change them with etcdctl first"};
}

/// A member that the cluster knows as started, and whose data are gone: it would have to be
/// replaced.
void check_lost_data(const Desired& want,
                     const Cluster& cluster,
                     const Seen& seen,
                     std::vector<Finding>& out) {
  for (const auto& member : cluster.members) {
    if (member.client_urls.empty()) continue;
    const auto* wanted = want.member(HostId(member.name));
    if (wanted == nullptr) continue;
    const auto& one = seen.at(wanted->host);
    if (one.data || one.unit.running()) continue;
    out.push_back({wanted->host,
                   Level::fail,
                   "a member has lost its data",
                   fmt::format("{} is empty, but the running cluster knows {} as a member",
                               want.data_dir,
                               wanted->host),
                   fmt::format("this version of mrc cannot replace members of a running cluster "
                               "yet: remove and add it on another member, with etcdctl member "
                               "remove {:x} and etcdctl member add",
                               member.id)});
  }
}

}  // namespace

std::vector<Finding> foreign(const Desired& want, const Seen& seen, const Observations& records) {
  std::vector<Finding> out;
  for (const auto& member : want.members) {
    check_host(want, member.host, seen.at(member.host), records, out);
  }
  for (const auto& host : want.hosts) {
    if (want.member(host) == nullptr && is_ours(host, records)) {
      out.push_back(membership(host, "a member here, as the record says", listing(want)));
    }
  }
  if (!out.empty()) return out;
  const Cluster* cluster = nullptr;
  const WantedMember* teller = nullptr;
  for (const auto& member : want.members) {
    const auto& one = seen.at(member.host);
    if (!one.cluster) continue;
    if (cluster == nullptr) {
      cluster = &*one.cluster;
      teller = &member;
      if (listing(*cluster) != listing(want)) {
        out.push_back(membership(member.host, listing(*cluster), listing(want)));
      }
      check_lost_data(want, *cluster, seen, out);
    } else if (one.cluster->id != cluster->id) {
      out.push_back({member.host,
                     Level::fail,
                     fmt::format("{} and {} are in different clusters", teller->host, member.host),
                     fmt::format("cluster ids {:x} and {:x}", cluster->id, one.cluster->id),
                     "one of the two must give up its data: see docs/topology.md, etcd"});
    }
  }
  // Nobody tells: then what a stopped member was configured as is the best that is known.
  for (const auto& member : want.members) {
    const auto& one = seen.at(member.host);
    const auto config = one.config.find("ETCD_INITIAL_CLUSTER");
    if (cluster != nullptr || !one.data || config == one.config.end()) continue;
    if (listing(config->second) == listing(want)) continue;
    out.push_back(membership(member.host, listing(config->second), listing(want)));
  }
  return out;
}

}  // namespace mrc::systems::etcd
