#include "mrc/exec/executor.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

namespace mrc::exec {
namespace {

using State = Outcome::State;
using Clock = std::chrono::steady_clock;

constexpr std::size_t k_evidence_bytes = 2000;

std::string tail(const std::string& text) {
  if (text.size() <= k_evidence_bytes) return text;
  const auto cut = text.find('\n', text.size() - k_evidence_bytes);
  return text.substr(cut == std::string::npos ? text.size() - k_evidence_bytes : cut + 1);
}

struct Words {
  std::string reason;
  std::string evidence;  // all other lines
};

/// What a failed script said. Its reason is the last line that says something and is not marked as
/// evidence: see prelude.sh.
Words words_of(const std::string& said) {
  constexpr std::string_view mark = "| ";
  std::vector<std::string> lines;
  std::istringstream in(said);
  for (std::string line; std::getline(in, line);) {
    line.erase(line.find_last_not_of(" \r") + 1);
    if (!line.empty() && line != "|") lines.push_back(std::move(line));
  }
  const auto reason = std::find_if(
      lines.rbegin(), lines.rend(), [&](const auto& line) { return !line.starts_with(mark); });
  Words words;
  if (reason != lines.rend()) {
    words.reason = std::move(*reason);
    lines.erase(std::next(reason).base());
  }
  for (const auto& line : lines) {
    words.evidence += (line.starts_with(mark) ? line.substr(mark.size()) : line) + "\n";
  }
  return words;
}

/// What is known of the run, and the one mutex that guards it.
class Board {
 public:
  Board(const plan::Plan& plan, const ExecutorOptions& options) : m_plan(plan), m_options(options) {
    m_outcomes.resize(plan.steps().size());
    m_waiting.resize(plan.steps().size());
    m_followers.resize(plan.steps().size());
    for (std::size_t i = 0; i < plan.steps().size(); ++i) {
      m_waiting[i] = plan.before(i).size();
      for (const auto j : plan.before(i)) m_followers[j].push_back(i);
      if (m_waiting[i] == 0) m_ready[plan.steps()[i].host].insert(i);
    }
    m_open = plan.steps().size();
  }

  /// The next step for a worker of this host; empty when there will be none.
  std::optional<std::size_t> take(const HostId& host) {
    std::unique_lock guard(m_mutex);
    auto& ready = m_ready[host];
    const auto stopped = [&] {
      return m_thrown || m_options.soft_stop.stop_requested() ||
             m_options.hard_stop.stop_requested();
    };
    m_changed.wait(guard, [&] { return stopped() || !ready.empty() || m_open == 0; });
    if (stopped() || ready.empty()) return {};
    const auto next = *ready.begin();
    ready.erase(ready.begin());
    return next;
  }

  void finish(std::size_t i, Outcome outcome, EventSink& events) {
    const std::scoped_lock guard(m_mutex);
    settle(i, std::move(outcome), events);
    m_changed.notify_all();
  }

  void tell(const std::function<void()>& event) {
    const std::scoped_lock guard(m_mutex);
    event();
  }

  void wake() {
    const std::scoped_lock guard(m_mutex);
    m_changed.notify_all();
  }

  /// A bug somewhere: what runs is finished, nothing new starts, and the run ends by throwing it.
  void abandon(std::exception_ptr thrown) {
    const std::scoped_lock guard(m_mutex);
    if (!m_thrown) m_thrown = std::move(thrown);
    m_changed.notify_all();
  }

  /// After the last worker has ended.
  std::vector<Outcome> outcomes() {
    if (m_thrown) std::rethrow_exception(m_thrown);
    return std::move(m_outcomes);
  }

