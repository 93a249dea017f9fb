#include <memory>
#include <ostream>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/site.hpp"
#include "cli/verdicts.hpp"

namespace mrc::cli {
namespace {

struct VerifyOptions {
  std::string file;
  bool json = false;
  bool no_write = false;
};

ExitCode run_verify(const VerifyOptions& options, Env& env) {
  const auto again = command_line(
      "verify", options.file, {}, {{"--no-write", options.no_write}, {"--json", options.json}});
  const auto site = Site::load(options.file, env, again);
  if (!site || !site->connect(env)) return env.exit_code;
  const auto results = site->verify(!options.no_write);
  env.out << site->redactor().clean(options.json
                                        ? render_checks_json(site->topology().name, results)
                                        : render_checks(results, false));
  return all_hold(results) ? ExitCode::done : ExitCode::verify_failed;
}

}  // namespace

void add_verify(CLI::App& root, Env& env) {
  auto options = std::make_shared<VerifyOptions>();
  auto* command =
      root.add_subcommand("verify", "Prove that the deployment works, by state and by data");
  command->add_option("file", options->file, "Topology file");
  command->add_flag("--json", options->json, "Print the outcome as one JSON record");
  command->add_flag(
      "--no-write", options->no_write, "Write no row; replication is judged by its state");
  command->callback([options, &env] { env.exit_code = run_verify(*options, env); });
}

}  // namespace mrc::cli
