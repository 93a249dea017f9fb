#pragma once

#include <fmt/format.h>

#include <string>

#include "mrc/base/hash.hpp"
#include "mrc/base/id.hpp"

/// How a host's record keeps what a step was to bring about there: see Step::goal.
namespace mrc::plan {

inline std::string goal_key(const StepId& id) { return fmt::format("did/{}", id); }

/// As JSON.
inline std::string goal_mark(const std::string& goal) {
  return fmt::format("\"{}\"", short_hash(goal));
}

}  // namespace mrc::plan
