#include "cli/perform.hpp"

#include <algorithm>
#include <ctime>
#include <istream>
#include <ostream>

#include "cli/journals.hpp"
#include "cli/progress.hpp"
#include "mrc/exec/interrupt.hpp"
#include "mrc/exec/journal.hpp"

namespace mrc::cli {
namespace {

using State = exec::Outcome::State;

std::string indented(const std::string& text) {
  std::string out = "      | ";
  for (const char c : text) out += c == '\n' ? "\n      | " : std::string(1, c);
  return out + "\n";
}

/// All failures, those with the same cause together, then what was not reached.
std::string render_failures(const plan::Plan& plan, const exec::Report& report) {
  std::map<std::string, std::vector<std::size_t>> by_cause;
  for (std::size_t i = 0; i < report.outcomes.size(); ++i) {
    if (report.outcomes[i].state == State::failed) {
      by_cause[report.outcomes[i].error.message].push_back(i);
    }
  }
  std::string out;
  for (const auto& [cause, failed] : by_cause) {
    out += fmt::format("\nFAILED: {}\n", cause);
    for (const auto i : failed) {
      const auto& step = plan.steps()[i];
      out += fmt::format("    {}  {} ({})\n", step.host, step.title, step.id);
    }
    auto evidence = report.outcomes[failed.front()].error.evidence;
    while (evidence.ends_with('\n')) evidence.pop_back();
    if (!evidence.empty() && evidence != cause) out += indented(evidence);
  }
  return out;
}

}  // namespace

bool confirm(const plan::Plan& plan, const Site& site, bool assume_yes, Env& env) {
  if (site.interrupt().soft().stop_requested()) {
    env.err << "mrc: interrupted; nothing was changed\n";
    env.exit_code = ExitCode::interrupted;
    return false;
  }
  if (assume_yes) return true;
  if (!env.in_is_terminal) {
    env.err << "mrc: no terminal to ask on; say --yes to go on without asking\n";
    env.exit_code = ExitCode::usage;
    return false;
  }
  // What can lose data asks for a word that no habit types.
  const bool grave = plan.risk() == plan::Risk::destructive;
  const std::string wanted = grave ? site.topology().name : "yes";
  env.err << (grave ? fmt::format("Data will be lost. Type '{}' to go on: ", wanted)
                    : std::string("Go on? Type 'yes': "))
          << std::flush;
  std::string answer;
  {
    const exec::OrdinarySignals ctrl_c_ends_it;
    std::getline(env.in, answer);
  }
  if (answer == wanted) return true;
  env.err << "mrc: not confirmed; nothing was changed\n";
  env.exit_code = ExitCode::usage;
  return false;
}

std::optional<exec::Report> perform(const plan::Plan& plan,
                                    Site& site,
                                    const std::string& command,
                                    Env& env) {
  std::size_t width = 0;
  for (const auto& host : site.topology().hosts) width = std::max(width, host.id.text().size());
  Progress progress(env, width);
  auto journal = exec::Journal::open(journal_folder(env),
                                     {command, site.topology().name, operator_name(env)},
                                     env.clock,
                                     progress);
  if (!journal) {
    env.err << "mrc: " << render_error(journal.error());
    env.exit_code = ExitCode::usage;
    return {};
  }
  const auto start = env.clock.now();
  auto report =
      exec::execute(plan,
                    site.fleet(),
                    **journal,
                    site.redactor(),
                    {.soft_stop = site.interrupt().soft(), .hard_stop = site.interrupt().hard()});
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(env.clock.now() - start);
  env.exit_code = ExitCode::done;
  if (!report.complete()) {
    env.exit_code =
        site.interrupt().soft().stop_requested() ? ExitCode::interrupted : ExitCode::incomplete;
  }
  (*journal)->end(static_cast<int>(env.exit_code));
  if (!report.complete()) {
    env.err << render_failures(plan, report)
            << fmt::format(
                   "\n{} of {} steps done, {} failed, {} not reached; what is done stays.\n"
                   "Go on with: mrc {}      journal: {}\n",
                   report.count(State::done),
                   report.outcomes.size(),
                   report.count(State::failed),
                   report.count(State::skipped) + report.count(State::not_started),
                   command,
                   (*journal)->path().string());
  }
  const auto& times = site.fleet().times();
  env.err << fmt::format(
      "{} of {} steps in {}: remote work {} in all, ssh {}, mrc {} of processor time\n",
      report.count(State::done),
      report.outcomes.size(),
      render_duration(took),
      render_duration(times.remote),
      render_duration(times.connecting),
      render_duration(
          std::chrono::milliseconds(std::int64_t{std::clock()} * 1000 / CLOCKS_PER_SEC)));
  if (const auto kept = (*journal)->written(); !kept) {
    env.err << "mrc: the journal of this run is not complete: " << render_error(kept.error());
  }
  return report;
}

}  // namespace mrc::cli
