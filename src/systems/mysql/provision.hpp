#pragma once

#include "systems/mysql/internal.hpp"

/// A slave that can not get all that it lacks from its master's binary logs gets a copy of its
/// data.
namespace mrc::systems::mysql {

/// The transactions that the master's binary logs have no more and the slave lacks; empty: the logs
/// reach it, or it cannot be told now, and the step that makes the slave will see.
/// Errors: `unreadable` for sets that are none.
Result<std::string> out_of_reach(const Desired& desired, const Seen& seen, const Server& slave);

/// What the slave has that its master lacks, which a copy would destroy.
/// Errors: as above.
Result<std::string> errant(const Desired& desired, const Seen& seen, const Server& slave);

/// Whether the slave has any transactions.
bool has_own_data(const Seen& seen, const Server& slave);

}  // namespace mrc::systems::mysql
