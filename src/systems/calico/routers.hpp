#pragma once

#include <map>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"
#include "systems/calico/passages.hpp"

namespace mrc::systems::calico {

/// The other hosts that one host reaches through a router only: address → the router's.
using Routers = std::map<std::string, std::string>;

/// Of the nodes, those between which routers stand, and a pool without a tunnel does not carry:
/// a router that knows nothing of the pool drops what containers send one another. One finding for
/// each host that is apart from some before it in the list; `remedy` is theirs all.
std::vector<Finding> hosts_apart(const std::vector<NodePlace>& nodes,
                                 const std::map<HostId, Routers>& routers,
                                 const std::string& remedy);

}  // namespace mrc::systems::calico
