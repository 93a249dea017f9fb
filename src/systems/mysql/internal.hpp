#pragma once

#include "systems/mysql/desired.hpp"
#include "systems/mysql/probe.hpp"

namespace mrc::systems::mysql {

using Seen = std::map<ServerId, Observed>;

std::vector<Finding> find_obstacles(const Desired& desired, const Seen& seen);
Result<std::vector<plan::Step>> make_steps(const Desired& desired, const Seen& seen);
std::vector<plan::Step> make_teardown(const Desired& desired,
                                      const Seen& seen,
                                      const Observations& all,
                                      bool delete_data);
std::vector<Check> make_checks(const Desired& desired, const CheckOptions& options);
/// A row for each server.
std::vector<Condition> make_status(const Desired& desired, const Observations& seen);

}  // namespace mrc::systems::mysql
