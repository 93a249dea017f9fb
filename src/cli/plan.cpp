#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <ostream>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/detail.hpp"
#include "cli/preflight.hpp"
#include "cli/saved_plan.hpp"
#include "mrc/shell/quote.hpp"

namespace mrc::cli {
namespace {

struct PlanOptions {
  std::string file;
  std::string saved_as;
  bool json = false;
  plan::Detail detail = plan::Detail::normal;
  Permits permits;
};

bool save(const plan::Plan& plan,
          const Site& site,
          const Permits& permits,
          const std::string& path,
          Env& env) {
  std::ofstream out(path, std::ios::binary);
  out << render_saved_plan(make_saved_plan(site.file(), site.text(), permits, plan)) << std::flush;
  if (out) return true;
  env.err << fmt::format("mrc: cannot write {}: {}\n", path, std::strerror(errno));
  return false;
}

ExitCode run_plan(const PlanOptions& options, Env& env) {
  const auto again =
      command_line("plan", options.file, options.permits, {{"--json", options.json}}) +
      (options.saved_as.empty() ? "" : " --out " + shell::quote(options.saved_as));
  const auto site = Site::load(options.file, env, again, options.permits);
  if (!site) return env.exit_code;
  const auto seen = site->observe(env);
  if (!seen || !preflight(*site, *seen, env)) return env.exit_code;
  const auto plan =
      planned(*site, engine::make_plan(site->topology().name, site->systems(), *seen), env);
  if (!plan) return env.exit_code;
  env.out << (options.json ? render_json(*plan) : render_text(*plan, options.detail));
  if (!options.saved_as.empty() && !save(*plan, *site, options.permits, options.saved_as, env)) {
    return ExitCode::usage;
  }
  return plan->empty() ? ExitCode::done : ExitCode::changes_pending;
}

}  // namespace

void add_plan(CLI::App& root, Env& env) {
  auto options = std::make_shared<PlanOptions>();
  auto* command = root.add_subcommand("plan", "Show what apply would change; changes nothing");
  command->add_option("file", options->file, "Topology file");
  command->add_option("--out", options->saved_as, "Save the plan here, for apply");
  command->add_flag("--json", options->json, "Print the plan as one JSON record");
  add_detail(*command, options->detail);
  add_adopt(*command, options->permits);
  add_forget(*command, options->permits);
  command->callback([options, &env] { env.exit_code = run_plan(*options, env); });
}

}  // namespace mrc::cli
