#pragma once

#include "systems/mysql/internal.hpp"

/// A server that was the master, and is back while another has the part.
namespace mrc::systems::mysql {

/// Its host's record says so. Not while it is still to hand the part over.
bool was_master(const Desired& desired,
                const Seen& seen,
                const Observations& all,
                const Server& server);
/// It takes writes; it was asked.
bool is_open(const Observed& seen);
/// Transactions that it has and the master has not, of servers that both answer. Empty optional:
/// what they say is no set.
std::optional<std::string> has_alone(const Observed& former, const Observed& master);

}  // namespace mrc::systems::mysql
