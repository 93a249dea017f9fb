#pragma once

#include "systems/mysql/internal.hpp"

namespace mrc::systems::mysql {

/// Scheduled events run on the master alone and do not go along with its part: what that means for
/// the new one, in a warning. Empty: there are none.
std::optional<Finding> events_stop(const Server& heir, std::uint64_t count);

/// Events that run on this server.
std::uint64_t events_enabled(const Observed& seen);
/// Events that would run on it, were it the master on which they were made.
std::uint64_t events_of_master(const Observed& seen);

}  // namespace mrc::systems::mysql
