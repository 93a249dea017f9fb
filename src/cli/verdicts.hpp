#pragma once

#include <vector>

#include "mrc/cli/env.hpp"
#include "mrc/engine/engine.hpp"

namespace mrc::cli {

/// One line per check, failures with what was found and how to mend it, then a count.
std::string render_checks(const std::vector<engine::CheckResult>& results, bool only_failures);
std::string render_checks_json(const std::string& deployment,
                               const std::vector<engine::CheckResult>& results);
bool all_hold(const std::vector<engine::CheckResult>& results);

}  // namespace mrc::cli
