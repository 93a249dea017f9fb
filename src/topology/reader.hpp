#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "mrc/topology/topology.hpp"
#include "topology/section.hpp"

namespace mrc::topology {

/// Reads one section at a time into values; what a value means beside others is `check`'s affair.
/// Each reports what it finds, and leaves a default where it could not read.
class Reader {
 public:
  Reader(std::filesystem::path folder, Diagnostics& diags)
      : m_folder(std::move(folder)), m_diags(diags) {}
  Topology read(const Section& root);

 private:
  void check_names(const Section& section);
  std::optional<Section> need(const Section& section, std::string_view key);
  std::optional<Section> find(const Section& section, std::string_view key);
  std::string text(const Section& section, std::string_view key, std::string_view fallback);
  std::string needed_text(const Section& section, std::string_view key);
  bool flag(const Section& section, std::string_view key);
  std::optional<Port> port(const Section& section, std::string_view key);
  std::optional<Ipv4> address(const Section& value);
  SecretSource secret(const Section& value);
  std::optional<ArtefactSource> artefact(const Section& value);
  Options options(const Section& section);

  Ssh ssh(const Section& root);
  std::vector<Host> hosts(const Section& root);
  Host host(const std::string& name, const Section& value);
  Etcd etcd(const Section& root);
  Calico calico(const Section& root);
  void calico_pool(const Section& section, Calico& out);
  void calico_profile(const Section& section, Calico& out);
  void calico_v0(const Section& section, Calico& out);
  void calico_v3(const Section& section, Calico& out);
  Mysql mysql(const Section& root);
  void image(const Section& section, Mysql& mysql);
  void replication(const Section& section, Mysql& mysql);
  void check_options(const Section& section, const Mysql& mysql);
  std::vector<Server> servers(const Section& section);
  std::optional<Expose> expose(const Section& root);

  std::filesystem::path m_folder;
  Diagnostics& m_diags;
};

/// Judges the values beside one another: duplicates, unknown names, addresses and networks.
void check_topology(const Topology& topology, Diagnostics& diags);

/// Whether the text is of ASCII letters, digits and these.
bool all_of(std::string_view text, std::string_view extra);

/// A name that a container engine, a file system and a shell all take.
bool is_plain_name(std::string_view name);

}  // namespace mrc::topology
