#include <algorithm>
#include <set>

#include "systems/etcd/steps.hpp"

namespace mrc::systems::etcd {
namespace {

using Level = Verdict::Level;

/// "docker1=http://192.168.55.111:2380,...", sorted, to compare and to show.
std::string listing(std::vector<std::string> members) {
  std::sort(members.begin(), members.end());
  return fmt::format("{}", fmt::join(members, ","));
}

std::string listing(const Desired& want) {
  std::vector<std::string> all;
  for (const auto& one : want.members) all.push_back(one.host.text() + "=" + one.peer_url);
  return listing(std::move(all));
}

std::string name_of(const Member& member) { return member.name.empty() ? "?" : member.name; }

std::string listing(const Cluster& cluster) {
  std::vector<std::string> all;
  for (const auto& one : cluster.members) {
    all.push_back(name_of(one) + "=" + one.peer_urls.front());
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

/// Why a running member that mrc did not set up is not the one that the file wants; empty when it
/// is.
std::string why_not_adopted(const Desired& want, const Observed& one) {
  if (!one.cluster) return "it does not tell its members: " + one.cluster_error;
  if (const auto has = listing(*one.cluster); has != listing(want)) {
    return fmt::format("its cluster has {}; the file wants {}", has, listing(want));
  }
  for (const auto& [key, wanted] :
       {std::pair<std::string, std::string>{"ETCD_DATA_DIR", want.data_dir},
        {"ETCD_INITIAL_CLUSTER_TOKEN", want.token}}) {
    const auto found = one.config.find(key);
    if (found != one.config.end() && found->second != wanted) {
      return fmt::format("its {} is {}; the file wants {}", key, found->second, wanted);
    }
  }
  return one.log ? "" : "its data are not in " + want.data_dir;
}

void check_host(const Scene& scene, const HostId& host, std::vector<Finding>& out) {
  const auto& want = scene.want;
  const auto& one = scene.at(host);
  const bool ours = scene.is_ours(host);
  if (scene.is_adopted(host)) {
    if (const auto why = why_not_adopted(want, one); !why.empty()) {
      out.push_back({host,
                     Level::fail,
                     "the etcd there is not the member that the file wants",
                     why,
                     "let the file say what is there, or stop it: systemctl disable --now etcd"});
    }
  } else if (!ours && one.unit.running()) {
    const auto dir = one.config.find("ETCD_DATA_DIR");
    out.push_back({host,
                   Level::fail,
                   "etcd runs there already",
                   fmt::format("the unit etcd.service is {}{}; mrc did not set it up",
                               one.unit.active,
                               dir == one.config.end() ? "" : ", its data in " + dir->second),
                   "when it is the wanted member: --adopt; when nothing needs it: systemctl "
                   "disable --now etcd; or use that cluster as it is: etcd.endpoints"});
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
  const auto& record = scene.records.record(host);
  const auto data = record.find("etcd/data");
  if (data != record.end() && data->second.find('"' + want.data_dir + '"') == std::string::npos) {
    out.push_back(
        {host,
         Level::fail,
         "a member's data directory cannot be moved",
         fmt::format("the record says {}; the file wants {}", data->second, want.data_dir),
         "put etcd.data_dir back; or take the member out of etcd.members, apply, and add "
         "it again"});
  }
}

/// All that tell must be in one cluster.
void check_one_cluster(const Scene& scene, const Membership& now, std::vector<Finding>& out) {
  for (const auto& [host, one] : scene.seen) {
    if (!one.cluster || now.cluster == nullptr || one.cluster->id == now.cluster->id) continue;
    out.push_back({host,
                   Level::fail,
                   fmt::format("{} and {} are in different clusters", now.teller, host),
                   fmt::format("cluster ids {:x} and {:x}", now.cluster->id, one.cluster->id),
                   "one of the two must give up its data: see docs/topology.md, etcd"});
  }
}

void check_unknown(const Scene& scene, const Membership& now, std::vector<Finding>& out) {
  for (const auto* member : now.extra) {
    if (scene.known(*member)) continue;
    out.push_back({now.teller,
                   Level::fail,
                   "the cluster has a member that mrc does not know",
                   fmt::format("{}={}; the file wants {}",
                               name_of(*member),
                               member->peer_urls.front(),
                               listing(scene.want)),
                   fmt::format("name its host in etcd.members; or, when nobody needs it: etcdctl "
                               "member remove {:x}",
                               member->id)});
  }
}

std::size_t quorum(std::size_t members) { return members / 2 + 1; }

/// Members change only with a quorum of those that have their data.
void check_quorum(const Scene& scene, const Membership& now, std::vector<Finding>& out) {
  if (now.lacks_started) return;
  std::size_t alive = 0;
  std::size_t askable = 0;
  std::vector<std::string> holders;
  for (const auto& [host, fate] : now.fate) {
    if (fate != Fate::keep) continue;
    ++alive;
    holders.push_back(host.text());
    if (!now.readdressed.contains(host) || scene.at(host).healthy) ++askable;
  }
  for (const auto* member : now.extra) {
    const auto host = scene.known(*member);
    const auto one = host ? scene.seen.find(*host) : scene.seen.end();
    if (one == scene.seen.end() || !one->second.healthy) continue;
    ++alive;
    ++askable;
    holders.push_back(host->text());
  }
  const auto planned = moves(scene, now);
  if (planned.empty()) return;
  const auto size = now.cluster != nullptr ? now.cluster->members.size() : now.fate.size();
  const bool alone = planned.front().kind == Move::Kind::update;
  if (alive >= quorum(size) && (askable > 0 || alone)) return;
  const auto& at = now.cluster != nullptr ? now.teller : scene.want.members.front().host;
  out.push_back({at,
                 Level::fail,
                 "the etcd cluster has lost its quorum",
                 fmt::format("of {} members {} can take part ({}), and {} are needed to change any",
                             size,
                             alive,
                             fmt::join(holders, ", "),
                             quorum(size)),
                 "bring the other members back; or give up what etcd holds: mrc destroy, then mrc "
                 "apply"});
}

/// Nobody tells: then what a member was configured as is the best that is known, and members do not
/// change.
void check_silent(const Scene& scene, const Membership& now, std::vector<Finding>& out) {
  if (now.cluster != nullptr || !now.formed) return;
  const std::string remedy =
      "start the members as they are: put etcd.members and the hosts' addresses back and apply; "
      "then change them";
  for (const auto& member : scene.want.members) {
    const auto& one = scene.at(member.host);
    const auto config = one.config.find(std::string(k_members_key));
    if (!one.log || config == one.config.end()) continue;
    if (listing(config->second) == listing(scene.want)) continue;
    out.push_back(
        {member.host,
         Level::fail,
         "the members of a cluster that does not answer cannot be changed",
         fmt::format("it has {}; the file wants {}", listing(config->second), listing(scene.want)),
         remedy});
  }
  if (!out.empty()) return;
  for (const auto& host : scene.former()) {
    const auto& one = scene.at(host);
    if (!one.log || !scene.is_recorded(host)) continue;
    out.push_back({host,
                   Level::fail,
                   "a member of a cluster that does not answer cannot be removed",
                   fmt::format("{} is no member in the file, and has a member's data", host),
                   remedy});
  }
}

void warn_of_users(const Scene& scene, std::vector<Finding>& out) {
  for (const auto& host : scene.former()) {
    for (const auto& [name, record] : scene.records.others(host)) {
      if (!record.contains(k_uses_key)) continue;
      out.push_back({host,
                     Level::warn,
                     fmt::format("the deployment {} uses this etcd member too", name),
                     "this file wants no member there any more",
                     fmt::format("take {} out of etcd.members of {} as well", host, name)});
    }
  }
}

}  // namespace

std::vector<Finding> foreign(const Scene& scene) {
  std::vector<Finding> out;
  if (const auto owner = shared_owner(scene)) return sharing_findings(scene, *owner);
  for (const auto& member : scene.want.members) check_host(scene, member.host, out);
  if (!out.empty()) return out;
  const auto now = membership(scene);
  check_one_cluster(scene, now, out);
  check_unknown(scene, now, out);
  check_silent(scene, now, out);
  if (!out.empty()) return out;
  check_quorum(scene, now, out);
  warn_of_users(scene, out);
  return out;
}

}  // namespace mrc::systems::etcd
