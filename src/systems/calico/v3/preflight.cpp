#include <algorithm>
#include <iterator>

#include "systems/calico/motion.hpp"
#include "systems/calico/v3/parts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

using Level = Verdict::Level;

class Judge {
 public:
  Judge(const Desired& want, const Reading& seen) : m_want(want), m_seen(seen) {}

  std::vector<Finding> all() {
    const auto hosts = m_want.nodes();
    if (hosts.empty()) return {};
    for (const auto* host : hosts) {
      m_host = host;
      file("calicoctl", "calico.calicoctl");
      file("cni", "calico.cni");
      foreign_node();
      kernel();
      firewall();
      networks();
      name();
      for (const auto& server : host->servers) {
        address(server);
        tunnel_end(server);
      }
    }
    names();
    networks_apart();
    m_host = hosts.front();
    etcd();
    if (m_seen.cluster) {
      pools();
      profile();
      policies();
      cluster();
    }
    return std::move(m_all);
  }

 private:
  void add(Level level, std::string title, std::string detail, std::string remedy) {
    m_all.push_back({m_host->id, level, std::move(title), std::move(detail), std::move(remedy)});
  }
  void stop(std::string title, std::string detail, std::string remedy) {
    add(Level::fail, std::move(title), std::move(detail), std::move(remedy));
  }
  void warn(std::string title, std::string detail, std::string remedy) {
    add(Level::warn, std::move(title), std::move(detail), std::move(remedy));
  }
  const HostSeen& now() const { return m_seen.host(m_host->id); }

  void file(const std::string& what, const std::string& key) {
    const auto fault = file_fault(m_want, *m_host, what, m_seen);
    if (fault.empty()) return;
    const auto& files = now().files;
    const bool there = files.contains(what);
    if (there && !m_want.adopt && !m_seen.made_on(m_host->id).files.contains(what)) {
      stop("another " + path_of(what) + " is in the way",
           fmt::format("it is not of mrc's making, and {}", fault),
           fmt::format("move it away, or put that of {} in its place", m_want.version));
      return;
    }
    const auto& artefact = what == "cni" ? m_want.cni : m_want.calicoctl;
    if (!artefact) {
      stop(fmt::format("there is no {} of {}", what, m_want.version),
           "mrc was given none",
           fmt::format("name one in the topology: {}, a path or a url with its sha256", key));
      return;
    }
    if (const auto packed = artefact->pack(); !packed) {
      stop(fmt::format("{} of {} cannot be had", what, m_want.version),
           packed.error().text(),
           fmt::format("without internet, name it in the topology: {}, a path", key));
    }
  }

  void foreign_node() {
    if (!now().node || m_seen.made_on(m_host->id).node) return;
    const auto difference = node_difference(m_want, *m_host, m_seen).reason;
    if (difference.empty()) return;
    stop("a Calico node that mrc did not start is in the way",
         same_etcd(m_want, *now().node)
             ? difference
             : "it belongs to another cluster: its etcd is not that of the topology",
         "remove it (docker rm -f calico-node), or start it as the topology says");
  }

  bool lacks(const char* module) const {
    const auto found = now().modules.find(module);
    return found != now().modules.end() && !found->second;
  }

  void kernel() {
    if (lacks("xt_set")) {
      warn("the kernel's xt_set cannot be seen",
           "Felix needs it for its rules; it may be built in",
           "modprobe xt_set");
    }
    const auto needs = [&](const char* module, const std::string& mode, const char* what) {
      if (mode == "Never" || !lacks(module)) return;
      stop(fmt::format("the kernel has no {}", what),
           fmt::format("calico.mode asks for it, and no module {} can be loaded", module),
           fmt::format("take another calico.mode, or install the kernel's module {}", module));
    };
    needs("ipip", m_want.pool.ipip, "IP-in-IP");
    needs("vxlan", m_want.pool.vxlan, "VXLAN");
    const bool ours = now().node && now().node->running;
    if (now().bgp_port_taken && !ours) {
      stop("TCP port 179 is taken",
           "BIRD listens there for its BGP peers, and something else does",
           "stop what listens: ss -ltnp sport = :179");
    }
  }

  void firewall() {
    if (now().firewalld) {
      warn("firewalld runs",
           "it takes Calico's rules away whenever it loads its own anew",
           "systemctl disable --now firewalld");
    }
    if (now().iptables == "both") {
      warn("rules of both iptables-legacy and iptables-nft are in the kernel",
           "Felix takes the one with more rules at its start; a DROP in the other still counts",
           "move all to one: update-alternatives --config iptables, and empty the other");
    }
  }

