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
#include "systems/calico/reading.hpp"
#include "systems/calico/routers.hpp"
#include "systems/calico/v3/cluster.hpp"
#include "systems/calico/v3/desired.hpp"
#include "systems/calico/v3/made.hpp"

namespace mrc::systems::calico::v3 {

/// The container calico-node.
struct NodeContainer {
  std::string image;
  std::map<std::string, std::string> env;
  bool running = false;
  std::string restart;  ///< restart policy: "always"
};

/// A program on a host.
struct File {
  std::string sha256;
  std::string version;  ///< what it says of itself: "v3.32.1"; empty: nothing that was understood
  bool operator==(const File&) const = default;
};

/// A server's container and what hangs on it.
struct ServerSeen {
  std::string container;  ///< full id; empty: there is none
  bool running = false;
  std::set<std::string> addresses;  ///< on its interface, "10.77.0.50/32"
  std::string route;                ///< the host's interface to its address; empty: no route
};

/// What one host's probe said.
struct HostSeen {
  std::string kernel_name;                     ///< `uname -n`
  std::string machine;                         ///< `uname -m`
  std::map<std::string, std::string> sysctls;  ///< "net/ipv4/ip_forward" → "1"
  std::map<std::string, bool> modules;
  bool bgp_port_taken = false;
  bool firewalld = false;               ///< it runs
  std::vector<std::string> networks;    ///< "eth0 192.168.55.0/24", those on cali* left out
  std::string iptables;                 ///< what has rules: "nft", "legacy", "both", "none"
  std::map<std::string, File> files;    ///< "calicoctl", "cni"; absent: it is not there
  std::optional<std::string> nodename;  ///< contents of /var/lib/calico/nodename, as they are
  Routers routers;                      ///< to the other nodes of the file
  bool docker_up = false;
  std::string docker_why;  ///< when it is not up
  std::optional<NodeContainer> node;
  std::map<std::string, bool> images;  ///< present or not, of the images asked about
  std::map<ServerId, ServerSeen> servers;
  std::optional<Cluster> cluster;  ///< only from the host that is asked, when etcd answered
  std::string etcd_why;            ///< when it did not

  /// The name of the host's Node resource: Calico takes lowercase ones only.
  std::string node_name() const;
};

/// All hosts, read; those that left the file too.
struct Reading : ReadHosts<HostSeen, Made, Cluster> {
  /// Under what mrc attached this server, on any host.
  std::vector<Made::Attached> attached(const ServerId& server) const;
  /// The names under which etcd still has the host, though its kernel has another one now.
  std::vector<std::string> former_names(const HostWant& host) const;
};

/// Asks one host; etcd is asked by the first host that runs a node only, as all see the same.
shell::Script probe_script(const Desired& want, const HostId& host);

/// Reads what `probe_script` printed.
///
/// Shape:  a fact a line, first its name: `kernel NAME`, `machine NAME`, `sysctl KEY VALUE`,
///         `module NAME yes|no`, `bgp free|taken`, `firewalld yes|no`, `network LINK CIDR`,
///         `iptables nft|legacy|both|none`, `router IP VIA`, `file NAME absent|SHA256 VERSION`,
///         `nodename absent|=HEXDIGITS`, `docker up|down WHY`, `container calico-node absent|JSON`,
///         `image NAME present|absent`, `server NAME absent|ID RUNNING PID`,
///         `address NAME ADDRESS/PREFIX`, `route NAME INTERFACE`, `etcd json JSON|down WHY`;
///         `end` last.
/// Errors: `unreadable`, with the line; also when `end` is missing.
Result<HostSeen> parse_probe(std::string_view text);

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

}  // namespace mrc::systems::calico::v3
