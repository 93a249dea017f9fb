#pragma once

#include <optional>
#include <string>

#include "cli/failures.hpp"
#include "cli/site.hpp"
#include "mrc/exec/executor.hpp"
#include "mrc/plan/plan.hpp"

namespace mrc::cli {

/// Asks before anything is changed: yes when `assume_yes`, or when the operator types the answer
/// that the plan's risk demands. False: told, and `env.exit_code` is set.
bool confirm(const plan::Plan& plan, const Site& site, bool assume_yes, Env& env);

/// What came of running a plan.
struct Performance {
  exec::Report report;
  Aftermath aftermath;
  NextCommands next;
};

/// Runs the plan with progress, journal, failure report and summary line, and sets `env.exit_code`.
/// `again` is what the operator types to go on where a run failed. Empty: nothing was begun; told.
std::optional<Performance> perform(const plan::Plan& plan,
                                   Site& site,
                                   const std::string& command,
                                   const std::string& again,
                                   Env& env);

}  // namespace mrc::cli
