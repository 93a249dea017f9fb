#include <memory>
#include <ostream>

#include "cli/commands.hpp"
#include "cli/perform.hpp"
#include "cli/preflight.hpp"

namespace mrc::cli {
namespace {

struct DestroyOptions {
  std::string file;
  bool yes = false;
  bool delete_data = false;
};

ExitCode run_destroy(const DestroyOptions& options, Env& env) {
  const auto site = Site::load(options.file, env);
  if (!site || !site->connect(env) || !site->lock("destroy", env)) return env.exit_code;
  const auto seen = site->observe(env);
  if (!seen) return env.exit_code;
  const auto plan =
      planned(engine::make_teardown(site->systems(), *seen, options.delete_data), env);
  if (!plan) return env.exit_code;
  if (plan->empty()) {
    env.out << fmt::format("Nothing to do: mrc has made nothing of {} on these hosts.\n",
                           site->topology().name);
    return ExitCode::done;
  }
  env.out << render_text(*plan);
  if (!options.delete_data) {
    env.out << "The data directories stay; --delete-data takes them too.\n";
  }
  env.out << std::flush;
  if (!confirm(*plan, site->topology(), options.yes, env)) return env.exit_code;
  return perform(*plan, *site, "destroy", env) ? ExitCode::done : env.exit_code;
}

}  // namespace

void add_destroy(CLI::App& root, Env& env) {
  auto options = std::make_shared<DestroyOptions>();
  auto* command = root.add_subcommand("destroy", "Remove what mrc made; data directories stay");
  command->add_option("file", options->file, "Topology file");
  command->add_flag("-y,--yes", options->yes, "Do not ask");
  command->add_flag("--delete-data", options->delete_data, "Remove the data directories too");
  command->callback([options, &env] { env.exit_code = run_destroy(*options, env); });
}

}  // namespace mrc::cli
