#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "mrc/base/id.hpp"
#include "mrc/base/net.hpp"
#include "mrc/shell/script.hpp"

namespace mrc::plan {

enum class Change { create, update, remove, replace, run };

/// How much an operator must be asked: `destructive` can lose data, `disruptive` cuts service.
enum class Risk { safe, disruptive, destructive };

/// Why a step is needed: the file asks for something else than last time, or somebody changed the
/// host since.
enum class Cause { change, drift };

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

/// A way from a host to a port of another, that must be open for a step to do its work.
struct Passage {
  enum class Protocol { tcp, udp, ipip };
  HostId from;
  std::string to;       ///< a host's id; an address, when it is none of the file's
  std::string address;  ///< of `to`, as `from` calls it
  Protocol protocol = Protocol::tcp;
  Port port;        ///< of no meaning for `ipip`
  std::string use;  ///< who needs it: "BGP of Calico"
  auto operator<=>(const Passage&) const = default;
};

/// One change on one host. A value: compared, printed, stored; running it is the executor's affair.
struct Step {
  StepId id;
  HostId host;
  std::string title;  ///< imperative, for a human: "add member docker3"
  Change change = Change::create;
  std::string reason;  ///< why, when the title does not say: "unit etcd is stopped"
  /// What the host shall be like after it, in words that are the same whenever the file asks for
  /// the same (no observation, no secret: `change_mark`). The engine keeps a hash of it in the
  /// host's record; found there again, the step is needed because of drift. Empty: a step that only
  /// follows from others, and shares their cause.
  std::string goal;
  Cause cause = Cause::change;  ///< a system sets it where it knows; else the engine, by `goal`
  /// Who is cut off and for about how long: "mysql-slave1 does not answer, some 5 s".
  std::string impact;
  std::vector<DiffLine> diff;
  shell::Script apply;  ///< safe to run twice
  std::vector<StepId> after;
  std::vector<Milestone> needs;  ///< waits for every step of the plan that gives one of these
  std::vector<Milestone> gives;
  /// What holds before this step and no more after it: the plan then has the step that gives it
  /// again, behind this one.
  std::vector<Milestone> undoes;
  /// Step ids that begin so are of a thing that goes: their goals leave the host's record.
  std::vector<std::string> forgets;
  /// Tried before the plan is run. Whoever needs a way back says so too.
  std::vector<Passage> passages;
  Risk risk = Risk::safe;
  std::chrono::seconds timeout{60};
};

}  // namespace mrc::plan
