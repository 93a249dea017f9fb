#pragma once

#include "systems/mysql/internal.hpp"

/// What an option or a running channel keeps out of a server's data or log. Transactions of which
/// something was left out count as executed all the same, so no set of them tells.
namespace mrc::systems::mysql {

/// What filters in a slave, of the file's options, of its container's and of its channel, in words:
/// "--replicate-do-db=shop". Empty: nothing. `seen` null: only the file tells.
std::string filter_of(const Server& server, const Observed* seen);
/// What keeps things out of its binary log, so that its slaves never get them.
std::string log_filter_of(const Server& server, const Observed* seen);

/// A switchover would make a server the master that may lack some of the data.
std::optional<Finding> filtered_heir(const Desired& desired, const Seen& seen, const Server& old);

}  // namespace mrc::systems::mysql
