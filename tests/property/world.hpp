#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Hosts that are only values in memory: what the systems can read of a host and change on it, and
/// nothing more. Who runs scripts on it is shell.hpp; what a script's functions do is in
/// fake_*.cpp.
namespace mrc::test::property {

/// What is in a MySQL data directory, and outlives the container that serves it.
struct MysqlData {
  std::string mark;  ///< the deployment that .mrc beside it names; empty: there is no .mrc
  std::string uuid;
  std::string role;                              ///< the lines of my.cnf, each with a ';' behind it
  std::map<std::string, std::string> passwords;  ///< account "root@localhost" → password
  std::set<std::string> repl_accounts;           ///< those with REPLICATION SLAVE
  std::map<std::string, std::string> said;       ///< the same of statements in the binary log
  std::set<std::string> dropped;                 ///< accounts, by such statements
  std::map<std::string, std::string> limits;  ///< account → how it must connect, a tab, how often
  std::map<std::string, int> executed;        ///< GTID set: server uuid → transactions
  struct Source {
    std::string host, user, password;
    int port = 0;
    std::string connect_retry, retry_count, heartbeat, delay;
    bool auto_position = false;
    bool operator==(const Source&) const = default;
  };
  std::optional<Source> source;  ///< CHANGE MASTER TO
};

struct Container {
  std::string id;  ///< 64 hex digits
  std::string image;
  std::string image_id;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> env;
  std::string restart;
  std::string hostname;
  std::string stop_timeout;
  std::string volume;                ///< the host's side of its data directory
  std::vector<std::string> options;  ///< arguments of mysqld
  bool running = true;
  std::set<std::string> eth1;  ///< addresses that Calico gave it, "10.77.0.50/32"
  // Of a server, for as long as it runs.
  std::map<std::string, std::string> variables;  ///< those that were SET GLOBAL or given as option
  bool io_thread = false;
  bool sql_thread = false;
  bool io_waits = false;  ///< its connection broke: it is Connecting until its next try
};

/// The unit etcd.service and what it serves.
struct EtcdUnit {
  bool active = false;
  bool ready = false;  ///< it has told systemd so, and serves clients: had a quorum since its start
  bool enabled = false;
  std::map<std::string, std::string> config;  ///< as it was when the unit started
  std::uint64_t cluster = 0;                  ///< 0: it has not found its peers
  std::uint64_t member = 0;
  bool started() const { return active; }
};

/// A unit of mrc's that keeps a server; its file and its script are among the host's files.
struct KeeperUnit {
  bool active = false;
  bool enabled = false;
};

struct Host {
  std::string name;  ///< `uname -n`
  std::string ip;
  std::set<std::string> packages;
  std::map<std::string, std::string> files;
  std::set<std::string> folders;
  std::map<std::string, std::string> images;  ///< name → id
  std::map<std::string, Container> containers;
  std::map<std::string, MysqlData> mysql_data;  ///< by path
  EtcdUnit etcd;
  std::map<std::string, KeeperUnit> keepers;  ///< by name, "mrc-orders.mysql-1.service"
  /// Data directory → cluster and member that its files belong to.
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> etcd_data;
  std::vector<std::string> nat;                ///< as iptables-save prints them
  std::map<std::string, std::string> sysctls;  ///< "net/ipv4/ip_forward" → "1"
  std::map<std::string, std::string> routes;   ///< address → interface
  /// Deployment → key → JSON text of its value: /var/lib/mrc/NAME.json.
  std::map<std::string, std::map<std::string, std::string>> records;

  /// The folder and all above it.
  void make_folder(const std::string& path);
  bool has_folder(const std::string& path) const { return path == "/" || folders.contains(path); }
  /// Nothing is in it: no file, folder or data.
  bool is_empty(const std::string& path) const;
  void remove_tree(const std::string& path);
  /// The container ends: its network goes, with the route to it.
  void stop(Container& container);
};

/// Calico v0.22's keys.
struct Calico {
  std::string guid;
  struct Pool {
    bool ipip = false, nat_outgoing = false, disabled = false;
  };
  std::map<std::string, Pool> pools;
  struct Profile {
    std::set<std::string> tags;
    std::string rules;
  };
  std::map<std::string, Profile> profiles;
  std::map<std::string, std::string> nodes;  ///< host name → address
  struct Endpoint {
    std::string host, workload, id, interface, address;
    std::vector<std::string> profiles;
  };
  std::vector<Endpoint> endpoints;
  std::set<std::string> assigned;  ///< addresses, by its IPAM
  bool empty() const {
    return guid.empty() && pools.empty() && profiles.empty() && nodes.empty() &&
           endpoints.empty() && assigned.empty();
  }
  const Profile* profile(const std::string& name) const;
};

struct EtcdCluster {
  struct Member {
    std::string name, peer_url, client_url;  ///< without a client url it has never started
  };
  std::map<std::uint64_t, Member> members;
  Calico calico;
};

struct World {
  std::map<std::string, Host> hosts;  ///< by the topology's name for them
  std::map<std::uint64_t, EtcdCluster> clusters;
  /// Client URL of a cluster that runs on no host of these → its id. It always answers.
  std::map<std::string, std::uint64_t> external;
  std::uint64_t last_id = 0;

  /// 64 hex digits, never twice the same.
  std::string new_id();
  std::uint64_t new_number() { return ++last_id; }

  Host* host_of_ip(const std::string& ip);
  /// The cluster behind this client URL when its member runs and has a quorum.
  EtcdCluster* cluster_at(const std::string& client_url);
  bool has_quorum(std::uint64_t cluster) const;

  /// What happens by itself after each command: members find their peers, slaves catch up.
  void settle();
  /// The connections of the server at this address break, its slaves' to it too.
  void cut_off(const std::string& address);
  /// Seconds go by in which nobody does anything: slaves have tried again.
  void pass_time();
};

/// Everything in the world, as a path → its value: to compare, and to show what differs.
using Facts = std::map<std::string, std::string>;
Facts facts(const World& world);
/// One line for each fact of `before` that is not so in `after`, and the other way round.
std::string difference(const Facts& before, const Facts& after);

/// A stand-in for SHA-256: 64 hex digits that tell contents apart.
std::string fake_sha256(const std::string& bytes);

}  // namespace mrc::test::property
