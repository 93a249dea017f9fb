#include "systems/calico/status.hpp"

#include "systems/calico/v3/parts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

std::string pool_fault(const Desired& want, const Reading& seen) {
  const auto found = seen.cluster->pools.find(want.cidr.text());
  if (found == seen.cluster->pools.end()) return want.cidr.text() + " is not there";
  const auto diff = pool_differences(want, found->second, seen.made_pool(found->second.name));
  if (diff.empty()) return {};
  return fmt::format("{}: {} is {}, not {}",
                     want.cidr.text(),
                     diff.front().field,
                     diff.front().before,
                     diff.front().after);
}

std::string profile_fault(const Desired& want, const Cluster& cluster) {
  const auto found = cluster.profiles.find(want.profile);
  if (found == cluster.profiles.end()) return want.profile + " is not there";
  if (profile_differences(want, found->second).empty()) return {};
  return want.profile + " has other rules: " + found->second;
}

}  // namespace

std::vector<Condition> make_status(const Desired& want, const Observations& seen) {
  const StatusWords<Reading> words{
      want.cidr.text(),
      [&](const Reading& reading) { return pool_fault(want, reading); },
      [&](const Reading& reading) { return profile_fault(want, *reading.cluster); },
      [](const HostSeen& host) { return host.node_name(); }};
  return status_rows(want, seen, parse_probe, parse_made, words);
}

}  // namespace mrc::systems::calico::v3
