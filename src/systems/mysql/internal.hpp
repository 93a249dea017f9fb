#pragma once

#include <set>

#include "systems/mysql/desired.hpp"
#include "systems/mysql/probe.hpp"

namespace mrc::systems::mysql {

/// What all hosts say: of the servers that the file wants, each on its host, and of whatever else
/// carries this deployment's mark.
struct Seen {
  std::map<ServerId, Observed> servers;
  std::map<HostId, std::set<ServerId>> marked;
  const Observed& at(const ServerId& server) const { return servers.at(server); }
};

/// Of the hosts that were read. Errors: `unreadable`.
Result<Seen> read_seen(const Observations& all);

/// Key of a host's record: "mysql/NAME/data". `account` is only with the master, `source` only with
/// slaves.
std::string record_key(const ServerId& server, std::string_view what);
/// Servers of which a host's record has an entry of this kind.
std::set<ServerId> recorded(const std::map<std::string, std::string>& record,
                            std::string_view what);

Result<std::vector<Finding>> find_obstacles(const Desired& desired,
                                            const Seen& seen,
                                            const Observations& all);
Result<std::vector<plan::Step>> make_steps(const Desired& desired,
                                           const Seen& seen,
                                           const Observations& all);
/// Takes away what stands on hosts where the file does not want it; the data stays.
std::vector<plan::Step> make_removals(const Desired& desired,
                                      const Seen& seen,
                                      const Observations& all);
std::vector<plan::Step> make_teardown(const Desired& desired,
                                      const Seen& seen,
                                      const Observations& all,
                                      bool delete_data);
std::vector<Check> make_checks(const Desired& desired, const CheckOptions& options);
/// A row for each server.
std::vector<Condition> make_status(const Desired& desired, const Observations& seen);

}  // namespace mrc::systems::mysql
