#pragma once

#include <functional>
#include <string>

#include "cli/perform.hpp"
#include "cli/permits.hpp"
#include "cli/site.hpp"

namespace CLI {
class App;
}

namespace mrc::cli {

/// What the commands that bring about what the file asks have in common.
struct ApplyOptions {
  std::string file;
  bool yes = false;
  bool no_write = false;
  bool json = false;
  plan::Detail detail = plan::Detail::normal;
  Permits permits;
  std::chrono::seconds lock_wait{0};
};

/// Hangs all of them but the file and the permits on a command.
void add_apply_options(CLI::App& command, ApplyOptions& options);

/// What a command has to say between the parts of a run; each may be left out.
struct ApplyHooks {
  /// The plan is made. False: told, and `env.exit_code` is set.
  std::function<bool(const plan::Plan&)> may_run;
  /// The operator has agreed; the first step comes next. False likewise.
  std::function<bool()> begin;
  /// The steps have ended, well or not.
  std::function<void(const plan::Plan&, const exec::Report&)> ended;
  /// What proves that all is well when the steps have; left out: all checks.
  std::function<std::vector<engine::CheckResult>(bool write)> verify;
};

/// Reads the hosts under the lock, shows the plan, asks, runs it and verifies. `again` is what the
/// operator types to go on where it failed.
ExitCode apply_site(Site& site,
                    const std::string& command,
                    const std::string& again,
                    const ApplyOptions& options,
                    const ApplyHooks& hooks,
                    Env& env);

/// The same from the plan on.
ExitCode carry_out(const plan::Plan& plan,
                   Site& site,
                   const std::string& command,
                   const std::string& again,
                   const ApplyOptions& options,
                   const ApplyHooks& hooks,
                   Env& env);

}  // namespace mrc::cli
