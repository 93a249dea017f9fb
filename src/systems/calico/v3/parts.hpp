#pragma once

#include <vector>

#include "mrc/plan/step.hpp"
#include "mrc/systems/system.hpp"
#include "systems/calico/rolling.hpp"
#include "systems/calico/v3/desired.hpp"
#include "systems/calico/v3/probe.hpp"

namespace mrc::systems::calico::v3 {

/// What stands in the way on these hosts.
std::vector<Finding> findings(const Desired& want, const Reading& seen);

/// A step for each host whose record lacks entries of what is there and ours.
std::vector<plan::Step> note_steps(const Desired& want, const Reading& seen);

/// Programs, image, pool, profile, the nodes, and the wait for their peers. While etcd does not
/// answer, what it keeps is unknown: then each of these is planned, and its script looks again
/// before it changes anything. Errors: io, when a program cannot be had.
Result<std::vector<plan::Step>> node_steps(const Desired& want, const Reading& seen);

/// One step for each server whose address is not where it belongs.
std::vector<plan::Step> endpoint_steps(const Desired& want, const Reading& seen);

/// From the records alone: everything.
std::vector<plan::Step> teardown_steps(const Desired& want, const Reading& seen);
/// From the records, what the file does not ask for any more: servers, nodes, hosts, pools,
/// profiles; and what etcd knows of hosts that are given up. `planned`: the steps so far.
std::vector<plan::Step> leaving_steps(const Desired& want,
                                      const Reading& seen,
                                      const std::vector<plan::Step>& planned);

std::vector<Check> make_checks(const Desired& want);

/// A row for each node and each server's endpoint, for the pool and for the profile.
std::vector<Condition> make_status(const Desired& want, const Observations& seen);

/// How something differs from what is wanted: the first fault in words, and a line for each.
struct Difference {
  std::string reason;  ///< empty: it does not differ, as far as can be known
  std::vector<plan::DiffLine> diff;

  void add(std::string why, plan::DiffLine line) {
    if (reason.empty()) reason = std::move(why);
    diff.push_back(std::move(line));
  }
};

/// Where a program of ours is put.
std::string path_of(std::string_view file);

/// Why the program on this host does not do; empty: it does.
std::string file_fault(const Desired& want,
                       const HostWant& host,
                       const std::string& file,
                       const Reading& seen);

/// How the node on this host differs, as container or in etcd. A node that mrc did not start may
/// reach the same etcd by other words.
Difference node_difference(const Desired& want, const HostWant& host, const Reading& seen);

/// The ways between hosts that the node on this host needs. A tunnel between networks needs none
/// within one.
std::vector<plan::Passage> passages(const Desired& want, const HostWant& host, const Reading& seen);

/// Starts the node; nothing when it is as wanted.
std::optional<plan::Step> node_step(const Desired& want, const HostWant& host, const Reading& seen);

inline constexpr std::string_view k_unknown =
    "etcd does not answer yet: what it holds is looked at then";

/// True when what this container's environment calls etcd has one of our endpoints.
bool same_etcd(const Desired& want, const NodeContainer& node);

/// How a pool of the wanted network differs. Of one that mrc did not make, only what servers feel.
std::vector<plan::DiffLine> pool_differences(const Desired& want, const Pool& now, bool ours);

/// How the profile in etcd differs from the wanted one, by its spec.
std::vector<plan::DiffLine> profile_differences(const Desired& want, const std::string& now);

/// Why the server's endpoint is not as wanted; empty: it is.
std::string endpoint_difference(const Desired& want,
                                const HostWant& host,
                                const ServerWant& server,
                                const Reading& seen);

/// Who has the server's address though mrc did not attach it: "the container ID on NODE", or a
/// handle of Calico's IPAM; empty: nobody.
struct Holder {
  std::string who;
  std::string container;  ///< empty: no endpoint has it
  std::string node;
  std::string profile;
  bool tunnel = false;  ///< a node's own, for its end of the tunnel
};
std::optional<Holder> foreign_holder(const ServerWant& server,
                                     const HostSeen& on,
                                     const Reading& seen);

}  // namespace mrc::systems::calico::v3
