#include "mrc/plan/plan.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "mrc/base/bug.hpp"

namespace mrc::plan {
namespace {

using Edges = std::vector<std::set<std::size_t>>;

Edges resolve_edges(const std::vector<Step>& steps) {
  std::map<StepId, std::size_t> index;
  std::multimap<Milestone, std::size_t> givers;
  std::multimap<Milestone, std::size_t> undoers;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    MRC_CHECK(index.emplace(steps[i].id, i).second);
    for (const auto& milestone : steps[i].gives) givers.emplace(milestone, i);
    for (const auto& milestone : steps[i].undoes) undoers.emplace(milestone, i);
  }
  Edges before(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    for (const auto& id : steps[i].after) {
      const auto found = index.find(id);
      MRC_CHECK(found != index.end());
      before[i].insert(found->second);
    }
    const auto come_before = [&](const auto& those, const std::vector<Milestone>& milestones) {
      for (const auto& milestone : milestones) {
        const auto [first, last] = those.equal_range(milestone);
        for (auto it = first; it != last; ++it) {
          if (it->second != i) before[i].insert(it->second);
        }
      }
    };
    come_before(givers, steps[i].needs);
    come_before(undoers, steps[i].gives);
  }
  return before;
}

/// Always the first step, in input order, whose predecessors are all placed.
std::vector<std::size_t> topological_order(const Edges& before) {
  std::vector<std::vector<std::size_t>> followers(before.size());
  std::vector<std::size_t> waiting(before.size());
  std::set<std::size_t> ready;
  for (std::size_t i = 0; i < before.size(); ++i) {
    waiting[i] = before[i].size();
    if (waiting[i] == 0) ready.insert(i);
    for (const auto j : before[i]) followers[j].push_back(i);
  }
  std::vector<std::size_t> order;
  order.reserve(before.size());
  while (!ready.empty()) {
    const auto next = *ready.begin();
    ready.erase(ready.begin());
    order.push_back(next);
    for (const auto follower : followers[next]) {
      if (--waiting[follower] == 0) ready.insert(follower);
    }
  }
  MRC_CHECK(order.size() == before.size());  // otherwise there is a cycle
  return order;
}

}  // namespace

Plan Plan::make(std::vector<Step> steps) {
  const auto before = resolve_edges(steps);
  const auto order = topological_order(before);
  std::vector<std::size_t> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  Plan plan;
  for (const auto old : order) {
    plan.m_steps.push_back(std::move(steps[old]));
    std::vector<std::size_t> placed;
    for (const auto j : before[old]) placed.push_back(place[j]);
    std::sort(placed.begin(), placed.end());
    plan.m_before.push_back(std::move(placed));
  }
  return plan;
}

std::size_t Plan::count(Change change) const {
  return static_cast<std::size_t>(std::count_if(
      m_steps.begin(), m_steps.end(), [&](const Step& step) { return step.change == change; }));
}

std::size_t Plan::count(Cause cause) const {
  return static_cast<std::size_t>(std::count_if(
      m_steps.begin(), m_steps.end(), [&](const Step& step) { return step.cause == cause; }));
}

Risk Plan::risk() const {
  Risk worst = Risk::safe;
  for (const auto& step : m_steps) worst = std::max(worst, step.risk);
  return worst;
}

}  // namespace mrc::plan
