#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mrc/topology/topology.hpp"

namespace mrc::cli {

/// A topology as a picture shows it: who runs where, and who replicates from whom.
struct Graph {
  struct Server {
    std::string name;
    std::string address;
    std::string server_id;
    bool is_master = false;
    std::string exposed;  ///< "192.168.55.111:3306"; empty: it is not
    /// "master, server_id 1".
    std::string role() const;
  };
  struct Host {
    std::string name;
    std::string address;
    bool etcd_member = false;
    std::vector<Server> servers;
    /// "192.168.55.111, etcd member".
    std::string caption() const;
  };
  std::string name;
  std::vector<std::string> facts;  ///< "mysql:5.6", "Calico v0.22.0", ..
  std::vector<Host> hosts;         ///< the master's first, then in the file's order
  /// The master; its host is the first.
  const Server& master() const;
  std::vector<Server> slaves() const;
};

Graph make_graph(const topology::Topology& topology);

/// For a terminal.
std::string render_graph_text(const Graph& graph);
/// For graphviz.
std::string render_graph_dot(const Graph& graph);
/// A flowchart for Mermaid, as GitHub shows it in Markdown.
std::string render_graph_mermaid(const Graph& graph);
/// A picture by itself: no font, script or file besides.
std::string render_graph_svg(const Graph& graph);

}  // namespace mrc::cli
