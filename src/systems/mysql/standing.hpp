#pragma once

#include "systems/mysql/internal.hpp"

/// What the slaves of a lost master have, in words: why one of them gets its part, and what that
/// may cost.
namespace mrc::systems::mysql {

/// Null: its host was not read, or it does not answer.
const Observed* answer_of(const Seen& seen, const Server& server);

/// All that a slave has of its master, applied or not.
std::string received(const Observed& slave);

/// A line for the heir, the file's master, and one for each other slave that answers.
/// Errors: `unreadable`, what they say are no sets.
Result<Difference> standing(const Desired& desired, const Seen& seen, const Server& lost);

/// For whom the lost master waited before it acknowledged a transaction, as far as the file and the
/// heir tell.
std::string waited_for(const Server& lost, const Server& heir, const Observed& said);

}  // namespace mrc::systems::mysql