  /// The pool against what the host routes elsewhere.
  void networks() {
    for (const auto& one : now().networks) {
      const auto blank = one.find(' ');
      const auto link = one.substr(0, blank);
      const auto cidr = Cidr::parse(blank == std::string::npos ? "" : one.substr(blank + 1));
      if (!cidr || !cidr->overlaps(m_want.cidr)) continue;
      const bool docker = link.starts_with("docker") || link.starts_with("br-");
      const auto detail =
          fmt::format("{} has {}, which overlaps {}", link, cidr->text(), m_want.cidr.text());
      const std::string remedy = "choose a pool apart from the hosts' networks";
      if (docker) {
        stop("the pool overlaps a network of Docker's",
             detail,
             remedy + ", or move Docker's: bip in /etc/docker/daemon.json");
      } else {
        warn("the pool overlaps a network of the host", detail, remedy);
      }
    }
  }

  /// Without a tunnel the hosts' own networks carry the pool.
  void networks_apart() {
    if (m_want.tunnels()) return;
    std::vector<NodePlace> places;
    std::map<HostId, Routers> routers;
    bool vxlan = true;
    for (const auto* host : m_want.nodes()) {
      places.push_back({host->id, host->ip});
      m_host = host;
      routers[host->id] = now().routers;
      vxlan = vxlan && !lacks("vxlan");
    }
    auto found =
        hosts_apart(places,
                    routers,
                    fmt::format("calico.mode: {}-cross-subnet, a tunnel between such hosts only",
                                vxlan ? "vxlan" : "ipip"));
    std::move(found.begin(), found.end(), std::back_inserter(m_all));
  }

  /// Calico v3 takes lowercase names only.
  void name() {
    const auto node = now().node_name();
    if (node.empty() ||
        node.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") != std::string::npos ||
        node.starts_with('-') || node.ends_with('-') || node.ends_with('.')) {
      stop("Calico does not take the host's name",
           fmt::format("'{}' has more than letters, digits, '-' and '.'", now().kernel_name),
           "hostnamectl set-hostname");
    }
    if (!m_seen.cluster) return;
    const auto former = m_seen.former_names(*m_host);
    for (const auto& [known, ip] : m_seen.cluster->nodes) {
      const bool renamed = std::find(former.begin(), former.end(), known) != former.end();
      if (ip == m_host->ip.text() && known != node && !renamed) {
        stop("another Calico node has this host's address",
             fmt::format("etcd has {} for {}", known, ip),
             fmt::format("if that host is gone: calicoctl delete node {}", known));
      }
    }
  }

  void names() {
    std::map<std::string, HostId> names;
    for (const auto* host : m_want.nodes()) {
      const auto name = m_seen.host(host->id).node_name();
      const auto [other, fresh] = names.emplace(name, host->id);
      m_host = host;
      if (fresh) continue;
      stop("two hosts have one name",
           fmt::format("{} is {} as well; Calico tells hosts apart by it, in lowercase",
                       other->second,
                       name),
           "hostnamectl set-hostname");
    }
  }

  void address(const ServerWant& server) {
    const auto holder = foreign_holder(server, now(), m_seen);
    if (!holder || (m_want.adopt && !holder->container.empty())) return;
    const bool here = (holder->node.empty() || holder->node == now().node_name()) &&
                      m_seen.made_on(m_host->id).endpoints.contains(server.id);
    const auto title = fmt::format("the address of {} is taken", server.id);
    if (holder->tunnel) {
      stop(title,
           fmt::format("{} is {}", server.address, holder->who),
           "give the server another address: a node takes none anew before it starts anew");
      return;
    }
    stop(title,
         fmt::format("{} belongs to {}, which mrc did not attach{}",
                     server.address,
                     holder->who,
                     here ? k_maybe_moving : ""),
         fmt::format("{}give the server another address, or free it there: calicoctl ipam release "
                     "--ip={}",
                     here ? k_wait_first : "",
                     server.address));
  }

  /// A node's end of the tunnel takes the first free address of a block, before any server has one.
  void tunnel_end(const ServerWant& server) {
    if (!m_want.tunnels()) return;
    if (m_seen.cluster && m_seen.cluster->assigned.contains(server.address.text())) return;
    const Cidr block(server.address, m_want.pool.block_size);
    if (server.address.bits() - block.base().bits() >= m_want.nodes().size()) return;
    warn(fmt::format("a node may take the address of {} first", server.id),
         fmt::format("calico.mode gives each node an address for its end of the tunnel, from the "
                     "first ones of a block, and {} is one of those of {}",
                     server.address,
                     block.text()),
         "give the server an address further back");
  }

