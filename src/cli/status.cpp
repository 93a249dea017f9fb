#include <memory>
#include <ostream>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/conditions.hpp"
#include "cli/site.hpp"

namespace mrc::cli {
namespace {

struct StatusOptions {
  std::string file;
  bool json = false;
  int every = 0;  // seconds; 0: once
};

/// A host that is away says more than what fails because of it.
ExitCode ending(const Standing& standing, const engine::Reading& reading, const Site& site) {
  if (site.interrupt().hard().stop_requested()) return ExitCode::interrupted;
  if (!reading.failed.empty() && exit_code_of(reading.failed) == ExitCode::unreachable) {
    return ExitCode::unreachable;
  }
  const bool fails = standing.count(systems::Verdict::Level::fail) > 0;
  return fails ? ExitCode::verify_failed : ExitCode::done;
}

/// Line by line over what was there: a cleared screen would flicker.
std::string redrawn(const std::string& text) {
  std::string out = "\033[H";
  for (const char c : text) out += c == '\n' ? std::string("\033[K\n") : std::string(1, c);
  return out + "\033[J";
}

void show(const Standing& standing, const StatusOptions& options, const Site& site, Env& env) {
  auto text = site.redactor().clean(options.json ? render_json(standing) : render_text(standing));
  if (options.every > 0 && env.out_is_terminal) {
    text = redrawn(text + fmt::format("every {} s; Ctrl-C ends it\n", options.every));
  }
  env.out << text << std::flush;
}

ExitCode run_status(const StatusOptions& options, Env& env) {
  const auto again = command_line("status", options.file, {}, {{"--json", options.json}});
  const auto site = Site::load(options.file, env, again);
  if (!site) return env.exit_code;
  if (options.every > 0 && env.out_is_terminal) env.out << "\033[2J";
  for (;;) {
    const auto reading = site->look(env);
    const Standing standing{site->topology().name, env.clock.wall(), site->status(reading)};
    show(standing, options, *site, env);
    if (options.every == 0 ||
        !rest(site->interrupt().soft(), std::chrono::seconds(options.every))) {
      return ending(standing, reading, *site);
    }
  }
}

}  // namespace

void add_status(CLI::App& root, Env& env) {
  auto options = std::make_shared<StatusOptions>();
  auto* command = root.add_subcommand("status", "Show on one screen how the deployment stands");
  command->add_option("file", options->file, "Topology file");
  auto* json = command->add_flag("--json", options->json, "Print all rows as one JSON record");
  // A flag, so that `--watch FILE` is not taken for a number of seconds.
  command->add_flag("--watch{2}", options->every, "Show it again every 2 s, or --watch=SECONDS")
      ->check(CLI::Range(1, 86400))
      ->excludes(json);
  command->callback([options, &env] { env.exit_code = run_status(*options, env); });
}

}  // namespace mrc::cli
