#include "cli/preflight.hpp"

#include <ostream>

namespace mrc::cli {

bool preflight(Site& site, const systems::Observations& seen, Env& env) {
  const auto found = engine::preflight(site.systems(), seen);
  if (!found) {
    env.err << "mrc: " << render_error(found.error());
    env.exit_code = ExitCode::preflight_failed;
    return false;
  }
  std::size_t failures = 0;
  for (const auto& one : *found) {
    if (one.level == systems::Verdict::Level::ok) continue;
    const bool fails = one.level == systems::Verdict::Level::fail;
    failures += fails ? 1 : 0;
    env.err << fmt::format("{} {}: {}\n", fails ? "FAIL" : "warn", one.host, one.title);
    if (!one.detail.empty()) env.err << "    " << one.detail << '\n';
    if (!one.remedy.empty()) env.err << "    mend: " << one.remedy << '\n';
  }
  if (failures == 0) return true;
  env.err << fmt::format("mrc: {} finding{} stand{} in the way; nothing was changed\n",
                         failures,
                         failures == 1 ? "" : "s",
                         failures == 1 ? "s" : "");
  env.exit_code = ExitCode::preflight_failed;
  return false;
}

std::optional<plan::Plan> planned(Result<plan::Plan> plan, Env& env) {
  if (plan) return std::move(*plan);
  env.err << "mrc: " << render_error(plan.error());
  env.exit_code = ExitCode::preflight_failed;
  return {};
}

}  // namespace mrc::cli
