#pragma once

#include <memory>

#include "mrc/systems/registry.hpp"
#include "mrc/systems/system.hpp"

namespace mrc::systems {

/// The network of the deployment, by the driver for `calico.version`: each generation of Calico is
/// a System of its own, as they share no command, key or file.
std::unique_ptr<System> make_calico(const Inputs& inputs);

}  // namespace mrc::systems
