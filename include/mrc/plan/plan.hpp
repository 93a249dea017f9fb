#pragma once

#include <string>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/plan/step.hpp"

namespace mrc::plan {

/// A checked graph of steps: ids unique, edges known, acyclic, in a stable topological order.
class Plan {
 public:
  Plan() = default;

  /// Resolves `needs` into edges, checks and orders. The order is that of the input wherever the
  /// edges leave a choice, so the same input gives the same plan, byte for byte.
  /// A doubled id, an `after` that names no step, or a cycle is a bug of mrc (MRC_CHECK).
  static Plan make(std::vector<Step> steps);

  const std::vector<Step>& steps() const { return m_steps; }
  /// Indices of the steps that step `i` waits for; all smaller than `i`.
  const std::vector<std::size_t>& before(std::size_t i) const { return m_before[i]; }
  bool empty() const { return m_steps.empty(); }
  std::size_t count(Change change) const;
  std::size_t count(Cause cause) const;
  Risk risk() const;

 private:
  std::vector<Step> m_steps;
  std::vector<std::vector<std::size_t>> m_before;
};

/// How much of a plan is shown: one line a step, the real differences, or also what each step
/// waits for, gives and undoes.
enum class Detail { summary, normal, full };

/// The plan for a human: what drifted, then what changes; a first and a last line that sum up.
/// Same plan, same bytes.
std::string render_text(const Plan& plan, Detail detail = Detail::normal);
/// The same as one JSON record; secrets are labels, scripts are left out.
std::string render_json(const Plan& plan);

}  // namespace mrc::plan
