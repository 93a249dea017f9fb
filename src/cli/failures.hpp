#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"
#include "mrc/exec/executor.hpp"
#include "mrc/plan/plan.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::cli {

/// One thing that went wrong on one host, whoever found it: the login, the preflight, a step.
struct Trouble {
  HostId host;
  std::string cause;       ///< one line
  std::string evidence;    ///< what was found, lines; may be empty, as all that follows
  std::string remedy;      ///< what to do about it
  StepId step = {};        ///< the step that failed; empty: none did
  std::string title = {};  ///< of that step
  std::string note = {};   ///< why there is no evidence, and what becomes of the step
  std::string look = {};   ///< a command on the host that shows more
};

/// What the file calls each host and the servers on it. Causes that differ only in that are one.
class Names {
 public:
  explicit Names(const topology::Topology& topology);
  /// The text with the names and addresses of that host as <host>, of its servers as <server>.
  std::string without(const HostId& host, std::string text) const;

 private:
  std::map<HostId, std::vector<std::pair<std::string, std::string>>> m_words;
};

/// Troubles of one cause, and what they kept from being done.
struct Failure {
  std::string cause;  ///< as all have it; else without their own names
  std::vector<Trouble> troubles;
  std::vector<StepId> not_reached;
};

/// In the order in which causes come first.
std::vector<Failure> by_cause(const std::vector<Trouble>& troubles, const Names& names);

/// Errors of hosts, as troubles.
std::vector<Trouble> troubles_of(const std::map<HostId, Error>& failed);

/// How a run that did not come to its end ended.
struct Aftermath {
  std::vector<Failure> failures;
  std::vector<StepId> not_begun;  ///< needed nothing that failed: the run was stopped before
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t all = 0;
};

/// What a human types on a step's host to see more; empty: nothing in particular.
using LookAt = std::function<std::string(const plan::Step&)>;

/// A step that was not reached counts for the first failure, in the plan's order, that it needed.
Aftermath aftermath_of(const plan::Plan& plan,
                       const exec::Report& report,
                       const Names& names,
                       const LookAt& look_at);

/// "FAILED on docker2, docker3: CAUSE", below it who, evidence, remedy, what was not reached.
std::string render_failure(const Failure& failure, const Names& names, std::string_view head);
std::string render_failures(const std::vector<Failure>& failures, const Names& names);

/// What the operator types next.
struct NextCommands {
  std::string again;  ///< goes on: "mrc apply x.yaml --yes"
  std::string show;   ///< tells more: "mrc show 2026-11-24T130000Z-apply"
};

/// All of it, with what is done, and the next commands.
std::string render_aftermath(const Aftermath& aftermath,
                             const Names& names,
                             const NextCommands& next);

}  // namespace mrc::cli
