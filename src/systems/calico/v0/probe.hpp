#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/shell/script.hpp"
#include "mrc/systems/system.hpp"
#include "systems/calico/made.hpp"
#include "systems/calico/reading.hpp"
#include "systems/calico/routers.hpp"
#include "systems/calico/v0/cluster.hpp"
#include "systems/calico/v0/desired.hpp"

namespace mrc::systems::calico::v0 {

/// One of Calico's own containers.
struct NodeContainer {
  std::string image;
  std::map<std::string, std::string> env;
  bool running = false;
  std::string restart;  ///< restart policy: "always"
};

struct Binary {
  std::string path;
  std::string sha256;
  std::string version;  ///< empty: not asked, as the file is the wanted one
};

/// A server's container and what hangs on it.
struct ServerSeen {
  std::string container;  ///< full id; empty: there is none
  bool running = false;
  std::set<std::string> addresses;  ///< on its eth1, "192.168.0.50/32"
  std::string route;                ///< the host's interface to its address; empty: no route
};

/// What one host's probe said.
struct HostSeen {
  std::string kernel_name;                     ///< `uname -n`: the host's identity for Calico
  std::map<std::string, std::string> sysctls;  ///< "net/ipv4/ip_forward" → "1"
  std::map<std::string, bool> modules;
  bool bgp_port_taken = false;
  std::optional<Binary> calicoctl;
  Routers routers;  ///< to the other nodes of the file
  bool docker_up = false;
  std::string docker_why;  ///< when it is not up
  std::optional<NodeContainer> node;
  std::optional<NodeContainer> libnetwork;
  std::map<std::string, bool> images;  ///< present or not, of the images asked about
  std::map<ServerId, ServerSeen> servers;
  std::optional<Cluster> cluster;  ///< only from the host that is asked, when etcd answered
  std::string etcd_why;            ///< when it did not
};

/// What one deployment's record says of one host, as far as it is Calico's.
struct Made : calico::Made {
  std::optional<std::string> calicoctl_sha256;
  bool inherited_calicoctl = false;
  bool libnetwork = false;
  bool inherited_libnetwork = false;

  /// Something of the host itself, not of the cluster or a server.
  bool host_things() const {
    return node || libnetwork || !images.empty() || has_sysctls || has_paths;
  }
};

/// All hosts, read; those that left the file too.
struct Reading : ReadHosts<HostSeen, Made, Cluster> {
  /// Every container id under which mrc attached this server, on any host.
  std::set<std::string> attached_ids(const ServerId& server) const;
  /// The names under which etcd still has the host, though its kernel has another one now.
  std::vector<std::string> former_names(const HostWant& host) const;
  /// Calico's name for a host that was given up.
  bool is_forgotten(std::string_view name) const;
};

/// Asks one host; etcd is asked by the first host that runs a node only, as all see the same.
shell::Script probe_script(const Desired& want, const HostId& host);

/// Reads what `probe_script` printed.
///
/// Shape:  a fact a line, first its name: `kernel NAME`, `sysctl KEY VALUE`, `module NAME yes|no`,
///         `bgp free|taken`, `router IP VIA`, `calicoctl absent|PATH SHA256 VERSION`, `docker
///         up|down WHY`, `container NAME absent|JSON`, `image NAME present|absent`, `server NAME
///         absent|ID RUNNING PID`, `eth1 NAME ADDRESS/PREFIX`, `route NAME INTERFACE`, `etcd json
///         JSON|down WHY`; `end` last.
/// Errors: `unreadable`, with the line; also when `end` is missing.
Result<HostSeen> parse_probe(std::string_view text);

/// Reads the record's entries that begin with "calico/". Errors: `unreadable`.
Result<Made> parse_made(const std::map<std::string, std::string>& record);

/// Entries that a record lacks: what counts as ours though nothing says so, as its record was lost,
/// as the host that had it is given up, or as it is taken over. Host → key → JSON.
std::map<HostId, std::map<std::string, std::string>> claims(const Desired& want,
                                                            const Reading& reading);

/// Our container has the server's address, though the record knows nothing of Calico. As an entry
/// is written before anything is attached, there was one.
bool is_record_lost(const HostWant& host, const Reading& reading);

/// Everything that planning needs; `claiming`: what counts as ours without a record, too. Errors:
/// `unreadable`, naming the host.
Result<Reading> read(const Desired& want, const Observations& seen, bool claiming);

}  // namespace mrc::systems::calico::v0
