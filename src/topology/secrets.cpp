#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "mrc/base/bug.hpp"
#include "mrc/base/read_all.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::topology {
namespace {

constexpr std::size_t k_longest_root = 64;
// The servers' own limits; 5.6 cuts in silence.
constexpr std::size_t k_longest_replication = 32;
constexpr std::size_t k_longest_replication_mariadb = 96;

std::string without_last_newline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::optional<std::string> run_command(const SecretSource& source, Diagnostics& diags) {
  // timeout(1) bounds it; the command itself is the operator's, by the operator's own shell.
  const std::string line = "timeout 30 sh -c \"$MRC_SECRET_COMMAND\" </dev/null";
  setenv("MRC_SECRET_COMMAND", source.value.c_str(), 1);
  std::FILE* pipe = popen(line.c_str(), "re");
  unsetenv("MRC_SECRET_COMMAND");
  if (pipe == nullptr) {
    diags.error("MRC-T101", source.at, "{}: the command cannot be started", source.label);
    return {};
  }
  std::string out;
  std::array<char, 4096> buffer{};
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), pipe))
    out.append(buffer.data(), got);
  const int status = pclose(pipe);
  if (status != 0) {
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    diags.error("MRC-T101",
                source.at,
                "{}: the command ended with status {}{}",
                source.label,
                code,
                code == 124 ? " (it took more than 30 s)" : "");
    return {};
  }
  return without_last_newline(std::move(out));
}

std::optional<std::string> open_source(const SecretSource& source,
                                       const std::filesystem::path& folder,
                                       Diagnostics& diags) {
  switch (source.kind) {
    case SecretSource::Kind::literal:
      return source.value;
    case SecretSource::Kind::env: {
      const char* value = std::getenv(source.value.c_str());
      if (value != nullptr) return std::string(value);
      diags
          .error("MRC-T102", source.at, "{}: the environment has no {}", source.label, source.value)
          .hint("export {}=...", source.value);
      return {};
    }
    case SecretSource::Kind::file: {
      const auto path = folder / source.value;
      std::ifstream in(path, std::ios::binary);
      if (auto text = in ? read_all(in) : std::nullopt)
        return without_last_newline(std::move(*text));
      diags.error("MRC-T103", source.at, "{}: cannot read {}", source.label, path.string());
      return {};
    }
    case SecretSource::Kind::command:
      return run_command(source, diags);
  }
  throw Bug("unknown SecretSource::Kind");
}

std::optional<Secret> load(const SecretSource& source,
                           std::size_t longest,
                           const std::filesystem::path& folder,
                           Diagnostics& diags) {
  auto value = open_source(source, folder, diags);
  if (!value) return {};
  if (value->empty()) {
    diags.error("MRC-T104", source.at, "{} is empty", source.label);
    return {};
  }
  if (value->size() > longest) {
    diags
        .error("MRC-T105",
               source.at,
               "{} has {} bytes; the servers take at most {}",
               source.label,
               value->size(),
               longest)
        .hint("some servers cut a longer one in silence, and nobody can log in with it");
    return {};
  }
  for (const char c : *value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0 || byte == '\n' || byte == '\r') {
      diags.error("MRC-T106", source.at, "{} has a line break or a NUL inside", source.label);
      return {};
    }
  }
  return Secret(source.label, std::move(*value));
}

}  // namespace

std::optional<Secrets> load_secrets(const Topology& topology,
                                    const std::filesystem::path& folder,
                                    Diagnostics& diags) {
  constexpr std::size_t longest_sudo = 1024;
  auto root = load(topology.mysql.root_password, k_longest_root, folder, diags);
  std::optional<Secret> before;
  if (topology.mysql.root_password_before)
    before = load(*topology.mysql.root_password_before, k_longest_root, folder, diags);
  const auto longest_replication = topology.mysql.flavour == Flavour::mariadb
                                       ? k_longest_replication_mariadb
                                       : k_longest_replication;
  auto replication = load(topology.mysql.replication_password, longest_replication, folder, diags);
  std::optional<Secret> become;
  if (topology.ssh.become_password)
    become = load(*topology.ssh.become_password, longest_sudo, folder, diags);
  if (diags.has_errors()) return {};
  return Secrets{std::move(*root), std::move(before), std::move(*replication), std::move(become)};
}

}  // namespace mrc::topology
