#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mrc/base/id.hpp"
#include "mrc/systems/registry.hpp"
#include "mrc/systems/system.hpp"

namespace mrc::systems::survival {

/// What one server needs on its host to come back by itself.
struct Keeper {
  ServerId server;
  HostId host;
  std::string unit;  ///< its name, "mrc-orders.mysql-master.service"
  std::string file;  ///< the unit's text
  /// What it runs: functions, which most servers have in common, and what calls them.
  std::shared_ptr<const std::string> functions;
  std::string body;
  std::string file_sum;    ///< cksum of the file
  std::string script_sum;  ///< and of functions and body, one behind the other
};

/// In the file's order. `systems` are asked once, for what each brings back.
std::vector<Keeper> desired(const topology::Topology& topology,
                            const std::vector<std::unique_ptr<System>>& systems);

/// A deployment's name holds no dot, so that no two deployments have one unit.
std::string unit_name(const std::string& deployment, const ServerId& server);

}  // namespace mrc::systems::survival
