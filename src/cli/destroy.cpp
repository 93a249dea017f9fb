#include <memory>
#include <ostream>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/perform.hpp"
#include "cli/preflight.hpp"
#include "cli/run_record.hpp"

namespace mrc::cli {
namespace {

struct DestroyOptions {
  std::string file;
  bool yes = false;
  bool delete_data = false;
  bool json = false;
  Permits permits;
  std::chrono::seconds lock_wait{0};
};

void show(const plan::Plan& plan,
          const topology::Topology& topology,
          bool delete_data,
          std::ostream& out) {
  if (plan.empty()) {
    out << fmt::format("Nothing to do: mrc has made nothing of {} on these hosts.\n",
                       topology.name);
    return;
  }
  out << render_text(plan);
  if (!delete_data) out << "The data directories stay; --delete-data takes them too.\n";
  out << std::flush;
}

ExitCode run_destroy(const DestroyOptions& options, Env& env) {
  const auto again = command_line(
      "destroy",
      options.file,
      options.permits,
      {{"--yes", options.yes}, {"--delete-data", options.delete_data}, {"--json", options.json}});
  const auto site = Site::load(options.file, env, again, options.permits);
  if (!site) return env.exit_code;
  const auto seen = site->observe(env, Lock{"destroy", options.lock_wait});
  if (!seen) return env.exit_code;
  const auto plan =
      planned(*site, engine::make_teardown(site->systems(), *seen, options.delete_data), env);
  if (!plan) return env.exit_code;
  show(*plan, site->topology(), options.delete_data, options.json ? env.err : env.out);
  RunRecord record{"destroy", site->topology().name, &*plan};
  std::optional<Performance> performed;
  if (!plan->empty()) {
    if (!confirm(*plan, *site, options.yes, env)) return env.exit_code;
    performed = perform(*plan, *site, "destroy", again, env);
    if (!performed) return env.exit_code;
    record.performed = &*performed;
    record.exit_code = env.exit_code;
  }
  if (options.json) env.out << site->redactor().clean(render_json(record));
  return record.exit_code;
}

}  // namespace

void add_destroy(CLI::App& root, Env& env) {
  auto options = std::make_shared<DestroyOptions>();
  auto* command = root.add_subcommand("destroy", "Remove what mrc made; data directories stay");
  command->add_option("file", options->file, "Topology file");
  command->add_flag("-y,--yes", options->yes, "Do not ask");
  command->add_flag("--delete-data", options->delete_data, "Remove the data directories too");
  command->add_flag("--json", options->json, "Print what was done as one JSON record");
  add_forget(*command, options->permits);
  add_lock_wait(*command, options->lock_wait);
  command->callback([options, &env] { env.exit_code = run_destroy(*options, env); });
}

}  // namespace mrc::cli
