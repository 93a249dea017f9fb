#pragma once

#include <optional>
#include <string>

#include "cli/site.hpp"
#include "mrc/exec/executor.hpp"
#include "mrc/plan/plan.hpp"

namespace mrc::cli {

/// Asks before anything is changed: yes when `assume_yes`, or when the operator types the answer
/// that the plan's risk demands. False: told, and `env.exit_code` is set.
bool confirm(const plan::Plan& plan, const Site& site, bool assume_yes, Env& env);

/// Runs the plan with progress, journal, failure report and summary line, and sets `env.exit_code`.
/// Empty: nothing was begun; told.
std::optional<exec::Report> perform(const plan::Plan& plan,
                                    Site& site,
                                    const std::string& command,
                                    Env& env);

}  // namespace mrc::cli
