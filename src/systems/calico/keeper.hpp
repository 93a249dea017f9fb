#pragma once

#include <map>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"

/// Pool and profile belong to no host. One host's record tells what of them is ours, and by which
/// goals their drift is told from a change; that host sees to them.
namespace mrc::systems::calico {

/// What the steps for pool and profile left of their goals in this record: key → JSON.
std::map<std::string, std::string> kept_goals(const std::map<std::string, std::string>& record);

/// Who sees to them, of the hosts that run a node: whoever did so far, wherever the file puts other
/// servers; else the first. `nodes`: in file order, not empty.
HostId keeper(const std::vector<HostId>& nodes, const Observations& seen);

}  // namespace mrc::systems::calico
