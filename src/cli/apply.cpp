#include "cli/apply.hpp"

#include <fstream>
#include <memory>
#include <ostream>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/detail.hpp"
#include "cli/perform.hpp"
#include "cli/preflight.hpp"
#include "cli/run_record.hpp"
#include "cli/saved_plan.hpp"
#include "cli/verdicts.hpp"
#include "mrc/base/read_all.hpp"

namespace mrc::cli {
namespace {

std::optional<SavedPlan> saved_plan_in(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const auto text = in ? read_all(in) : std::nullopt;
  return text ? parse_saved_plan(*text) : std::nullopt;
}

bool may_run(const SavedPlan& saved, const plan::Plan& plan, const Site& site, Env& env) {
  const auto why = refusal(saved, make_saved_plan(site.file(), site.text(), saved.permits, plan));
  if (why.empty()) return true;
  env.err << fmt::format(
      "mrc: the saved plan is refused: {}; nothing was changed\n"
      "  hint: mrc plan {} --out shows and saves what is to be done now\n",
      why,
      saved.file);
  env.exit_code = ExitCode::preflight_failed;
  return false;
}

std::string command(const ApplyOptions& options, const std::string& file, const Permits& permits) {
  return command_line(
      "apply",
      file,
      permits,
      {{"--yes", options.yes}, {"--no-write", options.no_write}, {"--json", options.json}});
}

ExitCode run_apply(const ApplyOptions& options, Env& env) {
  const auto saved = saved_plan_in(options.file);
  // A saved plan is of use until the first step is run.
  const auto& permits = saved ? saved->permits : options.permits;
  const auto typed = command(options, options.file, saved ? Permits{} : permits);
  const auto again = saved ? command(options, saved->file, permits) : typed;
  const auto site = Site::load(saved ? saved->file : options.file, env, typed, permits);
  if (!site) return env.exit_code;
  ApplyHooks hooks;
  ApplyOptions run = options;
  if (saved) {
    run.yes = true;  // a saved plan has been looked at
    hooks.may_run = [&](const plan::Plan& plan) { return may_run(*saved, plan, *site, env); };
  }
  return apply_site(*site, "apply", again, run, hooks, env);
}

}  // namespace

void add_apply_options(CLI::App& command, ApplyOptions& options) {
  command.add_flag("-y,--yes", options.yes, "Do not ask");
  command.add_flag("--json", options.json, "Print what was done as one JSON record");
  command.add_flag("--no-write", options.no_write, "Verify without writing a row");
  add_detail(command, options.detail);
  add_lock_wait(command, options.lock_wait);
}

ExitCode apply_site(Site& site,
                    const std::string& command,
                    const std::string& again,
                    const ApplyOptions& options,
                    const ApplyHooks& hooks,
                    Env& env) {
  const auto seen = site.observe(env, Lock{command, options.lock_wait});
  if (!seen || !preflight(site, *seen, env)) return env.exit_code;
  const auto plan =
      planned(site, engine::make_plan(site.topology().name, site.systems(), *seen), env);
  if (!plan || (hooks.may_run && !hooks.may_run(*plan))) return env.exit_code;
  return carry_out(*plan, site, command, again, options, hooks, env);
}

ExitCode carry_out(const plan::Plan& plan,
                   Site& site,
                   const std::string& command,
                   const std::string& again,
                   const ApplyOptions& options,
                   const ApplyHooks& hooks,
                   Env& env) {
  (options.json ? env.err : env.out) << render_text(plan, options.detail) << std::flush;
  RunRecord record{command, site.topology().name, &plan};
  std::optional<Performance> performed;
  std::vector<engine::CheckResult> results;
  if (!plan.empty()) {
    if (!confirm(plan, site, options.yes, env)) return env.exit_code;
    if (hooks.begin && !hooks.begin()) return env.exit_code;
    performed = perform(plan, site, command, again, env);
    if (!performed) return env.exit_code;
    if (hooks.ended) hooks.ended(plan, performed->report);
    record.performed = &*performed;
    record.exit_code = env.exit_code;
  }
  if (performed && performed->report.complete()) {
    results = hooks.verify ? hooks.verify(!options.no_write) : site.verify(!options.no_write);
    record.results = &results;
    if (!all_hold(results)) record.exit_code = ExitCode::verify_failed;
    (options.json ? env.err : env.out) << site.redactor().clean(render_checks(results, true));
  }
  if (options.json) env.out << site.redactor().clean(render_json(record));
  return record.exit_code;
}

void add_apply(CLI::App& root, Env& env) {
  auto options = std::make_shared<ApplyOptions>();
  auto* command = root.add_subcommand("apply", "Make the hosts as the file asks, then verify");
  command->add_option("file", options->file, "Topology file, or a plan that plan --out saved");
  add_apply_options(*command, *options);
  add_adopt(*command, options->permits);
  add_forget(*command, options->permits);
  command->callback([options, &env] { env.exit_code = run_apply(*options, env); });
}

}  // namespace mrc::cli
