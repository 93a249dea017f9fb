#pragma once

#include <vector>

#include "mrc/plan/step.hpp"
#include "mrc/systems/system.hpp"
#include "systems/calico/rolling.hpp"
#include "systems/calico/v0/desired.hpp"
#include "systems/calico/v0/probe.hpp"

namespace mrc::systems::calico::v0 {

/// What stands in the way on these hosts.
std::vector<Finding> findings(const Desired& want, const Reading& seen);

/// A step for each host whose record lacks entries of what is there and ours.
std::vector<plan::Step> note_steps(const Desired& want, const Reading& seen);

/// calicoctl, images, pool, profile, the nodes, and the wait for their peers. While etcd does not
/// answer, what it keeps is unknown: then each of these is planned, and its script looks again
/// before it changes anything.
std::vector<plan::Step> node_steps(const Desired& want, const Reading& seen);

/// One step for each server whose address is not where it belongs, two where its profile has
/// another name from now on.
std::vector<plan::Step> endpoint_steps(const Desired& want, const Reading& seen);

/// What gives a started container its address again; empty when the file has no such server.
shell::Script restore_script(const Desired& want, const ServerId& server);

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

/// How the node on this host differs, as container or in etcd. A node that mrc did not start may
/// reach the same etcd by other words.
Difference node_difference(const Desired& want, const HostWant& host, const Reading& seen);

/// Starts the node; nothing when it is as wanted.
std::optional<plan::Step> node_step(const Desired& want, const HostWant& host, const Reading& seen);

inline constexpr std::string_view k_unknown =
    "etcd does not answer yet: what it holds is looked at then";

/// True when what this container's environment calls etcd is one of our endpoints.
bool same_etcd(const Desired& want, const HostWant& host, const NodeContainer& node);

/// Why the profile in etcd is not the wanted one, a line for each difference.
std::vector<plan::DiffLine> profile_differences(const Desired& want, const Profile& now);

/// Why the server's endpoint is not as wanted; empty: it is.
std::string endpoint_difference(const Desired& want,
                                const HostWant& host,
                                const ServerWant& server,
                                const Reading& seen);

/// The endpoint that has the server's address but was not made by mrc; null: none.
const Endpoint* foreign_holder(const ServerWant& server, const HostSeen& on, const Reading& seen);

}  // namespace mrc::systems::calico::v0
