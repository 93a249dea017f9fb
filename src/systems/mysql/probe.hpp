#pragma once

#include <map>
#include <optional>
#include <string>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"

namespace mrc::systems::mysql {

struct Container {
  bool running = false;
  std::string deployment;  ///< its label; empty: not of mrc
  std::string spec;
  std::string image;  ///< by name
  std::string image_id;
  bool operator==(const Container&) const = default;
};

/// What one server's host says of it.
struct Observed {
  bool docker_down = false;
  bool has_data = false;
  std::string data_of;   ///< the deployment that the data directory's mark names; empty: none
  bool staging = false;  ///< a half-made data directory lies about
  std::optional<Container> container;
  std::string wanted_image_id;  ///< of the wanted image on this host; empty: not there
  std::string sql_error;        ///< why root could not ask; empty when it could
  std::map<std::string, std::string> variables;
  int accounts = 0;         ///< replication users with the privilege
  std::string login_error;  ///< why the replication user could not log in
  bool answered = false;    ///< the server was asked, and `variables` and what follows are known
  std::map<std::string, std::string> slave;  ///< SHOW SLAVE STATUS; empty: no slave
  std::string of_slave(const std::string& field) const;
};

/// Reads what mrc_mysql_probe printed for all servers of one host, a tab between word and value.
/// Errors: `unreadable` for a line it does not know and for an answer without its `end`.
Result<std::map<ServerId, Observed>> parse_probe(std::string_view text);

}  // namespace mrc::systems::mysql
