#pragma once

#include <memory>

#include "mrc/systems/registry.hpp"
#include "mrc/systems/system.hpp"

namespace mrc::systems {

/// Docker on each host: that its engine serves what the rest needs, and the servers' image. The
/// engine itself is never installed or configured. References in `inputs` outlive the system.
std::unique_ptr<System> make_docker(const Inputs& inputs);

}  // namespace mrc::systems
