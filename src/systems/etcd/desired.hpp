#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mrc/base/id.hpp"
#include "mrc/base/net.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::systems::etcd {

/// One wanted member. Its name is its host's key in the file, so that it stays the same when others
/// come and go.
struct WantedMember {
  HostId host;
  Ipv4 ip;
  std::string client_url;  ///< "http://192.168.55.111:2379"
  std::string peer_url;
  bool operator==(const WantedMember&) const = default;
};

struct Desired {
  std::string deployment;
  std::vector<WantedMember> members;   ///< in the file's order; empty with `endpoints`
  std::vector<std::string> endpoints;  ///< a cluster that is not ours
  std::vector<HostId> hosts;           ///< all of the topology
  std::string token;
  std::string data_dir;
  bool install = true;
  bool v2 = false;  ///< the old Calico speaks no other API
  Port client_port;
  Port peer_port;

  const WantedMember* member(const HostId& host) const;
};

Desired desired(const topology::Topology& topology);

using Settings = std::vector<std::pair<std::string, std::string>>;

/// The member's environment, in the article's order.
Settings settings(const Desired& want, const WantedMember& member);
/// The same as the file that the unit reads.
std::string render_config(const Desired& want, const WantedMember& member);

}  // namespace mrc::systems::etcd
