#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mrc/systems/registry.hpp"

/// What takes the master's part from a server that is lost. Only the servers and the ways to them
/// count then: what else runs on the hosts is not asked and not changed.
namespace mrc::systems {

/// The systems whose answers a failover reads.
std::vector<std::unique_ptr<System>> make_servers(const Inputs& inputs);

/// What the operator says of it.
struct FailoverWish {
  std::optional<ServerId> heir;  ///< empty: the slave that has received the most
  bool accept_loss = false;      ///< although another slave has, or may have, what the heir lacks
};

/// Who takes the part from whom.
struct Succession {
  std::optional<ServerId> lost;  ///< empty: the master of the file answers
  ServerId heir;
  std::string reason;             ///< why this one: "it was named"
  std::vector<Finding> findings;  ///< what stands in the way, and what may be lost
  bool heard = false;             ///< a slave has a connection to the lost one
};

/// `seen` lacks the hosts that cannot be reached. Errors: `unreadable`.
Result<Succession> succession(const Inputs& inputs,
                              const Observations& seen,
                              const FailoverWish& wish);

/// What is to be done when the topology names the heir as the master. `reached`: the hosts that can
/// be, whether they could be read or not.
Result<std::vector<plan::Step>> failover_steps(const Inputs& inputs,
                                               const Observations& seen,
                                               const Succession& chosen,
                                               const std::set<HostId>& reached);

/// What lets the port for writers lead to the topology's master. `hosts`: those that `seen` has.
Result<std::vector<plan::Step>> writer_steps(const Inputs& inputs,
                                             const Observations& seen,
                                             const std::set<HostId>& hosts);

}  // namespace mrc::systems
