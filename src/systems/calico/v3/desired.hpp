#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mrc/systems/registry.hpp"

namespace mrc::systems::calico::v3 {

/// The name of the one interface that a server's container has.
inline constexpr std::string_view k_interface = "eth0";

struct ServerWant {
  ServerId id;
  Ipv4 address;
};

struct HostWant {
  HostId id;
  Ipv4 ip;
  std::vector<ServerWant> servers;
  /// A host without servers needs no Calico.
  bool has_node() const { return !servers.empty(); }
};

/// A pool of addresses as Calico keeps it, as far as mrc asks.
struct Pool {
  std::string name;
  std::string ipip = "Never";
  std::string vxlan = "Never";
  bool nat_outgoing = false;
  bool disabled = false;
  bool no_export = false;
  int block_size = 26;
  std::vector<std::string> uses{"Workload"};  ///< sorted
  std::string assignment = "Manual";
  std::string nodes = "all()";
  bool operator==(const Pool&) const = default;
};

/// What one topology asks of Calico v3.32.
struct Desired {
  std::string deployment;
  std::string version;          ///< "v3.32.1"
  std::vector<HostWant> hosts;  ///< all of them, in file order
  std::string endpoints;        ///< as ETCD_ENDPOINTS takes them
  bool own_etcd = true;         ///< etcd belongs to the deployment, and goes with it
  Cidr cidr;
  Pool pool;
  std::string profile;
  int mtu = 0;           ///< of a container's interface; 0: Calico's own choice
  bool exposed = false;  ///< some server is reached from outside: the profile lets the port in
  std::string node_image;
  std::optional<Artefact> calicoctl;
  std::optional<Artefact> cni;
  std::optional<Artefact> node_archive;
  bool adopt = false;  ///< what mrc has not made is taken over

  /// The hosts that run a node.
  std::vector<const HostWant*> nodes() const;
  const HostWant& host(const HostId& id) const;
  /// Null: the host is not in the file.
  const HostWant* find(const HostId& id) const;
  /// The server is wanted on this host.
  bool has(const HostId& host, const ServerId& server) const;
  /// Packets between hosts are packed into others.
  bool tunnels() const { return pool.ipip != "Never" || pool.vxlan != "Never"; }
  /// The `spec` of the profile, and the two resources whole, as `calicoctl apply` takes them.
  std::string profile_spec() const;
  std::string profile_resource() const;
  std::string pool_resource() const;
};

Desired make_desired(const Inputs& inputs);

}  // namespace mrc::systems::calico::v3
