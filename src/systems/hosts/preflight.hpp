#pragma once

#include <map>
#include <vector>

#include "mrc/systems/system.hpp"
#include "mrc/topology/topology.hpp"
#include "systems/hosts/probe.hpp"

namespace mrc::systems::hosts {

/// What is wrong with the hosts, in the file's order. `seen` has every host of the topology.
std::vector<Finding> findings(const topology::Topology& topology,
                              const std::map<HostId, Observed>& seen);

/// A row for each host that was read.
std::vector<Condition> status(const topology::Topology& topology, const Observations& seen);

}  // namespace mrc::systems::hosts
