#pragma once

#include <memory>

#include "mrc/systems/registry.hpp"
#include "mrc/systems/system.hpp"

namespace mrc::systems {

/// The hosts themselves: whether they are the ones meant and fit for what follows. Changes nothing
/// on them. References in `inputs` outlive the system.
std::unique_ptr<System> make_hosts(const Inputs& inputs);

}  // namespace mrc::systems
