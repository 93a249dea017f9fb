#pragma once

#include <stop_token>
#include <vector>

#include "mrc/exec/events.hpp"
#include "mrc/exec/fleet.hpp"
#include "mrc/exec/redactor.hpp"
#include "mrc/plan/plan.hpp"

namespace mrc::exec {

struct ExecutorOptions {
  std::size_t lanes = 3;      ///< steps that one host may run at once
  std::stop_token soft_stop;  ///< no new steps; what runs is finished
  std::stop_token hard_stop;  ///< what runs is given up too
};

struct Report {
  std::vector<Outcome> outcomes;  ///< one per step, in the plan's order
  std::size_t count(Outcome::State state) const;
  bool complete() const { return count(Outcome::State::done) == outcomes.size(); }
};

/// Runs the plan: a step starts as soon as those before it are done, whatever other hosts do; a
/// failed step skips only what depends on it. All texts that reach `events` and the report have
/// passed the redactor.
Report execute(const plan::Plan& plan,
               Fleet& fleet,
               EventSink& events,
               const Redactor& redactor,
               const ExecutorOptions& options);

}  // namespace mrc::exec
