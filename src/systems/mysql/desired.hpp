#pragma once

#include <string>
#include <vector>

#include "mrc/systems/registry.hpp"
#include "systems/mysql/dialect.hpp"

namespace mrc::systems::mysql {

using Difference = std::vector<plan::DiffLine>;

/// One server as it shall be.
struct Server {
  ServerId id;
  HostId host;
  Ipv4 address;
  std::uint32_t server_id = 0;
  bool is_master = false;
  Ipv4 host_ip;
  std::vector<Port> exposed;               ///< of its host
  std::vector<std::string> own_options;    ///< the operator's, as arguments of mysqld
  std::vector<std::string> options;        ///< all arguments of mysqld, mrc's first
  std::vector<std::string> birth_options;  ///< of the server that makes its data directory
  std::vector<std::string> copy_options;   ///< of the one that fills it with a copy
};

struct Desired {
  std::string deployment;
  std::string image;
  std::string data_root;
  std::string network;  ///< of Docker's, for the containers; empty: its bridge
  std::string root_host;
  std::string user;  ///< of replication
  Secret root_password;
  std::optional<Secret> root_password_before;  ///< servers may still have this one
  Secret password;                             ///< of replication
  Dialect dialect;
  topology::ServerVersion version;  ///< of the image's server, as the file has it
  bool copy_before_upgrade = false;
  std::string restart;   ///< what the containers must have been made for; empty: for anything
  std::string_view tls;  ///< of slaves' connections: "on", "off" or "server-key"
  std::string_view
      require;  ///< "SSL" or "NONE": what the replication account's connections must be
  std::uint32_t max_connections = 0;  ///< of the replication account, at once; 0: no limit
  bool adopt = false;                 ///< containers and data without a mark are taken over
  std::vector<Server> servers;        ///< the master first
  const Server& master() const { return servers.front(); }
};

Desired make_desired(const Inputs& inputs);

/// The lines of my.cnf in a server's data directory: what its part in replication asks of it from
/// its start on. There and not among its arguments, as a switchover must not replace a container.
std::vector<std::string> role_lines(const Desired& desired, bool is_master);

std::string data_path(const Desired& desired, const ServerId& server);

/// Where a slave finds its master, and how it talks to it.
struct Source {
  std::string address;
  std::string_view tls;  ///< as Desired::tls
};
Source source_of(const Desired& desired);

/// For scripts that log in as root, which some servers let in by the password before only: see
/// mrc_mysql_former.
void say_former(shell::Script& script, const Desired& desired);

/// For scripts that reach servers with such TLS: see mrc_mysql_far.
void say_tls(shell::Script& script, const Desired& desired, std::string_view tls);

}  // namespace mrc::systems::mysql
