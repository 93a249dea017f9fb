#pragma once

#include <memory>
#include <vector>

#include "mrc/systems/registry.hpp"
#include "mrc/systems/system.hpp"

namespace mrc::systems {

/// What brings each server back on its host while no mrc is there: a unit that runs what the other
/// `systems` restore. These are asked here and need not outlive it.
std::unique_ptr<System> make_survival(const Inputs& inputs,
                                      const std::vector<std::unique_ptr<System>>& systems);

}  // namespace mrc::systems
