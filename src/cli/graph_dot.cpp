#include <fmt/format.h>

#include "cli/graph.hpp"

namespace mrc::cli {
namespace {

/// In double quotes, as dot wants it.
std::string dot_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// Lines of one label; dot breaks at "\n" in two characters.
std::string label(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) {
    const auto text = dot_quoted(line);
    out += (out.empty() ? "" : "\\n") + text.substr(1, text.size() - 2);
  }
  return "\"" + out + "\"";
}

std::string render_server(const Graph::Server& server) {
  std::vector<std::string> lines{server.name, server.address, server.role()};
  if (!server.exposed.empty()) lines.push_back("exposed at " + server.exposed);
  return fmt::format("    {} [label={}{}];\n",
                     dot_quoted(server.name),
                     label(lines),
                     server.is_master ? ", penwidth=2" : "");
}

}  // namespace

std::string render_graph_dot(const Graph& graph) {
  auto out = fmt::format(
      "digraph {} {{\n  label={};\n  node [shape=box, fontname=\"monospace\"];\n"
      "  fontname=\"monospace\";\n",
      dot_quoted(graph.name),
      label({graph.name, fmt::format("{}", fmt::join(graph.facts, ", "))}));
  for (std::size_t i = 0; i < graph.hosts.size(); ++i) {
    const auto& host = graph.hosts[i];
    out += fmt::format(
        "  subgraph cluster_{} {{\n    label={};\n", i, label({host.name, host.caption()}));
    for (const auto& one : host.servers) out += render_server(one);
    // A cluster without a node is not drawn.
    if (host.servers.empty()) out += fmt::format("    empty_{} [style=invis, label=\"\"];\n", i);
    out += "  }\n";
  }
  for (const auto& one : graph.slaves()) {
    out += fmt::format("  {} -> {};\n", dot_quoted(graph.master().name), dot_quoted(one.name));
  }
  return out + "}\n";
}

}  // namespace mrc::cli