 private:
  void settle(std::size_t i, Outcome outcome, EventSink& events) {
    m_outcomes[i] = std::move(outcome);
    --m_open;
    events.finished(m_plan.steps()[i], m_outcomes[i]);
    for (const auto follower : m_followers[i]) {
      if (m_outcomes[follower].state != State::not_started) continue;
      if (m_outcomes[i].state == State::done) {
        if (--m_waiting[follower] == 0) m_ready[m_plan.steps()[follower].host].insert(follower);
        continue;
      }
      Outcome skipped;
      skipped.state = State::skipped;
      skipped.because =
          m_outcomes[i].state == State::failed ? m_plan.steps()[i].id : m_outcomes[i].because;
      settle(follower, std::move(skipped), events);
    }
  }

  const plan::Plan& m_plan;
  const ExecutorOptions& m_options;
  std::mutex m_mutex;  // guards all that follows, and orders the events
  std::condition_variable m_changed;
  std::vector<Outcome> m_outcomes;
  std::vector<std::size_t> m_waiting;  // how many predecessors are not done
  std::vector<std::vector<std::size_t>> m_followers;
  std::map<HostId, std::set<std::size_t>> m_ready;
  std::size_t m_open = 0;
  std::exception_ptr m_thrown;
};

/// `waited_for`: the last note, which tells why a step took too long.
Outcome judge(Result<transport::Answer> answer,
              const Redactor& redactor,
              const std::string& waited_for) {
  Outcome outcome;
  if (answer && answer->status == 0) {
    outcome.state = State::done;
    return outcome;
  }
  outcome.state = State::failed;
  if (!answer) {
    outcome.error = std::move(answer).error();
    outcome.error.message = redactor.clean(outcome.error.message);
    outcome.error.evidence = tail(redactor.clean(outcome.error.evidence));
    if (outcome.error.kind == ErrorKind::timeout && !waited_for.empty()) {
      outcome.error.message += ", last " + waited_for;
    }
    return outcome;
  }
  const auto said = redactor.clean(answer->err.empty() ? answer->out : answer->err);
  auto words = words_of(said);
  outcome.error = {ErrorKind::exit_status,
                   words.reason.empty() ? fmt::format("exit status {}", answer->status)
                                        : std::move(words.reason),
                   {},
                   answer->status,
                   tail(words.evidence)};
  return outcome;
}

}  // namespace

std::size_t Report::count(State state) const {
  return static_cast<std::size_t>(std::count_if(
      outcomes.begin(), outcomes.end(), [&](const Outcome& one) { return one.state == state; }));
}

Report execute(const plan::Plan& plan,
               Fleet& fleet,
               EventSink& events,
               const Redactor& redactor,
               const ExecutorOptions& options) {
  Board board(plan, options);
  std::map<HostId, std::size_t> steps_of;
  for (const auto& step : plan.steps()) ++steps_of[step.host];

  const auto run_step = [&](std::size_t i) {
    const auto& step = plan.steps()[i];
    board.tell([&] { events.started(step); });
    const auto start = Clock::now();
    std::string last_note;
    transport::RunOptions how;
    how.timeout = step.timeout;
    how.stop = options.hard_stop;
    how.on_note = [&](std::string_view text) {
      last_note = redactor.clean(text);
      board.tell([&] { events.note(step, last_note); });
    };
    auto outcome = judge(fleet.run(step.host, step.apply, how), redactor, last_note);
    outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    board.finish(i, std::move(outcome), events);
  };
  const auto work = [&](const HostId& host) {
    try {
      while (const auto next = board.take(host)) run_step(*next);
    } catch (...) {
      board.abandon(std::current_exception());
    }
  };
  {
    const std::stop_callback on_soft(options.soft_stop, [&] { board.wake(); });
    const std::stop_callback on_hard(options.hard_stop, [&] { board.wake(); });
    std::vector<std::jthread> workers;
    for (const auto& [host, count] : steps_of) {
      for (std::size_t i = 0; i < std::min(count, options.lanes); ++i) {
        workers.emplace_back(work, host);
      }
    }
  }
  return {board.outcomes()};
}

}  // namespace mrc::exec
