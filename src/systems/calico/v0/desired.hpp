#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mrc/systems/registry.hpp"

namespace mrc::systems::calico::v0 {

struct ServerWant {
  ServerId id;
  Ipv4 address;
};

struct HostWant {
  HostId id;
  Ipv4 ip;
  bool etcd_member = false;
  std::vector<ServerWant> servers;
  /// A host without servers needs no Calico.
  bool has_node() const { return !servers.empty(); }
};

/// What one topology asks of Calico v0.22.
struct Desired {
  std::string deployment;
  std::vector<HostWant> hosts;  ///< all of them, in file order
  std::string endpoints;        ///< as ETCD_ENDPOINTS takes them
  bool own_etcd = true;         ///< etcd belongs to the deployment, and goes with it
  Cidr pool;
  bool nat_outgoing = false;
  bool ipip = false;
  std::string profile;
  bool exposed = false;  ///< some server is reached from outside: the profile lets the port in
  std::string node_image;
  std::string libnetwork_image;  ///< empty: not wanted
  std::optional<Artefact> calicoctl;
  bool adopt = false;  ///< what mrc has not made is taken over

  /// The hosts that run a node.
  std::vector<const HostWant*> nodes() const;
  const HostWant& host(const HostId& id) const;
  /// Null: the host is not in the file.
  const HostWant* find(const HostId& id) const;
  /// The server is wanted on this host.
  bool has(const HostId& host, const ServerId& server) const;
  /// The options of the pool as `pool show` and the plan name them: "ipip,nat-outgoing".
  std::string pool_options() const;
  /// The profile's rules as Calico keeps them.
  std::string rules_json() const;
};

Desired make_desired(const Inputs& inputs);

}  // namespace mrc::systems::calico::v0
