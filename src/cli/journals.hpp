#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/cli/env.hpp"

namespace mrc::cli {

/// Where the journals of this workstation's runs are: $XDG_STATE_HOME/mrc/runs.
std::filesystem::path journal_folder(const Env& env);

struct PastStep {
  std::string id;
  std::string host;
  std::string title;
  std::string
      state;  ///< done, failed, skipped; "broken off" when the run ended in the middle of it
  std::chrono::milliseconds took{0};
  std::string error;
  std::string evidence;
};

/// One run, as its journal tells it.
struct PastRun {
  std::string name;  ///< of the file, without its ending: "2026-11-24T130000Z-apply"
  std::string command;
  std::string deployment;
  std::string by;
  std::string began;  ///< UTC, as `ended`: of the last line
  std::string ended;
  std::vector<PastStep> steps;
  std::optional<int> exit;  ///< empty: it was broken off
  std::size_t count(std::string_view state) const;
};

/// All runs, the newest first. A journal that cannot be read is an error that names it.
Result<std::vector<PastRun>> read_runs(const std::filesystem::path& folder);

}  // namespace mrc::cli
