#include "cli/preflight.hpp"

#include <ostream>

namespace mrc::cli {
namespace {

/// Prints them. False: one stands in the way; `env.exit_code` is set.
bool pass(const Result<std::vector<systems::Finding>>& found, const Site& site, Env& env) {
  if (!found) {
    site.tell(found.error(), env);
    return false;
  }
  return tell_findings(*found, site, env);
}

}  // namespace

bool tell_findings(const std::vector<systems::Finding>& found, const Site& site, Env& env) {
  std::vector<Trouble> warnings;
  std::vector<Trouble> failures;
  for (const auto& one : found) {
    if (one.level == systems::Verdict::Level::ok) continue;
    auto& which = one.level == systems::Verdict::Level::fail ? failures : warnings;
    which.push_back({one.host, one.title, one.detail, one.remedy});
  }
  std::string told;
  for (const auto& one : by_cause(warnings, site.names())) {
    told += render_failure(one, site.names(), "warning");
  }
  told += render_failures(by_cause(failures, site.names()), site.names());
  env.err << site.redactor().clean(told);
  if (failures.empty()) return true;
  env.err << fmt::format(
      "mrc: {} finding{} stand{} in the way; nothing was changed\nGo on with: {}\n",
      failures.size(),
      failures.size() == 1 ? "" : "s",
      failures.size() == 1 ? "s" : "",
      site.again());
  env.exit_code = ExitCode::preflight_failed;
  return false;
}

bool preflight(Site& site, const systems::Observations& seen, Env& env) {
  return pass(engine::preflight(site.systems(), seen), site, env);
}

std::optional<plan::Plan> planned(Site& site, Result<plan::Plan> plan, Env& env) {
  if (!plan) {
    site.tell(plan.error(), env);
    return {};
  }
  if (!pass(site.try_passages(*plan), site, env)) return {};
  return std::move(*plan);
}

}  // namespace mrc::cli
