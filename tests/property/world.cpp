#include "property/world.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "mrc/base/hash.hpp"

namespace mrc::test::property {
namespace {

bool is_below(const std::string& path, const std::string& folder) {
  return path.starts_with(folder + "/");
}

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

template <class Value>
void erase_tree(std::map<std::string, Value>& all, const std::string& path) {
  std::erase_if(all,
                [&](const auto& one) { return one.first == path || is_below(one.first, path); });
}

std::uint64_t number_of(const std::string& text) {
  return std::stoull(short_hash(text), nullptr, 16) | 1U;
}

/// "a=http://..,b=http://.." → name and peer url of each.
std::vector<std::pair<std::string, std::string>> initial_cluster(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    const auto one = text.substr(at, end - at);
    out.emplace_back(one.substr(0, one.find('=')), one.substr(one.find('=') + 1));
    at = end + 1;
  }
  return out;
}

/// A member that starts: with the data it has; else as one of a new cluster, or as one that the
/// running cluster was told of.
void join(World& world, Host& host) {
  auto& unit = host.etcd;
  const auto& config = unit.config;
  const auto value = [&](const char* key) {
    const auto found = config.find(key);
    return found == config.end() ? std::string() : found->second;
  };
  const auto dir = value("ETCD_DATA_DIR");
  const auto peer_url = value("ETCD_INITIAL_ADVERTISE_PEER_URLS");
  const auto client_url = value("ETCD_ADVERTISE_CLIENT_URLS");
  const auto data = host.etcd_data.find(dir);
  if (data != host.etcd_data.end()) {
    const auto cluster = world.clusters.find(data->second.first);
    if (cluster == world.clusters.end() || !cluster->second.members.contains(data->second.second)) {
      unit.active = false;  // it was removed from its cluster
      return;
    }
    unit.cluster = data->second.first;
    unit.member = data->second.second;
    auto& member = cluster->second.members[unit.member];
    member.name = value("ETCD_NAME");
    member.client_url = client_url;
    return;
  }
  const auto peers = initial_cluster(value("ETCD_INITIAL_CLUSTER"));
  if (value("ETCD_INITIAL_CLUSTER_STATE") == "existing") {
    for (auto& [id, cluster] : world.clusters) {
      // Peers tell the members without a quorum: of one member the second is half.
      const auto* asked = &id;
      if (std::none_of(world.hosts.begin(), world.hosts.end(), [&](const auto& one) {
            return one.second.etcd.active && one.second.etcd.cluster == *asked;
          })) {
        continue;
      }
      const bool known = std::all_of(peers.begin(), peers.end(), [&](const auto& peer) {
        return std::any_of(cluster.members.begin(), cluster.members.end(), [&](const auto& one) {
          return one.second.peer_url == peer.second;
        });
      });
      if (!known || peers.size() != cluster.members.size()) continue;
      for (auto& [number, member] : cluster.members) {
        if (member.peer_url != peer_url || !member.client_url.empty()) continue;
        unit.cluster = id;
        unit.member = number;
        member.name = value("ETCD_NAME");
        member.client_url = client_url;
        host.etcd_data[dir] = {id, number};
        return;
      }
    }
    unit.active = false;  // "member count is unequal", "has already been bootstrapped"
    return;
  }
  const auto token = value("ETCD_INITIAL_CLUSTER_TOKEN");
  auto seed = token;
  for (const auto& [name, url] : peers) seed += " " + name + "=" + url;
  const auto id = number_of(seed);
  auto& cluster = world.clusters[id];
  if (cluster.members.empty()) {
    for (const auto& [name, url] : peers) {
      cluster.members[number_of(token + url)] = {name, url, {}};
    }
  }
  const auto number = number_of(token + peer_url);
  const auto own = cluster.members.find(number);
  if (own == cluster.members.end() || !own->second.client_url.empty()) {
    unit.active = false;  // it "has already been bootstrapped", and has no data
    return;
  }
  unit.cluster = id;
  unit.member = number;
  own->second.client_url = client_url;
  host.etcd_data[dir] = {id, unit.member};
}

/// The container, and its host, that answers at the address.
struct Reached {
  const Host* host = nullptr;
  const Container* container = nullptr;
};

Reached reach(const World& world, const std::string& address) {
  for (const auto& [key, host] : world.hosts) {
    for (const auto& [name, container] : host.containers) {
      if (container.running && container.eth1.contains(address + "/32") &&
          host.routes.contains(address)) {
        return {&host, &container};
      }
    }
  }
  return {};
}

/// Each lets in the members of its profiles, and both have one in common.
bool may_talk(const World& world, const std::string& from, const std::string& to) {
  for (const auto& [id, cluster] : world.clusters) {
    const Calico::Endpoint* ends[2] = {};
    for (const auto& one : cluster.calico.endpoints) {
      if (one.workload == from) ends[0] = &one;
      if (one.workload == to) ends[1] = &one;
    }
    if (ends[0] == nullptr || ends[1] == nullptr) continue;
    return std::any_of(
        ends[0]->profiles.begin(), ends[0]->profiles.end(), [&](const std::string& one) {
          const auto& others = ends[1]->profiles;
          return cluster.calico.profile(one) != nullptr &&
                 std::find(others.begin(), others.end(), one) != others.end();
        });
  }
  return false;
}

std::string show(const Container& one) {
  std::string out = fmt::format("{} of {} ({}) restart {} volume {} {}",
                                one.id.substr(0, 12),
                                one.image,
                                one.image_id.substr(0, 19),
                                one.restart,
                                one.volume,
                                one.running ? "runs" : "stopped");
  for (const auto& [key, value] : one.labels) out += fmt::format(" label {}={}", key, value);
  for (const auto& [key, value] : one.env) out += fmt::format(" env {}={}", key, value);
  for (const auto& [key, value] : one.variables) out += fmt::format(" set {}={}", key, value);
  return out + fmt::format(" options [{}] eth1 [{}] threads {} {}",
                           fmt::join(one.options, " "),
                           fmt::join(one.eth1, " "),
                           one.io_thread,
                           one.sql_thread);
}

std::string show(const MysqlData& one) {
  std::string out = fmt::format("{} mark '{}'", one.uuid, one.mark);
  for (const auto& [account, password] : one.passwords) {
    out += fmt::format(" account {} {}{}",
                       account,
                       short_hash(password),
                       one.repl_accounts.contains(account) ? " REPLICATION SLAVE" : "");
    if (const auto limits = one.limits.find(account); limits != one.limits.end()) {
      out += " limits " + limits->second;
    }
  }
  for (const auto& [uuid, count] : one.executed) out += fmt::format(" gtid {}:1-{}", uuid, count);
  if (one.source) {
    out += fmt::format(" source {}@{}:{} {}",
                       one.source->user,
                       one.source->host,
                       one.source->port,
                       short_hash(one.source->password));
  }
  return out;
}

void add_calico(const std::string& at, const Calico& calico, Facts& out) {
  if (!calico.guid.empty()) out[at + "/guid"] = calico.guid;
  for (const auto& [cidr, pool] : calico.pools) {
    out[at + "/pool/" + cidr] = fmt::format(
        "ipip {} nat-outgoing {} disabled {}", pool.ipip, pool.nat_outgoing, pool.disabled);
  }
  for (const auto& [name, profile] : calico.profiles) {
    out[at + "/profile/" + name] =
        fmt::format("tags {} rules {}", fmt::join(profile.tags, ","), profile.rules);
  }
  for (const auto& [name, ip] : calico.nodes) out[at + "/node/" + name] = ip;
  for (const auto& one : calico.endpoints) {
    out[at + "/endpoint/" + one.address] = fmt::format("{} {} {} {} profiles {}",
                                                       one.host,
                                                       one.workload.substr(0, 12),
                                                       one.id,
                                                       one.interface,
                                                       fmt::join(one.profiles, ","));
  }
  for (const auto& address : calico.assigned) out[at + "/assigned/" + address] = "yes";
}

void add_host(const std::string& at, const Host& host, Facts& out) {
  for (const auto& name : host.packages) out[at + "/package/" + name] = "installed";
  for (const auto& [path, text] : host.files) out[at + "/file/" + path] = text;
  for (const auto& path : host.folders) out[at + "/folder/" + path] = "there";
  for (const auto& [name, id] : host.images) out[at + "/image/" + name] = id;
  for (const auto& [name, one] : host.containers) out[at + "/container/" + name] = show(one);
  for (const auto& [path, one] : host.mysql_data) out[at + "/mysql/" + path] = show(one);
  if (host.etcd.active || host.etcd.enabled) {
    out[at + "/etcd/unit"] = fmt::format("active {} enabled {} cluster {:x}",
                                         host.etcd.active,
                                         host.etcd.enabled,
                                         host.etcd.active ? host.etcd.cluster : 0);
  }
  for (const auto& [name, unit] : host.keepers) {
    out[at + "/keeper/" + name] = fmt::format("active {} enabled {}", unit.active, unit.enabled);
  }
  for (const auto& [path, ids] : host.etcd_data) {
    out[at + "/etcd/data/" + path] = fmt::format("{:x} {:x}", ids.first, ids.second);
  }
  // The order among rules of others stays; that of ours among them does not matter.
  std::map<std::string, int> same;
  for (const auto& rule : host.nat) out[fmt::format("{}/nat/{}#{}", at, rule, ++same[rule])] = "";
  for (const auto& [key, value] : host.sysctls) out[at + "/sysctl/" + key] = value;
  for (const auto& [address, dev] : host.routes) out[at + "/route/" + address] = dev;
  for (const auto& [deployment, record] : host.records) {
    for (const auto& [key, value] : record) {
      out[fmt::format("{}/record/{}/{}", at, deployment, key)] = value;
    }
  }
}

}  // namespace

