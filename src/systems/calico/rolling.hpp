#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/plan/step.hpp"

namespace mrc::systems::calico {

/// "calico/docker1/node"
StepId host_step(const HostId& host, std::string_view what);

/// Adds the step after those of the given ids that are in the plan.
void push(std::vector<plan::Step>& all,
          std::optional<plan::Step> step,
          const std::vector<StepId>& after);

/// Entries that the record of a host lacks, as it was lost or as things are taken over, without
/// what the step runs; `lines` becomes what the record gets, a line an entry.
plan::Step note_step(const HostId& host,
                     const std::map<std::string, std::string>& entries,
                     bool lost,
                     std::string& lines);

/// The wait for a node's peers, without what it runs.
plan::Step peers_step(const HostId& host, const std::vector<std::string>& peers);

/// How nodes that start bear on all others.
struct Rolling {
  std::vector<HostId> nodes;         ///< all of them
  std::vector<StepId> started;       ///< steps in the plan that start one which is not there yet
  std::vector<plan::Step> restarts;  ///< not in the plan yet: they run, and start anew
  std::function<std::vector<StepId>(const HostId&)> before_node;
  std::function<plan::Step(const HostId&)> peers;  ///< the wait for its peers, by calicoctl
};

/// Nodes that run are started anew one at a time, each when the one before has its peers again;
/// whenever one starts, all hosts wait for their peers.
void push_rolling(Rolling rolling, std::vector<plan::Step>& all);

}  // namespace mrc::systems::calico
