#pragma once

#include <optional>

#include "cli/site.hpp"
#include "mrc/plan/plan.hpp"

namespace mrc::cli {

/// Prints what stands in the way. False: something must be mended first; `env.exit_code` is set.
bool preflight(Site& site, const systems::Observations& seen, Env& env);
/// The same of what was found.
bool tell_findings(const std::vector<systems::Finding>& found, const Site& site, Env& env);

/// The plan, or empty when it cannot be made, or when hosts do not reach one another as it needs:
/// told, and `env.exit_code` is set.
std::optional<plan::Plan> planned(Site& site, Result<plan::Plan> plan, Env& env);

}  // namespace mrc::cli
