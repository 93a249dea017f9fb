#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/journals.hpp"
#include "cli/progress.hpp"
#include "cli/site.hpp"

namespace mrc::cli {
namespace {

using nlohmann::ordered_json;

struct HistoryOptions {
  std::size_t most = 20;
  bool json = false;
};

struct ShowOptions {
  std::string run;
  bool json = false;
};

std::string ending(const PastRun& run) {
  if (!run.exit) return "broken off";
  return *run.exit == 0 ? "done" : fmt::format("exit {}", *run.exit);
}

ordered_json to_json(const PastRun& run) {
  auto steps = ordered_json::array();
  const auto or_null = [](const std::string& text) {
    return text.empty() ? ordered_json(nullptr) : ordered_json(text);
  };
  for (const auto& one : run.steps) {
    steps.push_back({{"step", one.id},
                     {"host", one.host},
                     {"title", or_null(one.title)},
                     {"state", one.state},
                     {"milliseconds", one.took.count()},
                     {"error", or_null(one.error)},
                     {"evidence", or_null(one.evidence)}});
  }
  return {{"run", run.name},
          {"command", run.command},
          {"deployment", run.deployment},
          {"by", or_null(run.by)},
          {"began", run.began},
          {"ended", run.ended},
          {"exit_code", run.exit ? ordered_json(*run.exit) : ordered_json(nullptr)},
          {"steps", std::move(steps)}};
}

std::string dump(const ordered_json& json) {
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::optional<std::vector<PastRun>> runs_of(Env& env) {
  auto runs = read_runs(journal_folder(env));
  if (runs) return std::move(*runs);
  env.err << "mrc: " << render_error(runs.error());
  return {};
}

ExitCode run_history(const HistoryOptions& options, Env& env) {
  auto runs = runs_of(env);
  if (!runs) return ExitCode::usage;
  if (runs->size() > options.most) runs->resize(options.most);
  if (options.json) {
    auto list = ordered_json::array();
    for (const auto& run : *runs) list.push_back(to_json(run));
    env.out << dump({{"schema", "mrc/history/1"}, {"runs", std::move(list)}});
    return ExitCode::done;
  }
  if (runs->empty()) env.err << "no run of mrc on this workstation yet\n";
  for (const auto& run : *runs) {
    env.out << fmt::format("{:<30} {:<12} {:<20} {:>3} of {:>3} steps  {}\n",
                           run.name,
                           run.deployment,
                           run.by,
                           run.count("done"),
                           run.steps.size(),
                           ending(run));
  }
  return ExitCode::done;
}

ExitCode run_show(const ShowOptions& options, Env& env) {
  const auto runs = runs_of(env);
  if (!runs) return ExitCode::usage;
  const auto found = std::find_if(runs->begin(), runs->end(), [&](const auto& one) {
    return options.run == "last" || one.name == options.run;
  });
  if (found == runs->end()) {
    env.err << fmt::format("mrc: there is no run {}; mrc history lists them\n", options.run);
    return ExitCode::usage;
  }
  if (options.json) {
    env.out << dump({{"schema", "mrc/show/1"}, {"run", to_json(*found)}});
    return ExitCode::done;
  }
  env.out << fmt::format("{}: {} of {} by {}, {} to {}, {}\n",
                         found->name,
                         found->command,
                         found->deployment,
                         found->by,
                         found->began,
                         found->ended,
                         ending(*found));
  for (const auto& step : found->steps) {
    env.out << fmt::format("{:<10} {:<10} {}  {}\n",
                           step.state,
                           step.host,
                           step.title.empty() ? step.id : step.title,
                           render_duration(step.took));
    if (!step.error.empty()) env.out << "    " << step.error << '\n';
    std::istringstream evidence(step.evidence);
    for (std::string line; std::getline(evidence, line);) env.out << "      | " << line << '\n';
  }
  return ExitCode::done;
}

}  // namespace

void add_history(CLI::App& root, Env& env) {
  auto options = std::make_shared<HistoryOptions>();
  auto* command = root.add_subcommand("history", "List past runs on this workstation");
  command->add_option("-n", options->most, "At most so many, the newest first");
  command->add_flag("--json", options->json, "Print the runs as one JSON record");
  command->callback([options, &env] { env.exit_code = run_history(*options, env); });
}

void add_show(CLI::App& root, Env& env) {
  auto options = std::make_shared<ShowOptions>();
  auto* command = root.add_subcommand("show", "Show one past run, step by step");
  command->add_option("run", options->run, "A run that history lists, or last")->required();
  command->add_flag("--json", options->json, "Print the run as one JSON record");
  command->callback([options, &env] { env.exit_code = run_show(*options, env); });
}

}  // namespace mrc::cli
