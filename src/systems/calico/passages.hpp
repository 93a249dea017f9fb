#pragma once

#include <string>
#include <vector>

#include "mrc/base/id.hpp"
#include "mrc/base/net.hpp"
#include "mrc/plan/step.hpp"

namespace mrc::systems::calico {

/// How packets of containers go from host to host.
enum class Carriage { routed, ipip, vxlan };

struct NodePlace {
  HostId host;
  Ipv4 ip;
};

/// The ways that the node on `here` needs: BGP both ways with each of the others, what carries the
/// packets, and etcd. `hosts`: all of the file; `endpoints`: as ETCD_ENDPOINTS takes them.
std::vector<plan::Passage> node_passages(const NodePlace& here,
                                         const std::vector<NodePlace>& nodes,
                                         const std::vector<NodePlace>& hosts,
                                         const std::string& endpoints,
                                         Carriage carriage);

}  // namespace mrc::systems::calico
