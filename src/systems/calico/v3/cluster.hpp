#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"
#include "systems/calico/v3/desired.hpp"

namespace mrc::systems::calico::v3 {

/// A workload endpoint.
struct Endpoint {
  std::string node;
  std::string container;  ///< full id
  std::string inside;     ///< the interface in the container
  std::string interface;  ///< the host's end, "cali..."
  std::vector<std::string> profiles;
  std::vector<std::string> addresses;  ///< without the /32
  bool operator==(const Endpoint&) const = default;
};

/// What Calico v3 keeps in etcd, as far as mrc asks.
struct Cluster {
  bool started = false;               ///< there is a ClusterInformation
  bool ready = true;                  ///< its datastoreReady
  std::string version;                ///< of the node that started last, "v3.32.1"; empty: none did
  std::map<std::string, Pool> pools;  ///< IPv4, by CIDR
  std::map<std::string, std::string> profiles;  ///< name → spec, as JSON with sorted keys
  std::map<std::string, std::string> nodes;     ///< name → BGP address, without its prefix length
  std::vector<Endpoint> endpoints;
  std::map<std::string, std::string> assigned;  ///< address → handle, of all blocks
  std::vector<std::string> policies;            ///< of any kind, "GlobalNetworkPolicy NAME"
  bool strict_affinity = false;
  bool mesh = true;  ///< every node peers with every other

  const Endpoint* find_by_address(std::string_view address) const;
  /// The one of that container on that node; null: none.
  const Endpoint* find_by_container(std::string_view node, std::string_view container) const;
  /// Some endpoint names the profile.
  bool uses(std::string_view profile) const;
};

/// Reads etcd's answer to the range of all keys below /calico/, as its JSON gateway gives it.
///
/// Shape:  `{"header": .., "kvs": [{"key": B64, "value": B64, ..}, ..]}`; without `kvs` there are
///         no keys.
/// Errors: `unreadable`, also for a value that is not what its key promises. Does not throw.
/// Source: https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/ (the answer's shape)
Result<Cluster> parse_cluster(std::string_view text);

}  // namespace mrc::systems::calico::v3
