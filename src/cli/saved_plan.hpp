#pragma once

#include <optional>
#include <string>

#include "cli/permits.hpp"
#include "mrc/cli/env.hpp"
#include "mrc/plan/plan.hpp"

namespace mrc::cli {

/// A plan that was looked at, to be run as it is or not at all. It holds no script and no secret:
/// it is made anew when it is run, and must come out the same.
///
/// Shape: JSON, {"schema": "mrc/saved-plan/1", "mrc": version, "file": absolute path of the
/// topology, "file_sha256", "adopt": bool, "forget": [host], "fingerprint", "plan": as
/// `plan --json`}.
struct SavedPlan {
  std::string mrc;          ///< the version that made it
  std::string file;         ///< absolute
  std::string file_sha256;  ///< of the topology's text
  Permits permits;          ///< with which it was made, and is run
  std::string fingerprint;  ///< of all that the steps say and run
  std::string plan_json;    ///< as `plan --json` printed it
  bool operator==(const SavedPlan&) const = default;
};

/// What `file` and `plan` are as a saved plan. `text` is the topology's.
SavedPlan make_saved_plan(const std::string& file,
                          const std::string& text,
                          const Permits& permits,
                          const plan::Plan& plan);

std::string render_saved_plan(const SavedPlan& saved);
/// Empty when the text is no saved plan: a topology, say.
std::optional<SavedPlan> parse_saved_plan(const std::string& text);

/// Why the saved plan must not be run; empty when it is `now`'s. Names the steps that came or went.
std::string refusal(const SavedPlan& saved, const SavedPlan& now);

}  // namespace mrc::cli
