#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "mrc/topology/topology.hpp"

namespace mrc::systems::mysql {

/// What must be known of one generation of servers before one runs. The statements, which the host
/// chooses by the version that the running server reports, are dialect.sh's.
struct Dialect {
  std::string_view name;  ///< as dialect.sh calls it: "MySQL 8.4"
  topology::Flavour flavour;
  topology::ServerVersion from;                ///< the first version that speaks so
  std::span<const std::string_view> options;   ///< of mysqld, between the server's id and its host
  std::span<const std::string_view> at_birth;  ///< while its data directory is made: no binary log
  bool tls = false;                            ///< offers TLS without being told to
  bool server_key =
      false;  ///< without TLS a password is sent under the server's key, or not at all
  bool super_read_only = false;
};

/// The newest that is not newer than the version: a server of tomorrow gets today's newest. Null:
/// the version is older than them all.
const Dialect* find_dialect(topology::Flavour flavour, topology::ServerVersion version);
/// The same of a version that a topology has, which has no older ones.
const Dialect& dialect_of(topology::Flavour flavour, topology::ServerVersion version);

/// The version that data of an older one must have first on their way to a newer; empty: they go
/// directly.
std::optional<topology::ServerVersion> stop_between(topology::Flavour flavour,
                                                    topology::ServerVersion from,
                                                    topology::ServerVersion to);

/// What a server or its image calls itself: "5.6.24-log", "11.8.9-MariaDB-deb13". Empty: no
/// version.
struct Reported {
  topology::Flavour flavour = topology::Flavour::mysql;
  topology::ServerVersion version;
};
std::optional<Reported> parse_reported(std::string_view text);

}  // namespace mrc::systems::mysql
