#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"

namespace mrc::systems::calico::v0 {

struct Pool {
  std::string options;  ///< "ipip,nat-outgoing", sorted
  bool disabled = false;
  bool operator==(const Pool&) const = default;
};

struct Profile {
  std::set<std::string> tags;
  std::string rules;  ///< JSON in one canonical form (sorted keys), so that text compares
  bool operator==(const Profile&) const = default;
};

struct Endpoint {
  std::string host;
  std::string orchestrator;
  std::string workload;  ///< the container's full id
  std::string id;
  std::string state;
  std::string interface;  ///< the host's end, "cali..."
  std::vector<std::string> profiles;
  std::vector<std::string> addresses;  ///< without the /32
  bool operator==(const Endpoint&) const = default;
};

/// What Calico v0.22 keeps in etcd, as far as mrc asks.
struct Cluster {
  bool started = false;               ///< some node has started once: the cluster has its GUID
  std::map<std::string, Pool> pools;  ///< IPv4, by CIDR
  std::map<std::string, Profile> profiles;
  std::map<std::string, std::string> nodes;  ///< host name → BGP address
  std::vector<Endpoint> endpoints;

  const Endpoint* find_by_address(std::string_view address) const;
  /// The one of that container under that host name; null: none.
  const Endpoint* find_by_workload(std::string_view host, std::string_view workload) const;
  /// Some endpoint names the profile.
  bool uses(std::string_view profile) const;
};

/// Reads etcd's v2 answer to GET /v2/keys/calico?recursive=true.
///
/// Shape:  that JSON; an error 100 (no such key) is an empty cluster.
/// Errors: `unreadable`, also for every other error of etcd and for a value that is not what its
///         key promises. Does not throw.
/// Source: etcd v2 API documentation, "Error Codes"; calicoctl v0.22 keeps its keys under /calico.
Result<Cluster> parse_cluster(std::string_view text);

}  // namespace mrc::systems::calico::v0
