#include <fmt/format.h>

#include <algorithm>

#include "cli/graph.hpp"

namespace mrc::cli {
namespace {

/// Before the last of some lines, and before the others.
std::string_view branch(bool last) { return last ? "└─" : "├─"; }

struct Widths {
  std::size_t name = 0;
  std::size_t address = 0;
  std::size_t role = 0;
};

Widths widths(const Graph& graph) {
  Widths out;
  for (const auto& host : graph.hosts) {
    for (const auto& one : host.servers) {
      out.name = std::max(out.name, one.name.size());
      out.address = std::max(out.address, one.address.size());
      out.role = std::max(out.role, one.role().size());
    }
  }
  return out;
}

std::string render_server(const Graph::Server& server, const Widths& wide) {
  auto line = fmt::format("{:<{}}  {:<{}}  {:<{}}",
                          server.name,
                          wide.name,
                          server.address,
                          wide.address,
                          server.role(),
                          wide.role);
  if (!server.exposed.empty()) line += "  exposed at " + server.exposed;
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string render_graph_text(const Graph& graph) {
  const auto wide = widths(graph);
  auto out = fmt::format("{}: {}\n\n", graph.name, fmt::join(graph.facts, ", "));
  for (const auto& host : graph.hosts) {
    out += fmt::format("{}  {}\n", host.name, host.caption());
    for (const auto& one : host.servers) {
      out += fmt::format("{} {}\n", branch(&one == &host.servers.back()), render_server(one, wide));
    }
  }
  const auto slaves = graph.slaves();
  out += fmt::format("\nreplication\n{}\n", graph.master().name);
  for (const auto& one : slaves) {
    out += fmt::format("{}▶ {}\n", branch(&one == &slaves.back()), one.name);
  }
  return out;
}

}  // namespace mrc::cli
