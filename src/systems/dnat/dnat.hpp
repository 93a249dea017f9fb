#pragma once

#include <memory>

#include "mrc/systems/registry.hpp"
#include "mrc/systems/system.hpp"

namespace mrc::systems {

/// The way from outside to each exposed server: DNAT rules on its host. References in `inputs`
/// outlive the system.
std::unique_ptr<System> make_dnat(const Inputs& inputs);

}  // namespace mrc::systems
