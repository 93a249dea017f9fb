#pragma once

#include <string>
#include <vector>

#include "mrc/systems/registry.hpp"

namespace mrc::systems::mysql {

using Difference = std::vector<plan::DiffLine>;

/// What one generation of servers calls things. A further one is a further row.
struct Dialect {
  topology::ServerVersion from;  ///< the first version that speaks so
  bool alter_user = false;       ///< ALTER USER .. IDENTIFIED BY; else SET PASSWORD = PASSWORD()
  bool super_read_only = false;
  /// SQL function that waits for a GTID set, taking the set and seconds.
  std::string_view wait_function;
  /// Asks a slave how many heartbeats of its master it has heard.
  std::string_view heartbeats;
};

const Dialect& dialect_of(topology::ServerVersion version);

/// One server as it shall be.
struct Server {
  ServerId id;
  HostId host;
  Ipv4 address;
  std::uint32_t server_id = 0;
  bool is_master = false;
  Ipv4 host_ip;
  std::optional<Port> exposed;
  std::vector<std::string> own_options;  ///< the operator's, as arguments of mysqld
  std::vector<std::string> options;      ///< all arguments of mysqld, mrc's first
};

struct Desired {
  std::string deployment;
  std::string image;
  std::string data_root;
  std::string network;  ///< of Docker's, for the containers; empty: its bridge
  std::string root_host;
  std::string user;  ///< of replication
  Secret root_password;
  Secret password;  ///< of replication
  Dialect dialect;
  bool adopt = false;           ///< containers and data without a mark are taken over
  std::vector<Server> servers;  ///< the master first
  const Server& master() const { return servers.front(); }
};

Desired make_desired(const Inputs& inputs);

std::string data_path(const Desired& desired, const ServerId& server);

}  // namespace mrc::systems::mysql
