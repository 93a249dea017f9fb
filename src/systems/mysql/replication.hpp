#pragma once

#include "systems/mysql/desired.hpp"
#include "systems/mysql/probe.hpp"

/// What of accounts, channels and live settings differs from the file, a line each. For servers
/// that were asked.
namespace mrc::systems::mysql {

/// The line of a difference that is about my.cnf.
inline constexpr std::string_view k_role_field = "my.cnf in its data directory";

/// Of what may be set in a running server: its id, what my.cnf says of its part, and on the master
/// that it takes writes.
Difference settings_difference(const Desired& desired, const Server& server, const Observed& seen);
Difference account_difference(const Desired& desired, const Observed& master);
/// Of a slave: its source and threads, and that it takes no writes from users.
Difference channel_difference(const Desired& desired, const Observed& seen);

/// Set ON, it keeps users from writing on a slave; the wider one implies the other.
std::string read_only_variable(const Dialect& dialect);
/// A value of such a variable: ON, and from MariaDB 12 on some that say how strictly (NO_LOCK).
bool keeps_writes_off(std::string_view value);
/// Makes the server take no writes, when it returns for good.
std::string freeze_sql(const Dialect& dialect);
/// Why its threads do not run, in the server's own words; empty: they do.
std::string thread_fault(const Observed& seen);
/// Why its connection to the master may be dead although its threads say Yes; empty: no reason to
/// think so.
std::string dead_connection(const Desired& desired,
                            const Server& server,
                            const Observed& seen,
                            const Observed& master);

}  // namespace mrc::systems::mysql
