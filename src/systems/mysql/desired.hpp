#pragma once

#include <string>
#include <vector>

#include "mrc/systems/registry.hpp"

namespace mrc::systems::mysql {

/// What one generation of servers calls things. A further one is a further row.
struct Dialect {
  topology::ServerVersion from;  ///< the first version that speaks so
  bool alter_user = false;       ///< ALTER USER .. IDENTIFIED BY; else SET PASSWORD = PASSWORD()
  bool super_read_only = false;
  /// SQL function that waits for a GTID set, taking the set and seconds.
  std::string_view wait_function;
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
  std::string root_host;
  std::string user;  ///< of replication
  Secret root_password;
  Secret password;  ///< of replication
  Dialect dialect;
  std::vector<Server> servers;  ///< the master first
  const Server& master() const { return servers.front(); }
};

Desired make_desired(const Inputs& inputs);

/// docker run's words between the name and the arguments of mysqld, without the spec label.
std::vector<std::string> run_words(const Desired& desired, const Server& server);
/// A hash of all that a container is made from: when it differs, the container must be replaced.
std::string spec_hash(const Desired& desired, const Server& server);

}  // namespace mrc::systems::mysql
