#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/perform.hpp"
#include "cli/preflight.hpp"
#include "cli/verdicts.hpp"

namespace mrc::cli {
namespace {

struct ApplyOptions {
  std::string file;
  bool yes = false;
  bool no_write = false;
};

ExitCode run_apply(const ApplyOptions& options, Env& env) {
  const auto site = Site::load(options.file, env);
  if (!site || !site->connect(env) || !site->lock("apply", env)) return env.exit_code;
  const auto seen = site->observe(env);
  if (!seen || !preflight(*site, *seen, env)) return env.exit_code;
  const auto plan = planned(engine::make_plan(site->systems(), *seen), env);
  if (!plan) return env.exit_code;
  env.out << render_text(*plan) << std::flush;
  if (plan->empty()) return ExitCode::done;
  if (!confirm(*plan, site->topology(), options.yes, env)) return env.exit_code;
  if (!perform(*plan, *site, "apply", env)) return env.exit_code;
  const auto results = site->verify(!options.no_write);
  env.out << site->redactor().clean(render_checks(results, true));
  return all_hold(results) ? ExitCode::done : ExitCode::verify_failed;
}

}  // namespace

void add_apply(CLI::App& root, Env& env) {
  auto options = std::make_shared<ApplyOptions>();
  auto* command = root.add_subcommand("apply", "Make the hosts as the file asks, then verify");
  command->add_option("file", options->file, "Topology file");
  command->add_flag("-y,--yes", options->yes, "Do not ask");
  command->add_flag("--no-write", options->no_write, "Verify without writing a row");
  command->callback([options, &env] { env.exit_code = run_apply(*options, env); });
}

}  // namespace mrc::cli
