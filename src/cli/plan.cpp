#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/preflight.hpp"

namespace mrc::cli {
namespace {

struct PlanOptions {
  std::string file;
  bool json = false;
};

ExitCode run_plan(const PlanOptions& options, Env& env) {
  const auto site = Site::load(options.file, env);
  if (!site) return env.exit_code;
  const auto seen = site->observe(env);
  if (!seen || !preflight(*site, *seen, env)) return env.exit_code;
  const auto plan = planned(engine::make_plan(site->systems(), *seen), env);
  if (!plan) return env.exit_code;
  env.out << (options.json ? render_json(*plan) : render_text(*plan));
  return plan->empty() ? ExitCode::done : ExitCode::changes_pending;
}

}  // namespace

void add_plan(CLI::App& root, Env& env) {
  auto options = std::make_shared<PlanOptions>();
  auto* command = root.add_subcommand("plan", "Show what apply would change; changes nothing");
  command->add_option("file", options->file, "Topology file");
  command->add_flag("--json", options->json, "Print the plan as one JSON record");
  command->callback([options, &env] { env.exit_code = run_plan(*options, env); });
}

}  // namespace mrc::cli
