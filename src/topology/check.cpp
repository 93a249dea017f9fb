#include <algorithm>
#include <map>
#include <set>

#include "topology/reader.hpp"

namespace mrc::topology {
namespace {

std::vector<std::string> host_names(const Topology& topology) {
  std::vector<std::string> out;
  for (const auto& host : topology.hosts) out.push_back(host.id.text());
  return out;
}

/// Reports each value that was seen before, with a note where.
template <class Value>
class Unique {
 public:
  Unique(std::string_view code, std::string_view what, Diagnostics& diags)
      : m_code(code), m_what(what), m_diags(diags) {}
  void add(const Value& value, SourceMark at, std::string_view whose) {
    const auto [first, fresh] = m_seen.emplace(value, std::pair(at, std::string(whose)));
    if (fresh) return;
    m_diags
        .error(m_code,
               at,
               "{}: the {} {} is that of {} too",
               whose,
               m_what,
               value,
               first->second.second)
        .note(first->second.first, fmt::format("{} is declared here", first->second.second));
  }

 private:
  std::string_view m_code, m_what;
  Diagnostics& m_diags;
  std::map<Value, std::pair<SourceMark, std::string>> m_seen;
};

void check_etcd(const Topology& topology, Diagnostics& diags) {
  const auto names = host_names(topology);
  const std::set<std::string> known(names.begin(), names.end());
  std::map<HostId, SourceMark> seen;
  for (const auto& member : topology.etcd.members) {
    if (!known.contains(member->text())) {
      auto report =
          diags.error("MRC-T081", member.at, "unknown host '{}' in etcd.members", *member);
      if (const auto near = closest(member->text(), names))
        report.hint("did you mean '{}'?", *near);
    }
    const auto [first, fresh] = seen.emplace(*member, member.at);
    if (!fresh) {
      diags.error("MRC-T082", member.at, "'{}' is a member twice", *member)
          .note(first->second, "first here");
    }
  }
  const auto count = topology.etcd.members.size();
  if (count > 0 && count % 2 == 0) {
    diags
        .warning("MRC-T083",
                 topology.etcd.members.back().at,
                 "{} etcd members bear no more failures than {}",
                 count,
                 count - 1)
        .hint("an odd number: 1, 3 or 5");
  }
}

void check_pool(const Topology& topology, Diagnostics& diags) {
  const auto& pool = topology.calico.pool;
  if (pool->prefix() == 0) return;  // was not read
  for (const auto& host : topology.hosts) {
    if (host.ip == Ipv4() || !pool->contains(host.ip)) continue;
    diags
        .warning(
            "MRC-T084", pool.at, "the pool {} contains the host {} ({})", *pool, host.id, host.ip)
        .note(host.at, "declared here")
        .hint(
            "Calico may give a host's address to a container, announces the hosts' own network to "
            "its peers, and leaves packets to hosts without NAT; a pool apart, such as "
            "10.77.0.0/24, "
            "has none of this");
    break;
  }
  if (pool->overlaps(Cidr(Ipv4(172U << 24 | 17U << 16), 16))) {
    diags
        .warning("MRC-T085",
                 pool.at,
                 "the pool {} overlaps Docker's usual bridge network 172.17.0.0/16",
                 *pool)
        .hint("routes to containers then go to the wrong place on every host");
  }
}

/// Ports that a server's host has for something else.
bool is_taken(const Topology& topology, const HostId& host, Port port) {
  if (port == Port(22) || port == Port(179)) return true;
  const auto& members = topology.etcd.members;
  return (port == topology.etcd.client_port || port == topology.etcd.peer_port) &&
         std::any_of(members.begin(), members.end(), [&](const auto& one) { return *one == host; });
}

/// What reaches the servers from outside; on each server's host, as any can become the master.
void check_ports(const Topology& topology, Diagnostics& diags) {
  Unique<std::string> ports("MRC-T087", "exposed port", diags);
  const auto taken = [&](Port port, SourceMark at, const std::string& whose) {
    diags.error("MRC-T090",
                at,
                "the exposed port {} of {} is taken: SSH, BGP and etcd use 22, 179, {} and {}",
                port,
                whose,
                topology.etcd.client_port,
                topology.etcd.peer_port);
  };
  std::set<HostId> hosts;
  for (const auto& server : topology.mysql.servers) {
    hosts.insert(server.host);
    if (const auto port = topology.exposed_port(server)) {
      ports.add(fmt::format("{} of {}", *port, server.host), server.at, server.id.text());
      if (is_taken(topology, server.host, *port)) taken(*port, server.at, server.id.text());
    }
  }
  if (!topology.expose || !topology.expose->writer_port) return;
  const auto& writer = *topology.expose->writer_port;
  const std::string whose = "expose.writer_port";
  for (const auto& host : hosts) {
    ports.add(fmt::format("{} of {}", *writer, host), writer.at, whose);
  }
  if (std::any_of(hosts.begin(), hosts.end(), [&](const HostId& host) {
        return is_taken(topology, host, *writer);
      })) {
    taken(*writer, writer.at, whose);
  }
}

void check_servers(const Topology& topology, Diagnostics& diags) {
  const auto names = host_names(topology);
  const std::set<std::string> known(names.begin(), names.end());
  Unique<Ipv4> addresses("MRC-T080", "address", diags);
  Unique<std::uint32_t> ids("MRC-T086", "server_id", diags);
  for (const auto& host : topology.hosts) {
    if (host.ip != Ipv4()) addresses.add(host.ip, host.at, host.id.text());
  }
  for (const auto& server : topology.mysql.servers) {
    const auto& name = server.id.text();
    if (!server.host.empty() && !known.contains(server.host.text())) {
      auto report = diags.error(
          "MRC-T088", server.at, "the server {} is on an unknown host '{}'", name, server.host);
      if (const auto near = closest(server.host.text(), names))
        report.hint("did you mean '{}'?", *near);
    }
    if (server.server_id != 0) ids.add(server.server_id, server.at, name);
    if (server.address != Ipv4()) {
      addresses.add(server.address, server.at, name);
      const auto& pool = topology.calico.pool;
      if (pool->prefix() != 0 && !pool->contains(server.address)) {
        diags
            .error("MRC-T089",
                   server.at,
                   "the server {}'s address {} is outside the pool {}",
                   name,
                   server.address,
                   *pool)
            .note(pool.at, "the pool");
      }
    }
  }
}

void check_master(const Topology& topology, Diagnostics& diags) {
  const auto& master = topology.mysql.master;
  if (master->empty()) return;
  std::vector<std::string> names;
  for (const auto& server : topology.mysql.servers) names.push_back(server.id.text());
  if (std::find(names.begin(), names.end(), master->text()) != names.end()) return;
  auto report = diags.error("MRC-T091", master.at, "mysql.master names no server: '{}'", *master);
  if (const auto near = closest(master->text(), names)) report.hint("did you mean '{}'?", *near);
}

/// Each slave has a connection, and while it is set up mrc asks the master from there with another.
void check_connections(const Topology& topology, Diagnostics& diags) {
  const auto& most = topology.mysql.replication_max_connections;
  const auto servers = topology.mysql.servers.size();
  if (*most == 0 || servers == 0 || *most >= 2 * servers - 1) return;
  diags.error("MRC-T092", most.at, "{} connections are too few for {} servers", *most, servers)
      .hint("{} at least: two for each slave, and one for mrc", 2 * servers - 1);
}

}  // namespace

void check_topology(const Topology& topology, Diagnostics& diags) {
  check_etcd(topology, diags);
  check_pool(topology, diags);
  check_servers(topology, diags);
  check_ports(topology, diags);
  check_master(topology, diags);
  check_connections(topology, diags);
}

}  // namespace mrc::topology
