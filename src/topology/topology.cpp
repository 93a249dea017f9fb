#include "mrc/topology/topology.hpp"

#include <algorithm>

#include "mrc/base/bug.hpp"
#include "topology/reader.hpp"

namespace mrc::topology {

std::optional<Topology> parse_topology(const SourceText& source,
                                       const std::filesystem::path& folder,
                                       Diagnostics& diags) {
  const auto root = Section::parse(source, diags);
  if (!root) return {};
  auto topology = Reader(folder, diags).read(*root);
  check_topology(topology, diags);
  if (diags.has_errors()) return {};
  return topology;
}

const Server& Mysql::server(const ServerId& id) const {
  const auto found =
      std::find_if(servers.begin(), servers.end(), [&](const auto& one) { return one.id == id; });
  MRC_CHECK(found != servers.end());
  return *found;
}

std::string data_path(const std::string& data_root, const ServerId& server) {
  return fmt::format("{}/{}/data", data_root, server);
}

const Host& Topology::host(const HostId& id) const {
  const auto found =
      std::find_if(hosts.begin(), hosts.end(), [&](const auto& one) { return one.id == id; });
  MRC_CHECK(found != hosts.end());
  return *found;
}

std::vector<const Server*> Topology::servers_on(const HostId& id) const {
  std::vector<const Server*> out;
  for (const auto& server : mysql.servers) {
    if (server.host == id) out.push_back(&server);
  }
  return out;
}

std::optional<Port> Topology::exposed_port(const Server& server) const {
  if (server.expose) return server.expose;
  if (expose) return expose->port;
  return {};
}

std::vector<Port> Topology::exposed_ports(const Server& server) const {
  std::vector<Port> out;
  if (const auto port = exposed_port(server)) out.push_back(*port);
  if (expose && expose->writer_port && server.id == *mysql.master) {
    out.push_back(**expose->writer_port);
  }
  return out;
}

}  // namespace mrc::topology
