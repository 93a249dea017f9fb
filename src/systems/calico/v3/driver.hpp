#pragma once

#include <memory>
#include <string_view>

#include "mrc/systems/registry.hpp"

namespace mrc::systems::calico::v3 {

bool supports(std::string_view version);

/// Calico of today on plain Docker hosts: calicoctl and the CNI program v3.32, keys of etcd v3.
std::unique_ptr<System> make_driver(const Inputs& inputs);

}  // namespace mrc::systems::calico::v3
