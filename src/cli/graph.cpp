#include "cli/graph.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "mrc/base/bug.hpp"

namespace mrc::cli {
namespace {

struct GraphOptions {
  std::string file;
  std::string format = "text";
};

struct Format {
  std::string_view name;
  std::string (*render)(const Graph&);
};

constexpr std::array k_formats{Format{"text", render_graph_text},
                               Format{"svg", render_graph_svg},
                               Format{"dot", render_graph_dot},
                               Format{"mermaid", render_graph_mermaid}};

/// For CLI11: why the format is none; empty when it is one.
std::string format_fault(const std::string& name) {
  const bool known = std::any_of(
      k_formats.begin(), k_formats.end(), [&](const Format& one) { return one.name == name; });
  return known ? "" : fmt::format("{} is not one of text, svg, dot, mermaid", name);
}

Graph::Server make_server(const topology::Topology& topology, const topology::Server& server) {
  std::string exposed;
  for (const auto port : topology.exposed_ports(server)) {
    exposed +=
        fmt::format("{}{}:{}", exposed.empty() ? "" : ", ", topology.host(server.host).ip, port);
  }
  return {server.id.text(),
          server.address.text(),
          fmt::format("{}", server.server_id),
          server.id == *topology.mysql.master,
          std::move(exposed)};
}

Graph::Host make_host(const topology::Topology& topology, const topology::Host& host) {
  Graph::Host out{host.id.text(), host.ip.text(), false, {}};
  out.etcd_member = std::any_of(topology.etcd.members.begin(),
                                topology.etcd.members.end(),
                                [&](const auto& member) { return *member == host.id; });
  for (const auto* server : topology.servers_on(host.id)) {
    out.servers.push_back(make_server(topology, *server));
  }
  return out;
}

ExitCode run_graph(const GraphOptions& options, Env& env) {
  const auto input = load_input(options.file, env);
  if (!input) return ExitCode::usage;
  const auto format = std::find_if(k_formats.begin(), k_formats.end(), [&](const Format& one) {
    return one.name == options.format;
  });
  MRC_CHECK(format != k_formats.end());
  env.out << format->render(make_graph(input->topology));
  return ExitCode::done;
}

}  // namespace

std::string Graph::Server::role() const {
  return fmt::format("{}, server_id {}", is_master ? "master" : "slave", server_id);
}

std::string Graph::Host::caption() const { return address + (etcd_member ? ", etcd member" : ""); }

const Graph::Server& Graph::master() const {
  const auto& servers = hosts.front().servers;
  const auto found =
      std::find_if(servers.begin(), servers.end(), [](const Server& one) { return one.is_master; });
  MRC_CHECK(found != servers.end());
  return *found;
}

std::vector<Graph::Server> Graph::slaves() const {
  std::vector<Server> out;
  for (const auto& host : hosts) {
    for (const auto& server : host.servers) {
      if (!server.is_master) out.push_back(server);
    }
  }
  return out;
}

Graph make_graph(const topology::Topology& topology) {
  Graph graph;
  graph.name = topology.name;
  graph.facts = {*topology.mysql.image,
                 "Calico " + topology.calico.version,
                 "pool " + topology.calico.pool->text(),
                 "profile " + topology.calico.profile};
  if (!topology.etcd.endpoints.empty()) {
    graph.facts.push_back(fmt::format("etcd at {}", fmt::join(topology.etcd.endpoints, ", ")));
  }
  for (const auto& host : topology.hosts) graph.hosts.push_back(make_host(topology, host));
  std::stable_partition(graph.hosts.begin(), graph.hosts.end(), [](const Graph::Host& host) {
    return std::any_of(host.servers.begin(), host.servers.end(), [](const Graph::Server& one) {
      return one.is_master;
    });
  });
  return graph;
}

void add_graph(CLI::App& root, Env& env) {
  auto options = std::make_shared<GraphOptions>();
  auto* command = root.add_subcommand("graph", "Draw the topology; asks no host");
  command->add_option("file", options->file, "Topology file");
  command->add_option("--format", options->format, "text (default), svg, dot or mermaid")
      ->check(format_fault, "FORMAT");
  command->callback([options, &env] { env.exit_code = run_graph(*options, env); });
}

}  // namespace mrc::cli
