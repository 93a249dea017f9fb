#pragma once

#include <memory>

#include "mrc/systems/registry.hpp"
#include "mrc/systems/system.hpp"

namespace mrc::systems {

/// The etcd cluster that Calico keeps its state in: members on the hosts, or, with
/// `etcd.endpoints`, a foreign cluster that is only asked. References in `inputs` outlive the
/// system.
std::unique_ptr<System> make_etcd(const Inputs& inputs);

}  // namespace mrc::systems
