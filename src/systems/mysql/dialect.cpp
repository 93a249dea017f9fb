#include "systems/mysql/dialect.hpp"

#include <array>
#include <charconv>

#include "mrc/base/bug.hpp"

namespace mrc::systems::mysql {
namespace {

using topology::Flavour;
using Words = std::string_view;

// Names of their own for the logs: the defaults follow the host name, which a new container
// changes, and then a slave does not start and a master forgets its logs. An idle channel has a
// heartbeat each second, so ten silent ones are a dead connection: one whose end went without a
// word, as with a master's interface, is not waited on for a minute.
constexpr std::array k_mysql_5_6{Words("--gtid_mode=ON"),
                                 Words("--enforce-gtid-consistency"),
                                 Words("--log-bin=mysql-bin"),
                                 Words("--log-slave-updates"),
                                 Words("--relay-log=mysql-relay"),
                                 Words("--relay-log-recovery=ON"),
                                 Words("--master-info-repository=TABLE"),
                                 Words("--relay-log-info-repository=TABLE"),
                                 Words("--binlog-format=ROW"),
                                 Words("--sync-binlog=1"),
                                 Words("--slave-net-timeout=10")};
// The info repositories are tables anyway; the format is ROW, and to say so is on its way out.
constexpr std::array k_mysql_8_0{Words("--gtid_mode=ON"),
                                 Words("--enforce-gtid-consistency"),
                                 Words("--log-bin=mysql-bin"),
                                 Words("--log-slave-updates"),
                                 Words("--relay-log=mysql-relay"),
                                 Words("--relay-log-recovery=ON"),
                                 Words("--sync-binlog=1"),
                                 Words("--slave-net-timeout=10")};
constexpr std::array k_mysql_8_4{Words("--gtid_mode=ON"),
                                 Words("--enforce-gtid-consistency"),
                                 Words("--log-bin=mysql-bin"),
                                 Words("--log-replica-updates"),
                                 Words("--relay-log=mysql-relay"),
                                 Words("--relay-log-recovery=ON"),
                                 Words("--sync-binlog=1"),
                                 Words("--replica-net-timeout=10")};
// GTIDs are always on. The number of retries is no part of a channel here.
constexpr std::array k_mariadb{Words("--log-bin=mysql-bin"),
                               Words("--log-slave-updates"),
                               Words("--gtid-strict-mode=ON"),
                               Words("--relay-log=mysql-relay"),
                               Words("--relay-log-recovery=ON"),
                               Words("--binlog-format=ROW"),
                               Words("--sync-binlog=1"),
                               Words("--slave-net-timeout=10"),
                               Words("--master-retry-count=86400")};
constexpr std::array k_no_log{Words("--skip-log-bin")};

// Columns: name, flavour, from, options, at birth, TLS, server's key, super_read_only.
constexpr std::array k_dialects{
    Dialect{"MySQL 5.6", Flavour::mysql, {5, 6}, k_mysql_5_6, {}, false, false, false},
    Dialect{"MySQL 5.7", Flavour::mysql, {5, 7}, k_mysql_5_6, {}, true, false, true},
    Dialect{"MySQL 8.0", Flavour::mysql, {8, 0}, k_mysql_8_0, k_no_log, true, true, true},
    Dialect{"MySQL 8.4", Flavour::mysql, {8, 2}, k_mysql_8_4, k_no_log, true, true, true},
    Dialect{"MySQL 9", Flavour::mysql, {9, 0}, k_mysql_8_4, k_no_log, true, true, true},
    Dialect{"MariaDB 10", Flavour::mariadb, {10, 10}, k_mariadb, {}, false, false, false},
    Dialect{"MariaDB 11", Flavour::mariadb, {11, 4}, k_mariadb, {}, true, false, false},
};

/// Servers from `to` on take no data of one before `from`.
struct Gate {
  topology::ServerVersion to;
  topology::ServerVersion from;
};
// MySQL's. Into the next major version only its last LTS release leads; the releases that are named
// by their years come behind 9.7, and nothing is known yet of gates between them.
constexpr std::array k_gates{
    Gate{{8, 0}, {5, 7}}, Gate{{8, 1}, {8, 0}}, Gate{{9, 0}, {8, 4}}, Gate{{26, 0}, {9, 7}}};

}  // namespace

const Dialect* find_dialect(Flavour flavour, topology::ServerVersion version) {
  const Dialect* best = nullptr;
  for (const auto& dialect : k_dialects) {
    if (dialect.flavour == flavour && dialect.from <= version) best = &dialect;
  }
  return best;
}

const Dialect& dialect_of(Flavour flavour, topology::ServerVersion version) {
  const auto* const found = find_dialect(flavour, version);
  MRC_CHECK(found != nullptr);
  return *found;
}

std::optional<topology::ServerVersion> stop_between(Flavour flavour,
                                                    topology::ServerVersion from,
                                                    topology::ServerVersion to) {
  if (flavour == Flavour::mariadb) return {};  // which is not so strict
  std::optional<topology::ServerVersion> stop;
  for (auto gate = k_gates.rbegin(); gate != k_gates.rend(); ++gate) {
    const auto goal = stop.value_or(to);
    if (gate->to <= goal && from < gate->from) stop = gate->from;
  }
  return stop;
}

std::optional<Reported> parse_reported(std::string_view text) {
  Reported out;
  if (text.find("MariaDB") != std::string_view::npos) out.flavour = Flavour::mariadb;
  const auto* const end = text.data() + text.size();
  const auto [dot, error] = std::from_chars(text.data(), end, out.version.major);
  if (error != std::errc{} || dot == end || *dot != '.') return {};
  const auto [rest, failed] = std::from_chars(dot + 1, end, out.version.minor);
  if (failed != std::errc{}) return {};
  return out;
}

}  // namespace mrc::systems::mysql
