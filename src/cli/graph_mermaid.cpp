#include <fmt/format.h>

#include <map>

#include "cli/graph.hpp"

namespace mrc::cli {
namespace {

/// Mermaid's own way of writing what its labels take for markup.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = c == ' ' || c == '.' || c == ':' || c == ',' || c == '/' || c == '-' ||
                       c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                       (c >= 'A' && c <= 'Z');
    out += plain ? std::string(1, c) : fmt::format("#{};", static_cast<unsigned char>(c));
  }
  return out;
}

std::string label(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += (out.empty() ? "" : "<br/>") + escaped(line);
  return "[\"" + out + "\"]";
}

std::vector<std::string> lines_of(const Graph::Server& server) {
  std::vector<std::string> lines{server.name, server.address, server.role()};
  if (!server.exposed.empty()) lines.push_back("exposed at " + server.exposed);
  return lines;
}

}  // namespace

std::string render_graph_mermaid(const Graph& graph) {
  // Names of our own: a server may be called "end", which is a word of the language.
  std::map<std::string, std::string> ids;
  std::string out = "flowchart TB\n";
  for (std::size_t i = 0; i < graph.hosts.size(); ++i) {
    const auto& host = graph.hosts[i];
    out += fmt::format("  subgraph host{}{}\n", i, label({host.name, host.caption()}));
    for (const auto& one : host.servers) {
      const auto& id = ids[one.name] = fmt::format("server{}", ids.size());
      out += fmt::format("    {}{}\n", id, label(lines_of(one)));
    }
    if (host.servers.empty()) out += fmt::format("    none{}[\"no server\"]\n", i);
    out += "  end\n";
  }
  for (const auto& one : graph.slaves()) {
    out += fmt::format("  {} --> {}\n", ids.at(graph.master().name), ids.at(one.name));
  }
  return out;
}

}  // namespace mrc::cli
