#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "mrc/base/id.hpp"
#include "mrc/shell/script.hpp"

namespace mrc::plan {

enum class Change { create, update, remove, replace, run };

/// How much an operator must be asked: `destructive` can lose data, `disruptive` cuts service.
enum class Risk { safe, disruptive, destructive };

/// One line of difference, for a human: "+ ETCD_NAME  etcd1". Secrets are given as their labels.
struct DiffLine {
  Change change = Change::create;
  std::string field;
  std::string before;  ///< empty when there was none
  std::string after;   ///< empty when there will be none
  bool operator==(const DiffLine&) const = default;
};

/// A fact about the deployment that one step brings about and others wait for, in words that
/// systems share without knowing one another: see plan/milestone.hpp.
using Milestone = std::string;

/// One change on one host. A value: compared, printed, stored; running it is the executor's affair.
struct Step {
  StepId id;
  HostId host;
  std::string title;  ///< imperative, for a human: "add member docker3"
  Change change = Change::create;
  std::string reason;  ///< why, when the title does not say: "unit etcd is stopped"
  std::vector<DiffLine> diff;
  shell::Script apply;  ///< safe to run twice
  std::vector<StepId> after;
  std::vector<Milestone> needs;  ///< waits for every step of the plan that gives one of these
  std::vector<Milestone> gives;
  /// What holds before this step and no more after it: the plan then has the step that gives it.
  std::vector<Milestone> undoes;
  Risk risk = Risk::safe;
  std::chrono::seconds timeout{60};
};

}  // namespace mrc::plan
