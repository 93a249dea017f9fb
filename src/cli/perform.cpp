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

std::string show_command(const exec::Journal& journal) {
  return "mrc show " + journal.path().stem().string();
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

std::optional<Performance> perform(const plan::Plan& plan,
                                   Site& site,
                                   const std::string& command,
                                   const std::string& again,
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
  Performance out{std::move(report), {}, {again, show_command(**journal)}};
  if (!out.report.complete()) {
    out.aftermath = aftermath_of(
        plan, out.report, site.names(), [&](const plan::Step& step) { return site.look_at(step); });
    env.err << "\n"
            << site.redactor().clean(render_aftermath(out.aftermath, site.names(), out.next))
            << fmt::format("Journal:       {}\n\n", (*journal)->path().string());
  }
  const auto& times = site.fleet().times();
  env.err << fmt::format(
      "{} of {} steps in {}: remote work {} in all, ssh {}, mrc {} of processor time\n",
      out.report.count(State::done),
      out.report.outcomes.size(),
      render_duration(took),
      render_duration(times.remote),
      render_duration(times.connecting),
      render_duration(
          std::chrono::milliseconds(std::int64_t{std::clock()} * 1000 / CLOCKS_PER_SEC)));
  if (const auto kept = (*journal)->written(); !kept) {
    env.err << "mrc: the journal of this run is not complete: " << render_error(kept.error());
  }
  return out;
}

}  // namespace mrc::cli
