#pragma once

#include <optional>
#include <string_view>

#include "mrc/topology/topology.hpp"

namespace mrc::topology {

/// An option that this server is known not to have, without asking one: what says the same in its
/// place, which may be nothing. No value: nothing is known against it; the server itself is asked
/// before it gets it.
///
/// Shape: `name` with dashes, without "skip-" and the like.
std::optional<std::string_view> unknown_option(Flavour flavour,
                                               ServerVersion version,
                                               std::string_view name);

}  // namespace mrc::topology
