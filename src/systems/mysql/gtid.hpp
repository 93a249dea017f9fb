#pragma once

#include <string_view>

#include "mrc/base/error.hpp"

namespace mrc::systems::mysql {

/// Every transaction of `inner` is in `outer`; both as a server prints its sets,
/// "uuid:1-5:7,\nuuid:1", also with the newline as the client escapes it.
/// Errors: `unreadable`.
Result<bool> gtid_subset(std::string_view inner, std::string_view outer);

}  // namespace mrc::systems::mysql