void Host::make_folder(const std::string& path) {
  for (auto one = path; one != "/"; one = parent(one)) folders.insert(one);
}

bool Host::is_empty(const std::string& path) const {
  const auto none = [&](const auto& all, auto key) {
    return std::none_of(
        all.begin(), all.end(), [&](const auto& one) { return is_below(key(one), path); });
  };
  const auto first = [](const auto& one) { return one.first; };
  return none(folders, [](const auto& one) { return one; }) && none(files, first) &&
         none(mysql_data, first) && none(etcd_data, first) && !etcd_data.contains(path);
}

void Host::remove_tree(const std::string& path) {
  std::erase_if(folders, [&](const auto& one) { return one == path || is_below(one, path); });
  erase_tree(files, path);
  erase_tree(mysql_data, path);
  erase_tree(etcd_data, path);
}

void Host::stop(Container& container) {
  container.running = false;
  container.variables.clear();
  for (const auto& address : container.eth1) routes.erase(address.substr(0, address.find('/')));
  container.eth1.clear();
}

const Calico::Profile* Calico::profile(const std::string& name) const {
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

std::string World::new_id() { return fake_sha256(fmt::format("id {}", ++last_id)); }

Host* World::host_of_ip(const std::string& ip) {
  for (auto& [key, host] : hosts) {
    if (host.ip == ip) return &host;
  }
  return nullptr;
}

bool World::has_quorum(std::uint64_t cluster) const {
  for (const auto& [url, id] : external) {
    if (id == cluster) return true;
  }
  const auto found = clusters.find(cluster);
  if (found == clusters.end()) return false;
  const auto up = std::count_if(hosts.begin(), hosts.end(), [&](const auto& one) {
    return one.second.etcd.active && one.second.etcd.cluster == cluster;
  });
  return static_cast<std::size_t>(up) > found->second.members.size() / 2;
}

EtcdCluster* World::cluster_at(const std::string& client_url) {
  const auto elsewhere = external.find(client_url);
  if (elsewhere != external.end()) return &clusters[elsewhere->second];
  for (auto& [key, host] : hosts) {
    const auto url = host.etcd.config.find("ETCD_ADVERTISE_CLIENT_URLS");
    if (!host.etcd.active || host.etcd.cluster == 0 || url == host.etcd.config.end()) continue;
    if (url->second != client_url || !has_quorum(host.etcd.cluster)) continue;
    return &clusters[host.etcd.cluster];
  }
  return nullptr;
}

void World::settle() {
  for (auto& [key, host] : hosts) {
    auto& unit = host.etcd;
    if (!unit.active) continue;
    if (unit.cluster == 0) {
      join(*this, host);
    } else if (!clusters.at(unit.cluster).members.contains(unit.member)) {
      unit.active = false;  // it was removed, and ends
    }
  }
  std::erase_if(clusters, [&](const auto& one) {
    for (const auto& [url, id] : external) {
      if (id == one.first) return false;
    }
    for (const auto& [key, host] : hosts) {
      for (const auto& [path, ids] : host.etcd_data) {
        if (ids.first == one.first) return false;
      }
    }
    return true;
  });
  for (auto& [key, host] : hosts) {
    auto& unit = host.etcd;
    unit.ready |= unit.active && unit.cluster != 0 && has_quorum(unit.cluster);
  }
  for (auto& [key, host] : hosts) {
    for (auto& [name, container] : host.containers) {
      const auto data = host.mysql_data.find(container.volume);
      if (!container.running || data == host.mysql_data.end() || !data->second.source) continue;
      auto& slave = data->second;
      if (!container.io_thread || !container.sql_thread) continue;
      const auto master = reach(*this, slave.source->host);
      if (container.eth1.empty() || master.host == nullptr ||
          !may_talk(*this, container.id, master.container->id)) {
        container.io_waits = true;
      }
      if (container.io_waits) continue;
      const auto from = master.host->mysql_data.find(master.container->volume);
      if (from == master.host->mysql_data.end()) continue;
      const auto password = from->second.passwords.find(slave.source->user + "@%");
      if (password == from->second.passwords.end() || password->second != slave.source->password) {
        continue;
      }
      for (const auto& [uuid, count] : from->second.executed) {
        slave.executed[uuid] = std::max(slave.executed[uuid], count);
      }
      for (const auto& account : from->second.dropped) slave.passwords.erase(account);
      slave.dropped = from->second.dropped;
      for (const auto& [account, said] : from->second.said) {
        slave.said[account] = slave.passwords[account] = said;
      }
      for (const auto& account : from->second.repl_accounts) {
        slave.repl_accounts.insert(account);
        slave.passwords[account] = from->second.passwords.at(account);
        if (const auto limits = from->second.limits.find(account);
            limits != from->second.limits.end()) {
          slave.limits[account] = limits->second;
        }
      }
    }
  }
}

void World::cut_off(const std::string& address) {
  for (auto& [key, host] : hosts) {
    for (auto& [name, container] : host.containers) {
      const auto data = host.mysql_data.find(container.volume);
      const bool follows = data != host.mysql_data.end() && data->second.source &&
                           data->second.source->host == address;
      if (follows || container.eth1.contains(address + "/32")) container.io_waits = true;
    }
  }
}

void World::pass_time() {
  for (auto& [key, host] : hosts) {
    for (auto& [name, container] : host.containers) container.io_waits = false;
  }
  settle();
}

Facts facts(const World& world) {
  Facts out;
  for (const auto& [key, host] : world.hosts) add_host(key, host, out);
  for (const auto& [id, cluster] : world.clusters) {
    const auto at = fmt::format("cluster/{:x}", id);
    for (const auto& [number, member] : cluster.members) {
      out[fmt::format("{}/member/{:x}", at, number)] =
          fmt::format("{} {} {}", member.name, member.peer_url, member.client_url);
    }
    add_calico(at + "/calico", cluster.calico, out);
  }
  return out;
}

std::string difference(const Facts& before, const Facts& after) {
  std::string out;
  for (const auto& [key, value] : before) {
    const auto found = after.find(key);
    if (found == after.end()) {
      out += fmt::format("- {}: {}\n", key, value);
    } else if (found->second != value) {
      out += fmt::format("~ {}: {} -> {}\n", key, value, found->second);
    }
  }
  for (const auto& [key, value] : after) {
    if (!before.contains(key)) out += fmt::format("+ {}: {}\n", key, value);
  }
  return out;
}

std::string fake_sha256(const std::string& bytes) {
  std::string out;
  for (int i = 0; i < 4; ++i) out += short_hash(fmt::format("{} {}", i, bytes));
  return out;
}

}  // namespace mrc::test::property
