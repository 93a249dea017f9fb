#pragma once

#include <vector>

#include "mrc/systems/system.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::systems::hosts {

/// Every host's record names all hosts of the deployment: a new one is noted everywhere before
/// anything is made on it, and one that left the file is dropped when nothing is left on it.
/// Errors: `unreadable`.
Result<std::vector<plan::Step>> steps(const topology::Topology& topology, const Observations& seen);

/// The note goes last from each host.
std::vector<plan::Step> teardown(const std::string& deployment, const Observations& seen);

}  // namespace mrc::systems::hosts
