#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "mrc/base/diagnostics.hpp"
#include "mrc/cli/env.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::cli {

/// A topology as a command got it: the text for diagnostics, the values, the folder of its paths.
struct Input {
  SourceText source;
  std::filesystem::path folder;
  topology::Topology topology;
};

/// FILE as given, else $MRC_TOPOLOGY, else ./topology.yaml; "-" is stdin.
std::string topology_path(const std::string& given, const Env& env);

/// The text of the file; prints why it cannot be read.
std::optional<SourceText> read_source(const std::string& path, Env& env);
/// What relative paths in the file are relative to.
std::filesystem::path folder_of(const std::string& path);

/// Reads and validates; prints every fault to `env.err`. Empty: the command ends with `usage`.
std::optional<Input> load_input(const std::string& given, Env& env);
/// Opens the secrets, printing what is missing.
std::optional<topology::Secrets> load_input_secrets(const Input& input, Env& env);

}  // namespace mrc::cli
