#pragma once

#include <map>
#include <vector>

#include "mrc/systems/system.hpp"
#include "mrc/topology/topology.hpp"
#include "systems/docker/probe.hpp"

namespace mrc::systems::docker {

/// The image that the host's servers need; empty when it has none.
std::string wanted_image(const topology::Topology& topology, const HostId& host);

std::vector<Finding> findings(const topology::Topology& topology,
                              const std::map<HostId, Observed>& seen);

/// Pulls what is absent; last, takes away what mrc pulled and the file no longer asks for.
/// Errors: `unreadable`, when a record is not of our shape.
Result<std::vector<plan::Step>> steps(const topology::Topology& topology,
                                      const std::map<HostId, Observed>& seen,
                                      const Observations& records);

/// A row for each host that was read.
std::vector<Condition> status(const topology::Topology& topology, const Observations& seen);

/// Plans from the records alone. Errors: `unreadable`, when a record is not of our shape.
Result<std::vector<plan::Step>> teardown(const topology::Topology& topology,
                                         const Observations& seen);

}  // namespace mrc::systems::docker
