#include "systems/calico/status.hpp"

#include "systems/calico/v0/parts.hpp"

namespace mrc::systems::calico::v0 {
namespace {

std::string pool_fault(const Desired& want, const Cluster& cluster) {
  const auto found = cluster.pools.find(want.pool.text());
  if (found == cluster.pools.end()) return want.pool.text() + " is not there";
  if (found->second.disabled) return want.pool.text() + " is disabled";
  if (found->second.options == want.pool_options()) return {};
  return fmt::format("{} has the options '{}', not '{}'",
                     want.pool.text(),
                     found->second.options,
                     want.pool_options());
}

std::string profile_fault(const Desired& want, const Cluster& cluster) {
  const auto found = cluster.profiles.find(want.profile);
  if (found == cluster.profiles.end()) return want.profile + " is not there";
  if (profile_differences(want, found->second).empty()) return {};
  return want.profile + " has other rules: " + found->second.rules;
}

}  // namespace

std::vector<Condition> make_status(const Desired& want, const Observations& seen) {
  const StatusWords<Reading> words{
      want.pool.text(),
      [&](const Reading& reading) { return pool_fault(want, *reading.cluster); },
      [&](const Reading& reading) { return profile_fault(want, *reading.cluster); },
      [](const HostSeen& host) { return host.kernel_name; }};
  return status_rows(want, seen, parse_probe, parse_made, words);
}

}  // namespace mrc::systems::calico::v0
