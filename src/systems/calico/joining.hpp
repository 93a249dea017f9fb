#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "mrc/plan/step.hpp"

namespace mrc::systems::calico {

/// The endpoint's profiles were all made by mrc, and none is the wanted one.
template <class Desired, class Reading>
bool leaves_profile(const Desired& want,
                    const std::vector<std::string>& profiles,
                    const Reading& seen) {
  return !profiles.empty() && std::all_of(profiles.begin(), profiles.end(), [&](const auto& one) {
    return one != want.profile && seen.made_profile(one);
  });
}

/// The server's connections do not live through a step for these differences: it is out of reach,
/// or is so meanwhile.
bool breaks(const std::vector<plan::DiffLine>& diff, bool joins);

/// The wanted profile, then those that the endpoint has.
std::vector<std::string> both(const std::string& wanted, const std::vector<std::string>& profiles);

plan::DiffLine profiles_line(const std::vector<std::string>& now, const std::string& after);

/// The endpoint gets the wanted profile beside those that it has: so it is a member of both, and
/// lets members of both in, while others have only the old ones still or only the new one already.
/// Without what it runs.
plan::Step join_step(const HostId& host,
                     const ServerId& server,
                     const std::string& wanted,
                     const std::vector<std::string>& profiles);

/// All have both profiles before the first gives up the old one.
std::vector<plan::Step> joined_first(std::vector<plan::Step> joins,
                                     std::vector<plan::Step> endpoints);

}  // namespace mrc::systems::calico
