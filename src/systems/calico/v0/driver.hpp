#pragma once

#include <memory>
#include <string_view>

#include "mrc/systems/registry.hpp"
#include "mrc/systems/system.hpp"

namespace mrc::systems::calico::v0 {

/// True for the versions whose commands and etcd keys this driver knows: v0.22.x.
bool supports(std::string_view version);

std::unique_ptr<System> make_driver(const Inputs& inputs);

}  // namespace mrc::systems::calico::v0
