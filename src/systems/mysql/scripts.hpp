#pragma once

#include "mrc/shell/script.hpp"

namespace mrc::systems::mysql {

/// Gives the script the functions for servers, their data, containers and channels, and the
/// dialects; what one kind of step has alone, it takes beside them.
shell::Script& use_mysql(shell::Script& script);

}  // namespace mrc::systems::mysql
