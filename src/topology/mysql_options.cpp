#include "topology/mysql_options.hpp"

#include <algorithm>
#include <array>

namespace mrc::topology {
namespace {

/// Where one option is known: by MySQL in [from, until), by MariaDB or not.
struct Known {
  std::string_view name;
  ServerVersion from;
  ServerVersion until;
  bool mariadb;
  std::string_view instead;  ///< what says the same in servers that do not have it
};

constexpr ServerVersion k_ever{0, 0};
constexpr ServerVersion k_never{1000, 0};

// What operators of one generation have in their files and another refuses.
constexpr std::array k_options{
    Known{"authentication-policy", {8, 0}, k_never, false, ""},
    Known{"binlog-expire-logs-seconds", {8, 0}, k_never, true, "expire_logs_days"},
    Known{"binlog-transaction-dependency-tracking", {5, 7}, {8, 4}, false, ""},
    Known{"default-authentication-plugin", k_ever, {8, 4}, true, "authentication_policy"},
    Known{"expire-logs-days", k_ever, {8, 4}, true, "binlog_expire_logs_seconds"},
    Known{"gtid-domain-id", k_never, k_never, true, ""},
    Known{"gtid-strict-mode", k_never, k_never, true, ""},
    Known{"host-cache", k_ever, {8, 4}, true, "host_cache_size: 0"},
    Known{"innodb-log-file-size", k_ever, {9, 7}, true, "innodb_redo_log_capacity"},
    Known{"innodb-redo-log-capacity", {8, 0}, k_never, false, "innodb_log_file_size"},
    Known{"log-basename", k_never, k_never, true, ""},
    Known{"log-error-verbosity", {5, 7}, k_never, false, "log_warnings"},
    Known{"log-warnings", k_ever, {8, 0}, true, "log_error_verbosity"},
    Known{"master-info-file", k_ever, {8, 4}, true, ""},
    Known{"master-info-repository", k_ever, {8, 4}, true, ""},
    Known{"mysql-native-password", {8, 4}, {9, 0}, false, ""},
    Known{"old-passwords", k_ever, {8, 0}, true, ""},
    Known{"query-cache-size", k_ever, {8, 0}, true, ""},
    Known{"query-cache-type", k_ever, {8, 0}, true, ""},
    Known{"relay-log-info-file", k_ever, {8, 4}, true, ""},
    Known{"relay-log-info-repository", k_ever, {8, 4}, true, ""},
    Known{"replica-net-timeout", {8, 0}, k_never, false, "slave_net_timeout"},
    Known{"replica-parallel-type", {8, 0}, {9, 7}, false, ""},
    Known{"replica-parallel-workers", {8, 0}, k_never, false, "slave_parallel_workers"},
    Known{"secure-auth", k_ever, {8, 0}, true, ""},
    Known{"slave-parallel-type", {5, 7}, {9, 7}, false, ""},
    Known{"ssl", k_ever, {8, 4}, true, "tls_version: \"\""},
    Known{"transaction-write-set-extraction", {5, 7}, {8, 4}, false, ""},
};

}  // namespace

std::optional<std::string_view> unknown_option(Flavour flavour,
                                               ServerVersion version,
                                               std::string_view name) {
  const auto* const found = std::find_if(
      k_options.begin(), k_options.end(), [&](const auto& one) { return one.name == name; });
  if (found == k_options.end()) return {};
  const bool knows = flavour == Flavour::mariadb ? found->mariadb
                                                 : found->from <= version && version < found->until;
  if (knows) return {};
  return found->instead;
}

}  // namespace mrc::topology
