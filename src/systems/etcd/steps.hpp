#pragma once

#include <map>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"
#include "systems/etcd/desired.hpp"
#include "systems/etcd/membership.hpp"
#include "systems/etcd/probe.hpp"
#include "systems/etcd/scene.hpp"

namespace mrc::systems::etcd {

/// What mrc must not touch, etcd that it did not make, and changes that would cost the cluster its
/// quorum or make a second one. `steps` refuses to plan on those that fail.
std::vector<Finding> foreign(const Scene& scene);
/// The same for a file whose members are another deployment's etcd.
std::vector<Finding> sharing_findings(const Scene& scene, const std::string& owner);

/// Everything that stands in the way, `foreign` included.
std::vector<Finding> findings(const Scene& scene);

/// Errors: what `foreign` found, and `unreadable` for a record that is not of our shape.
Result<std::vector<plan::Step>> steps(const Scene& scene);
/// Uses the etcd of another deployment, and keeps it running.
std::vector<plan::Step> sharing_steps(const Scene& scene, const std::string& owner);
/// The deployment whose etcd runs on the members' hosts, when it is not ours.
std::optional<std::string> shared_owner(const Scene& scene);

/// Key by key, what the file there lacks or has otherwise.
std::vector<plan::DiffLine> config_diff(const std::map<std::string, std::string>& now,
                                        const Settings& wanted);
/// A member's file as it should be now: as its cluster was begun makes no difference any more.
Settings kept_settings(const Desired& want, const WantedMember& member, const Observed& now);

/// Plans from the records alone. Errors: `unreadable`, when one is not of our shape.
Result<std::vector<plan::Step>> teardown(const Desired& want, const Observations& records);
/// Who leaves: one member its cluster, or the deployment the cluster.
enum class Leaving { member, cluster };
/// Everything of ours goes from one host, in order. A cluster that another deployment uses too
/// passes to that one. Errors: `unreadable`.
Result<std::vector<plan::Step>> clean_host(const std::string& deployment,
                                           const Observations& records,
                                           const HostId& host,
                                           Leaving leaving);

std::vector<Check> checks(const Desired& want);

/// A row for each member.
std::vector<Condition> status(const Desired& want, const Observations& seen);
/// Of a cluster that is not ours: a row for each endpoint on each host.
std::vector<Condition> endpoints_status(const Desired& want, const Observations& seen);

}  // namespace mrc::systems::etcd
