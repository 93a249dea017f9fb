#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "mrc/base/diagnostics.hpp"
#include "mrc/base/id.hpp"
#include "mrc/base/net.hpp"
#include "mrc/base/secret.hpp"

/// What one file asks for: plain values, wholly validated. Maps and lists keep the file's order.
namespace mrc::topology {

/// Where a secret is taken from.
struct SecretSource {
  enum class Kind { env, file, command, literal } kind = Kind::env;
  std::string value;  ///< variable name, path, shell command, or (literal) the secret itself
  std::string label;  ///< its key in the file: "mysql.root_password"
  SourceMark at;
  bool operator==(const SecretSource&) const = default;
};

/// An artefact that mrc puts on hosts: a local path, or a URL with its SHA-256.
struct ArtefactSource {
  std::string path;  ///< set, or `url` is; relative ones are resolved against the file's folder
  std::string url;
  std::string sha256;  ///< 64 lowercase hex digits; needed with `url`, optional with `path`
  SourceMark at;
  bool operator==(const ArtefactSource&) const = default;
};

struct Ssh {
  std::string user;
  int port = 0;
  bool become = false;
  std::optional<SecretSource> become_password;
};

struct Host {
  HostId id;
  std::string address;  ///< what ssh connects to: a name or an IPv4 address
  Ipv4 ip;              ///< `address` when it is one, else the key `ip`: what peers and clients use
  std::string interface;  ///< where the outside comes in; empty: the one that carries `ip`
  std::string host_key;   ///< pinned; empty: known_hosts decides
  std::string user;       ///< empty: ssh.user
  int port = 0;           ///< 0: ssh.port
  SourceMark at;
};

struct Etcd {
  enum class Install { package, none };
  std::vector<Located<HostId>> members;  ///< empty exactly when `endpoints` is not
  std::vector<std::string> endpoints;    ///< a cluster that is not ours, never changed
  std::string cluster_token;
  std::string data_dir;  ///< default /var/lib/etcd/default.etcd, as in the article
  Install install = Install::package;
  Port client_port{2379};
  Port peer_port{2380};
};

struct Calico {
  /// How packets travel between hosts; the cross-subnet ones tunnel only where the hosts share no
  /// network.
  enum class Mode { none, ipip, ipip_cross_subnet, vxlan, vxlan_cross_subnet };
  std::string version;  ///< "v0.22.0", "v3.32.1"
  Located<Cidr> pool;
  bool nat_outgoing = false;
  bool ipip = false;       ///< only v0.22
  Mode mode = Mode::none;  ///< only v3
  int mtu = 0;             ///< of a container's interface; 0: Calico's own choice; only v3
  std::string profile;
  bool libnetwork = false;  ///< the article's --libnetwork; only v0.22
  std::optional<ArtefactSource> calicoctl;
  std::optional<ArtefactSource> cni;           ///< the program `calico`; only v3
  std::optional<ArtefactSource> node_archive;  ///< what `docker load` makes the image of; only v3
  std::string node_image;                      ///< "calico/node:v0.22.0"
  std::string libnetwork_image;                ///< "calico/node-libnetwork:v0.9.0"; only v0.22

  /// Of the two generations, which share no command, key or file.
  bool is_v3() const { return version.starts_with("v3."); }
};

/// The options of mysqld in the order written: name → value; a name alone has no value.
using Options = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct Server {
  ServerId id;  ///< container name, and folder under data_root
  HostId host;
  Ipv4 address;
  std::uint32_t server_id = 0;
  Options options;             ///< its own; win over Mysql::options
  std::optional<Port> expose;  ///< its own; wins over Expose::port
  SourceMark at;
};

enum class Flavour { mysql, mariadb };

/// major.minor of the image's server, as its tag says: with its flavour, decides the dialect.
struct ServerVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ServerVersion&) const = default;
};

/// How slaves keep their connection's password from whoever listens.
enum class ReplicationTls {
  where_offered,  ///< TLS, where the servers of this version have it without being told to
  off,            ///< neither TLS nor anything else
  server_key,     ///< no TLS; the password goes under the master's key, which anybody could give
};

struct Mysql {
  Located<std::string> image;
  Flavour flavour = Flavour::mysql;
  ServerVersion version;
  SecretSource root_password;
  std::optional<SecretSource> root_password_before;  ///< servers may still have this one
  std::string root_host;  ///< from where root may log in: "localhost" (default) or "%", as the
                          ///< article's image
  std::string replication_user;
  SecretSource replication_password;
  ReplicationTls replication_tls = ReplicationTls::where_offered;
  bool replication_requires_tls = false;  ///< the master lets the account in by TLS alone
  Located<std::uint32_t> replication_max_connections;  ///< of the account, at once; 0: no limit
  Options options;
  std::string data_root;
  /// Before a newer server starts on a server's data, these are copied beside.
  bool copy_before_upgrade = false;
  std::string restart;  ///< containers made with another text are replaced; empty: any will do
  std::vector<Server> servers;
  Located<ServerId> master;

  const Server& server(const ServerId& id) const;
};

/// "/opt/Docker/mysql-master/data"
std::string data_path(const std::string& data_root, const ServerId& server);

struct Expose {
  Port port;
  /// On the master's host alone: it goes with the master's part.
  std::optional<Located<Port>> writer_port;
  std::string interface;  ///< empty: the host's own
};

struct Topology {
  std::string name;
  Ssh ssh;
  std::vector<Host> hosts;
  Etcd etcd;
  Calico calico;
  Mysql mysql;
  std::optional<Expose> expose;

  const Host& host(const HostId& id) const;
  /// The host's servers, in file order.
  std::vector<const Server*> servers_on(const HostId& id) const;
  /// The port on the server's host that reaches it from outside; empty: not exposed.
  std::optional<Port> exposed_port(const Server& server) const;
  /// That, and the master's for writers.
  std::vector<Port> exposed_ports(const Server& server) const;
};

/// The opened secrets of one topology.
struct Secrets {
  Secret root_password;
  std::optional<Secret> root_password_before;
  Secret replication_password;
  std::optional<Secret> become_password;
};

/// Text → values. Every fault is in `diags`; empty exactly when one of them is an error. Pure.
/// `folder`: what relative paths in the file are relative to.
std::optional<Topology> parse_topology(const SourceText& source,
                                       const std::filesystem::path& folder,
                                       Diagnostics& diags);

/// Opens the secrets: reads the environment and files, runs commands (each at most 30 s, stdout
/// without its last newline). A missing one is an error at its place in the file, as is one that
/// the servers would cut or refuse (replication over 32 characters, root over 64, NUL inside).
std::optional<Secrets> load_secrets(const Topology& topology,
                                    const std::filesystem::path& folder,
                                    Diagnostics& diags);

/// The topology's JSON Schema (draft 2020-12), made from the same table of keys that the parser
/// uses.
std::string render_schema();

}  // namespace mrc::topology
