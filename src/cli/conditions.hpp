#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"

namespace mrc::cli {

/// How one deployment stood when it was read.
struct Standing {
  std::string deployment;
  std::chrono::system_clock::time_point at;
  std::vector<systems::Condition> conditions;
  std::size_t count(systems::Verdict::Level level) const;
};

/// A table for each group, in the order in which the groups first come, then a count.
std::string render_text(const Standing& standing);

/// Shape: {"schema": "mrc/status/1", deployment, "at": UTC, "ok": no row fails, "conditions":
/// [{group, host, subject or null, "level": ok|warn|fail, text}]}.
std::string render_json(const Standing& standing);

}  // namespace mrc::cli