  void etcd() {
    if (m_seen.cluster || m_want.own_etcd) return;  // the steps of etcd bring our own up
    stop("etcd does not answer",
         m_seen.etcd_why,
         "see to the cluster at etcd.endpoints; mrc asks it by its JSON gateway (/v3/kv/range), "
         "which is on by default");
  }

  void pools() {
    for (const auto& [text, pool] : m_seen.cluster->pools) {
      const auto cidr = Cidr::parse(text);
      if (!cidr || !cidr->overlaps(m_want.cidr)) continue;
      const bool ours = m_seen.made_pool(pool.name);
      if (*cidr == m_want.cidr) {
        const auto diff = pool_differences(m_want, pool, false);
        if (ours || diff.empty()) continue;
        stop("the address pool has other options",
             fmt::format("mrc did not make {}; its {} is {}, not {}",
                         pool.name,
                         diff.front().field,
                         diff.front().before,
                         diff.front().after),
             "set calico.mode and calico.nat_outgoing as that pool has them");
      } else if (ours) {
        swap(*cidr);
      } else {
        stop("another address pool overlaps",
             fmt::format(
                 "Calico has {} ({}), and would refuse {}", pool.name, text, m_want.cidr.text()),
             "use that pool in the topology, or remove it: calicoctl delete ippool " + pool.name);
      }
    }
  }

  /// Our own pool goes for one that overlaps it: nobody may be left outside.
  void swap(const Cidr& old) {
    for (const auto& endpoint : m_seen.cluster->endpoints) {
      for (const auto& text : endpoint.addresses) {
        const auto address = Ipv4::parse(text);
        if (!address || !old.contains(*address) || m_want.cidr.contains(*address)) continue;
        const bool ours = std::any_of(m_seen.made.begin(), m_seen.made.end(), [&](const auto& one) {
          return std::any_of(
              one.second.endpoints.begin(), one.second.endpoints.end(), [&](const auto& made) {
                return made.second.container == endpoint.container;
              });
        });
        if (ours) continue;
        stop(fmt::format("the pool {} is still used", old.text()),
             fmt::format("{} of the container {} on {} is outside {}",
                         text,
                         endpoint.container.substr(0, 12),
                         endpoint.node,
                         m_want.cidr.text()),
             "choose a pool that has it, or that does not overlap " + old.text());
      }
    }
  }

  void profile() {
    const auto found = m_seen.cluster->profiles.find(m_want.profile);
    if (m_seen.made_profile(m_want.profile) || found == m_seen.cluster->profiles.end() ||
        profile_differences(m_want, found->second).empty()) {
      return;
    }
    stop(fmt::format("the profile {} has other rules", m_want.profile),
         fmt::format("mrc did not make it, and it is {}", found->second),
         "give another name to calico.profile");
  }

  void policies() {
    const auto& all = m_seen.cluster->policies;
    if (all.empty()) return;
    warn("network policies are in the cluster",
         fmt::format("{}: where one selects the servers, the profile's rules are not asked",
                     fmt::join(all, ", ")),
         fmt::format("see that none selects has({}), or that it lets TCP 3306 in", m_want.profile));
  }

  void cluster() {
    const auto& one = *m_seen.cluster;
    if (!one.version.empty() && one.version != m_want.version) {
      const bool ours = std::any_of(m_seen.made.begin(), m_seen.made.end(), [](const auto& made) {
        return made.second.cluster;
      });
      if (!ours) {
        stop("the cluster is of another version",
             fmt::format("its nodes are {}, and the file asks for {}", one.version, m_want.version),
             "set calico.version as the cluster has it");
      }
    }
    if (one.started && !one.ready) {
      stop("Calico's datastore is locked",
           "datastoreReady is false: somebody migrates it, and nothing can be attached",
           "calicoctl datastore migrate unlock");
    }
    if (one.strict_affinity) {
      stop("Calico's IPAM has strict affinity",
           "then a host gives addresses of its own blocks only, and not the file's fixed ones",
           "calicoctl ipam configure --strictaffinity=false");
    }
    if (!one.mesh && m_want.nodes().size() > 1) {
      stop("the nodes' mesh is off",
           "nodeToNodeMeshEnabled is false, and mrc makes no other BGP peers",
           "turn it on in the BGPConfiguration default");
    }
  }

  const Desired& m_want;
  const Reading& m_seen;
  const HostWant* m_host = nullptr;
  std::vector<Finding> m_all;
};

}  // namespace

std::vector<Finding> findings(const Desired& want, const Reading& seen) {
  return Judge(want, seen).all();
}

}  // namespace mrc::systems::calico::v3
