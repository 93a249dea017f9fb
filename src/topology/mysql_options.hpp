#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mrc/topology/topology.hpp"

namespace mrc::topology {

/// Why this server refuses this option of mysqld, as far as it is known without asking one; empty:
/// nothing is known against it. The server itself is asked before it gets them.
///
/// Shape: `name` with dashes, without "skip-" and the like.
std::optional<std::string> option_fault(Flavour flavour,
                                        ServerVersion version,
                                        std::string_view name);

}  // namespace mrc::topology
