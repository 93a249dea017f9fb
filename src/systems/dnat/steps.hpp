#pragma once

#include <map>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"
#include "systems/dnat/desired.hpp"
#include "systems/dnat/probe.hpp"

namespace mrc::systems::dnat {

/// `adopt`: foreign rules that take our ports are deleted by `steps`, where nobody else's chain has
/// them.
std::vector<Finding> findings(const std::vector<Exposure>& wanted,
                              const std::map<HostId, Observed>& seen,
                              bool adopt);

/// What a plan is about: a failover sees to writers alone.
enum class Scope { all, writers };

/// Exposes what is wanted and not so, hides what has our mark and is not wanted.
std::vector<plan::Step> steps(const std::string& deployment,
                              const std::vector<Exposure>& wanted,
                              const std::map<HostId, Observed>& seen,
                              const Observations& records,
                              bool adopt,
                              Scope scope = Scope::all);

/// Hides everything that has our mark or our record.
std::vector<plan::Step> teardown(const std::string& deployment,
                                 const std::map<HostId, Observed>& seen,
                                 const Observations& records);

/// What puts the server's rules back on its host; empty when it is not exposed. `role_file`: the
/// lines by which the server starts as a slave, or not.
shell::Script restore(const std::vector<Exposure>& wanted,
                      const ServerId& server,
                      const std::string& role_file);

std::vector<Check> checks(const std::vector<Exposure>& wanted);

/// A row for each exposure.
std::vector<systems::Condition> status(const std::vector<Exposure>& wanted,
                                       const Observations& seen);

}  // namespace mrc::systems::dnat
