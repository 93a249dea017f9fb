#include <algorithm>

#include "mrc/engine/engine.hpp"
#include "mrc/plan/goal.hpp"
#include "mrc/plan/milestone.hpp"

namespace mrc::engine {
namespace {

using plan::Cause;
using Steps = std::vector<plan::Step>;

template <class Ask>
Result<Steps> gather(const Systems& systems, Ask ask) {
  Steps all;
  for (const auto& system : systems) {
    auto steps = ask(*system);
    if (!steps) return fail(std::move(steps).error().with("planning {}", system->name()));
    std::move(steps->begin(), steps->end(), std::back_inserter(all));
  }
  return all;
}

std::vector<plan::Milestone> undone_by(const Steps& steps) {
  std::vector<plan::Milestone> out;
  for (const auto& step : steps) out.insert(out.end(), step.undoes.begin(), step.undoes.end());
  return out;
}

/// Whoever waits for a host to be emptied waits for every step there but those behind him.
void empty_host(const HostId& host, Steps& steps) {
  const auto emptied = plan::milestone::host_emptied(host);
  for (auto& step : steps) {
    const bool waits = std::find(step.needs.begin(), step.needs.end(), emptied) != step.needs.end();
    if (step.host == host && !waits) step.gives.push_back(emptied);
  }
}

/// The step leaves its goal in the host's record; one that is there already tells of drift.
void record_goal(const std::string& deployment,
                 const systems::Observations& seen,
                 plan::Step& step) {
  for (const auto& prefix : step.forgets) {
    step.apply.line("mrc_forget_under {} {}", deployment, "did/" + prefix);
  }
  if (step.goal.empty()) return;
  const auto value = plan::goal_mark(step.goal);
  const auto& record = seen.record(step.host);
  const auto found = record.find(plan::goal_key(step.id));
  if (found != record.end() && found->second == value) step.cause = Cause::drift;
  step.apply.line("mrc_record {} {} {}", deployment, plan::goal_key(step.id), value);
}

/// A step that only follows others has their cause; so has one that makes good what another undoes,
/// unless it is needed for a change of its own.
plan::Plan spread_causes(const plan::Plan& plan) {
  auto steps = plan.steps();
  std::map<plan::Milestone, Cause> undone;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    auto& step = steps[i];
    if (step.goal.empty() && !plan.before(i).empty() && step.change == plan::Change::run) {
      const auto& before = plan.before(i);
      const bool drift = std::all_of(before.begin(), before.end(), [&](std::size_t one) {
        return steps[one].cause == Cause::drift;
      });
      step.cause = drift ? Cause::drift : Cause::change;
    }
    for (const auto& milestone : step.gives) {
      const auto found = undone.find(milestone);
      if (found != undone.end() && (found->second == Cause::change || step.goal.empty())) {
        step.cause = found->second;
      }
    }
    for (const auto& milestone : step.undoes) undone[milestone] = step.cause;
  }
  return plan::Plan::make(std::move(steps));
}

}  // namespace

Result<std::vector<systems::Finding>> preflight(const Systems& systems,
                                                const systems::Observations& seen) {
  std::vector<systems::Finding> all;
  for (const auto& system : systems) {
    auto found = system->preflight(seen);
    if (!found) return fail(std::move(found).error().with("preflight of {}", system->name()));
    std::move(found->begin(), found->end(), std::back_inserter(all));
  }
  return all;
}

Result<plan::Plan> make_plan(const std::string& deployment,
                             const Systems& systems,
                             systems::Observations seen) {
  for (;;) {
    auto steps = gather(systems, [&](const systems::System& one) { return one.steps(seen); });
    if (!steps) return fail(std::move(steps).error());
    if (seen.lose(undone_by(*steps))) continue;
    for (auto& step : *steps) record_goal(deployment, seen, step);
    for (const auto& [host, how] : seen.departed()) empty_host(host, *steps);
    return spread_causes(plan::Plan::make(std::move(*steps)));
  }
}

plan::Plan make_plan_of(const std::string& deployment,
                        std::vector<plan::Step> steps,
                        const systems::Observations& seen) {
  for (auto& step : steps) record_goal(deployment, seen, step);
  return plan::Plan::make(std::move(steps));
}

Result<plan::Plan> make_teardown(const Systems& systems,
                                 const systems::Observations& seen,
                                 bool delete_data) {
  auto steps =
      gather(systems, [&](const systems::System& one) { return one.teardown(seen, delete_data); });
  if (!steps) return fail(std::move(steps).error());
  for (const auto& host : seen.hosts()) empty_host(host, *steps);
  return plan::Plan::make(std::move(*steps));
}

}  // namespace mrc::engine
