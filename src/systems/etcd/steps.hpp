#pragma once

#include <map>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"
#include "systems/etcd/desired.hpp"
#include "systems/etcd/probe.hpp"

namespace mrc::systems::etcd {

/// What the probes of all members' hosts said.
using Seen = std::map<HostId, Observed>;

/// What mrc must not touch: etcd that it did not make, and a running cluster whose members are not
/// the file's, which this version cannot change. `steps` refuses to plan on it.
std::vector<Finding> foreign(const Desired& want, const Seen& seen, const Observations& records);

/// Everything that stands in the way, `foreign` included.
std::vector<Finding> findings(const Desired& want, const Seen& seen, const Observations& records);

/// Errors: what `foreign` found.
Result<std::vector<plan::Step>> steps(const Desired& want,
                                      const Seen& seen,
                                      const Observations& records);

/// Plans from the records alone. Errors: `unreadable`, when one is not of our shape.
Result<std::vector<plan::Step>> teardown(const Desired& want, const Observations& records);

std::vector<Check> checks(const Desired& want);

/// A row for each member.
std::vector<Condition> status(const Desired& want, const Observations& seen);
/// Of a cluster that is not ours: a row for each endpoint on each host.
std::vector<Condition> endpoints_status(const Desired& want, const Observations& seen);

}  // namespace mrc::systems::etcd
