#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"

namespace mrc::systems::mysql {

/// One thing that a container was made with: "stop timeout", "120". A field may be there several
/// times; what is as Docker and the image have it anyway is left out.
struct Field {
  std::string name;
  std::string value;
  bool operator==(const Field&) const = default;
};
using Fields = std::vector<Field>;

/// The label that says for which restart of the file's a container was made, and its field.
constexpr std::string_view k_restart_label = "mrc.restart=";
constexpr std::string_view k_restart_field = "restart";

/// An argument of mysqld as the field of its name, however that was spelt.
Field argument_field(const std::string& argument);
/// The same of an option of the file, with or without its `loose`.
Field option_field(const std::string& argument);

struct Container {
  std::string status;      ///< "running", "paused", "exited", ..
  std::string deployment;  ///< its label; empty: not of mrc
  std::string image_id;
  Fields fields;
  std::string data;  ///< the host's directory that it has as its data; empty: none
  bool running() const { return status == "running" || status == "restarting"; }
};

/// The replication account, as the server has it.
struct Account {
  bool exists = false;
  std::set<std::string> grants;       ///< "REPLICATION SLAVE ON *.*"
  std::string require = "NONE";       ///< of its connections: "SSL", "X509", "SPECIFIED"
  std::string max_connections = "0";  ///< at once; 0: no limit
};

/// How many accounts have the plugin mysql_native_password, by "root@localhost" and other names of
/// mrc's; all of other people by "others". Of MySQL alone.
using NativeAccounts = std::map<std::string, std::uint64_t>;

/// What a slave keeps of its channel and does not show.
struct Channel {
  std::string heartbeat;  ///< seconds
  bool password_is_wanted = false;
};

/// What one server's host says of it.
struct Observed {
  bool docker_down = false;
  bool has_data = false;
  /// The lines of my.cnf in it, comments apart, each with a ';' behind it; empty: there is none.
  std::string role;
  std::string had;  ///< "9.7.4": the server that the data had last; empty: not known
  std::string
      had_before;  ///< the one before that, until that has been seen to answer; empty: it has
  bool half_upgraded = false;  ///< its system tables are of an older server than its own
  std::string data_of;         ///< the deployment that the data directory's mark names; empty: none
  bool staging = false;        ///< a half-made data directory lies about
  std::optional<Container> container;
  bool has_address = false;     ///< its container has the server's address on an interface
  std::string wanted_image_id;  ///< of the wanted image on this host; empty: not there
  std::string image_version;    ///< of its server, as the image's variables say; empty: not known
  std::string sql_error;        ///< why root could not ask; empty when it could
  bool root_before = false;     ///< root could by the password before alone
  std::map<std::string, std::string> variables;
  Account account;
  NativeAccounts native;
  std::map<std::string, std::uint64_t> events;  ///< scheduled ones, by their status
  std::map<std::string, bool> outside;  ///< hosts but its own from which root may come, and grant
  std::string login_error;              ///< why the replication user could not log in
  bool answered = false;       ///< the server was asked, and `variables` and what follows are known
  std::set<std::string> lent;  ///< addresses that may copy it
  std::uint64_t size_kb = 0;   ///< of its data, where its binary logs are not whole
  std::set<std::string> listeners;  ///< server ids of the slaves that are connected to it
  std::string applier;  ///< what stopped its applier, where the server tells more than its status
  std::map<std::string, std::string> slave;  ///< SHOW SLAVE STATUS; empty: no slave
  std::optional<Channel> channel;
  std::string of_slave(const std::string& field) const;
  std::string variable(const std::string& name) const;
};

/// The version of the server that its data have or had; empty: not known.
std::string had(const Observed& seen);

/// What one host says.
struct HostObserved {
  std::map<ServerId, Observed> servers;
  std::set<ServerId> marked;  ///< servers whose containers have this deployment's mark
};

/// Reads what mrc_mysql_probe printed for all servers of one host, a tab between word and value.
/// Errors: `unreadable` for a line it does not know and for an answer without its `end`.
Result<HostObserved> parse_probe(std::string_view text);

}  // namespace mrc::systems::mysql
