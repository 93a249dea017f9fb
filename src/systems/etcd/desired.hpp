#pragma once

#include <map>
#include <string>
#include <string_view>
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
  std::map<HostId, Ipv4> ips;          ///< theirs
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

inline constexpr std::string_view k_members_key = "ETCD_INITIAL_CLUSTER";
inline constexpr std::string_view k_state_key = "ETCD_INITIAL_CLUSTER_STATE";

/// "docker1=http://192.168.55.111:2380,..."
std::string initial_cluster(const std::vector<WantedMember>& members);

/// The member's environment, in the article's order, as for a cluster that all members begin
/// together.
Settings settings(const Desired& want, const WantedMember& member);
/// The same with other values of ETCD_INITIAL_CLUSTER and ETCD_INITIAL_CLUSTER_STATE.
Settings settings(const Desired& want,
                  const WantedMember& member,
                  const std::string& members,
                  const std::string& state);
/// etcd reads these only while its data directory is empty: a change of them needs no restart.
bool is_only_for_the_first_start(std::string_view key);
/// The file that the unit reads.
std::string render_config(const Desired& want, const Settings& settings);

}  // namespace mrc::systems::etcd
