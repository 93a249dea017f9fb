#include "property/drift.hpp"

#include <algorithm>

namespace mrc::test::property {
namespace {

/// What a hand reaches: one server of the file, on its host.
struct Hand {
  World& world;
  const topology::Topology& topology;
  const topology::Server& server;
  Host& host;
  Random& random;

  Container& container() { return host.containers.at(server.id.text()); }
  std::string unit() const { return "mrc-orders." + server.id.text() + ".service"; }
  KeeperUnit& keeper() { return host.keepers.at(unit()); }
  bool is_slave() const { return server.id != *topology.mysql.master; }
  MysqlData& data() { return host.mysql_data.at(container().volume); }
  Calico& calico() {
    for (auto& [id, cluster] : world.clusters) {
      if (cluster.calico.pools.contains(topology.calico.pool->text())) return cluster.calico;
    }
    throw Broken("no cluster has the pool");
  }
  Calico::Endpoint& endpoint() {
    auto& all = calico().endpoints;
    const auto found = std::find_if(all.begin(), all.end(), [&](const Calico::Endpoint& one) {
      return one.address == server.address.text();
    });
    if (found == all.end()) throw Broken("no endpoint of " + server.id.text());
    return *found;
  }
  bool on_member() const {
    return std::any_of(topology.etcd.members.begin(),
                       topology.etcd.members.end(),
                       [&](const auto& one) { return *one == server.host; });
  }
};

struct Deed {
  const char* name;
  bool (*act)(Hand& hand);  ///< false: there is no such thing here
};

bool our_rule(const Hand& hand, const std::string& rule) {
  return rule.find("\"mrc:orders:" + hand.server.id.text() + "\"") != std::string::npos;
}

constexpr Deed k_deeds[] = {
    {"docker stop of a server",
     [](Hand& hand) {
       hand.host.stop(hand.container());
       return true;
     }},
    {"docker rm -f of a server",
     [](Hand& hand) {
       hand.host.stop(hand.container());
       hand.host.containers.erase(hand.server.id.text());
       return true;
     }},
    {"a server's container is another one",
     [](Hand& hand) {
       hand.container().labels["mrc.spec"] = "0000000000000000";
       return true;
     }},
    {"STOP SLAVE",
     [](Hand& hand) {
       if (!hand.is_slave()) return false;
       hand.container().sql_thread = false;
       return true;
     }},
    {"STOP SLAVE IO_THREAD",
     [](Hand& hand) {
       if (!hand.is_slave()) return false;
       hand.container().io_thread = false;
       return true;
     }},
    {"SET GLOBAL read_only=OFF",
     [](Hand& hand) {
       if (!hand.is_slave()) return false;
       hand.container().variables["read_only"] = "OFF";
       return true;
     }},
    {"RESET SLAVE ALL",
     [](Hand& hand) {
       if (!hand.is_slave()) return false;
       hand.data().source.reset();
       return true;
     }},
    {"CHANGE MASTER TO another one",
     [](Hand& hand) {
       if (!hand.is_slave()) return false;
       hand.data().source->host = "10.77.0.200";
       return true;
     }},
    {"DROP USER of replication on the master",
     [](Hand& hand) {
       if (hand.is_slave()) return false;
       hand.data().repl_accounts.clear();
       hand.data().passwords.erase(hand.topology.mysql.replication_user + "@%");
       hand.data().limits.clear();
       return true;
     }},
    {"ALTER USER of replication on the master, with a limit",
     [](Hand& hand) {
       if (hand.is_slave() || hand.data().limits.empty()) return false;
       for (auto& [account, limits] : hand.data().limits) limits = "SSL\t3";
       return true;
     }},
    {"another account of root on the master, or one less",
     [](Hand& hand) {
       if (hand.is_slave()) return false;
       auto& passwords = hand.data().passwords;
       if (passwords.erase("root@%") == 0) passwords["root@%"] = "by hand";
       return true;
     }},
    {"a NAT rule is deleted",
     [](Hand& hand) {
       auto& rules = hand.host.nat;
       const auto found = std::find_if(rules.begin(), rules.end(), [&](const std::string& rule) {
         return our_rule(hand, rule);
       });
       if (found == rules.end()) return false;
       rules.erase(found);
       return true;
     }},
    {"a NAT rule is there twice",
     [](Hand& hand) {
       auto& rules = hand.host.nat;
       const auto found = std::find_if(rules.begin(), rules.end(), [&](const std::string& rule) {
         return our_rule(hand, rule);
       });
       if (found == rules.end()) return false;
       rules.push_back(*found);
       return true;
     }},
    {"iptables -F: all our rules",
     [](Hand& hand) {
       return std::erase_if(hand.host.nat, [&](const auto& one) { return our_rule(hand, one); }) >
              0;
     }},
    {"systemctl disable etcd",
     [](Hand& hand) {
       if (!hand.on_member()) return false;
       hand.host.etcd.enabled = false;
       return true;
     }},
    {"systemctl stop etcd",
     [](Hand& hand) {
       if (!hand.on_member()) return false;
       hand.host.etcd.active = false;
       return true;
     }},
    {"another line in etcd's configuration",
     [](Hand& hand) {
       if (!hand.on_member()) return false;
       hand.host.files["/etc/default/etcd"] += "ETCD_HEARTBEAT_INTERVAL=\"500\"\n";
       return true;
     }},
    {"etcd's configuration is lost",
     [](Hand& hand) {
       if (!hand.on_member()) return false;
       hand.host.files.erase("/etc/default/etcd");
       return true;
     }},
    {"docker stop calico-node",
     [](Hand& hand) {
       hand.host.containers.at("calico-node").running = false;
       return true;
     }},
    {"docker rm -f calico-node",
     [](Hand& hand) {
       hand.host.containers.erase("calico-node");
       return true;
     }},
    {"calicoctl is removed",
     [](Hand& hand) {
       const auto made = hand.host.records.at("orders");
       if (!made.contains("calico/calicoctl")) return false;
       return hand.host.files.erase("/usr/local/bin/calicoctl") > 0;
     }},
    {"calicoctl pool add without its options",
     [](Hand& hand) {
       auto& pool = hand.calico().pools.at(hand.topology.calico.pool->text());
       const bool had = pool.ipip || pool.nat_outgoing;
       pool.ipip = pool.nat_outgoing = false;
       return had;
     }},
    {"a rule is added to the profile",
     [](Hand& hand) {
       hand.calico().profiles.at(hand.topology.calico.profile).rules =
           R"({"inbound_rules":[{"action":"deny"}],"outbound_rules":[]})";
       return true;
     }},
    {"the profile is removed",
     [](Hand& hand) { return hand.calico().profiles.erase(hand.topology.calico.profile) > 0; }},
    {"calicoctl node remove",
     [](Hand& hand) { return hand.calico().nodes.erase(hand.host.name) > 0; }},
    {"the container lost its interface",
     [](Hand& hand) {
       hand.container().eth1.clear();
       hand.host.routes.erase(hand.server.address.text());
       return true;
     }},
    {"the route is gone",
     [](Hand& hand) { return hand.host.routes.erase(hand.server.address.text()) > 0; }},
    {"the endpoint has another profile",
     [](Hand& hand) {
       hand.endpoint().profiles = {"web"};
       return true;
     }},
    {"calicoctl container remove",
     [](Hand& hand) {
       const auto address = hand.server.address.text();
       std::erase_if(hand.calico().endpoints,
                     [&](const auto& one) { return one.address == address; });
       hand.calico().assigned.erase(address);
       hand.container().eth1.clear();
       hand.host.routes.erase(address);
       return true;
     }},
    {"sysctl rp_filter=2",
     [](Hand& hand) {
       hand.host.sysctls["net/ipv4/conf/all/rp_filter"] = "2";
       return true;
     }},
    {"systemctl stop of a server's unit",
     [](Hand& hand) {
       hand.keeper().active = false;
       return true;
     }},
    {"systemctl disable of a server's unit",
     [](Hand& hand) {
       hand.keeper().enabled = false;
       return true;
     }},
    {"a server's unit is edited",
     [](Hand& hand) {
       hand.host.files.at("/etc/systemd/system/" + hand.unit()) += "# by hand\n";
       return true;
     }},
    {"a unit's script is removed",
     [](Hand& hand) {
       return hand.host.files.erase("/var/lib/mrc/orders.d/" + hand.server.id.text() + ".sh") > 0;
     }},
    {"docker rmi -f of the servers' image",
     [](Hand& hand) {
       const auto& image = *hand.topology.mysql.image;
       const bool ours = hand.host.records.at("orders").contains("docker/image/" + image);
       return ours && hand.host.images.erase(image) > 0;
     }},
};

}  // namespace

std::string drift(World& world, const topology::Topology& topology, Random& random) {
  for (int tries = 0; tries < 20; ++tries) {
    const auto& server = topology.mysql.servers[pick(random, topology.mysql.servers.size())];
    Hand hand{world, topology, server, world.hosts.at(server.host.text()), random};
    const auto& deed = k_deeds[pick(random, std::size(k_deeds))];
    if (!deed.act(hand)) continue;
    world.settle();
    return fmt::format("{}: {}, {}", server.host, server.id, deed.name);
  }
  return {};
}

}  // namespace mrc::test::property
