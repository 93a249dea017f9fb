#pragma once

#include <memory>

#include "mrc/systems/registry.hpp"

namespace mrc::systems {

/// The servers: data directories, containers, accounts and replication.
std::unique_ptr<System> make_mysql(const Inputs& inputs);

}  // namespace mrc::systems
