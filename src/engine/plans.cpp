#include <algorithm>

#include "mrc/engine/engine.hpp"

namespace mrc::engine {
namespace {

template <class Ask>
Result<plan::Plan> gather(const Systems& systems, Ask ask) {
  std::vector<plan::Step> all;
  for (const auto& system : systems) {
    auto steps = ask(*system);
    if (!steps) return fail(std::move(steps).error().with("planning {}", system->name()));
    std::move(steps->begin(), steps->end(), std::back_inserter(all));
  }
  return plan::Plan::make(std::move(all));
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

Result<plan::Plan> make_plan(const Systems& systems, systems::Observations seen) {
  for (;;) {
    auto plan = gather(systems, [&](const systems::System& one) { return one.steps(seen); });
    if (!plan) return plan;
    std::vector<plan::Milestone> undone;
    for (const auto& step : plan->steps()) {
      undone.insert(undone.end(), step.undoes.begin(), step.undoes.end());
    }
    if (!seen.lose(undone)) return plan;
  }
}

Result<plan::Plan> make_teardown(const Systems& systems,
                                 const systems::Observations& seen,
                                 bool delete_data) {
  return gather(systems,
                [&](const systems::System& one) { return one.teardown(seen, delete_data); });
}

}  // namespace mrc::engine
