#pragma once

#include <map>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"
#include "systems/survival/desired.hpp"
#include "systems/survival/probe.hpp"

namespace mrc::systems::survival {

/// `adopt`: a unit of the wanted name that nobody has marked is replaced, not refused.
std::vector<Finding> findings(const std::string& deployment,
                              const std::vector<Keeper>& wanted,
                              const std::map<HostId, Observed>& seen,
                              bool adopt);

/// Has a unit keep each server on its host; takes those away that the file does not want there.
std::vector<plan::Step> steps(const std::string& deployment,
                              const std::vector<Keeper>& wanted,
                              const std::map<HostId, Observed>& seen,
                              const Observations& records);

/// Takes away every unit that has our mark or our record.
std::vector<plan::Step> teardown(const std::string& deployment,
                                 const std::map<HostId, Observed>& seen,
                                 const Observations& records);

std::vector<Check> checks(const std::string& deployment, const std::vector<Keeper>& wanted);

/// A row for each server.
std::vector<Condition> status(const std::vector<Keeper>& wanted, const Observations& seen);

/// Why the unit is not as wanted, a line for each difference; empty: it is.
std::vector<plan::DiffLine> differences(const Keeper& want, const Unit* now);

}  // namespace mrc::systems::survival
