#include "cli/input.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <ostream>

#include "mrc/base/read_all.hpp"

namespace mrc::cli {

std::optional<SourceText> read_source(const std::string& path, Env& env) {
  if (path == "-") {
    auto text = read_all(env.in);
    if (text) return SourceText{"<stdin>", std::move(*text)};
    env.err << "mrc: cannot read stdin\n";
    return {};
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    env.err << fmt::format("mrc: {} is a directory; name the topology file in it\n", path);
    return {};
  }
  std::ifstream file(path, std::ios::binary);
  auto text = file ? read_all(file) : std::nullopt;
  if (text) return SourceText{path, std::move(*text)};
  env.err << fmt::format("mrc: cannot read {}: {}\n", path, std::strerror(errno));
  if (path == "topology.yaml") {
    env.err << "  hint: name a file, set MRC_TOPOLOGY, or let mrc init write one to start from\n";
  }
  return {};
}

std::filesystem::path folder_of(const std::string& path) {
  if (path == "-") return std::filesystem::current_path();
  return std::filesystem::absolute(path).parent_path();
}

std::string topology_path(const std::string& given, const Env& env) {
  if (!given.empty()) return given;
  const auto named = env.variable("MRC_TOPOLOGY");
  return named && !named->empty() ? *named : "topology.yaml";
}

std::optional<Input> load_input(const std::string& given, Env& env) {
  const auto path = topology_path(given, env);
  auto source = read_source(path, env);
  if (!source) return {};
  const auto folder = folder_of(path);
  Diagnostics diags;
  auto topology = topology::parse_topology(*source, folder, diags);
  env.err << render(diags, *source);
  if (!topology) return {};
  return Input{std::move(*source), folder, std::move(*topology)};
}

std::optional<topology::Secrets> load_input_secrets(const Input& input, Env& env) {
  Diagnostics diags;
  auto secrets = topology::load_secrets(input.topology, input.folder, diags);
  env.err << render(diags, input.source);
  return secrets;
}

}  // namespace mrc::cli
