#include "systems/conditions.hpp"
#include "systems/etcd/steps.hpp"

namespace mrc::systems::etcd {
namespace {

using Level = Verdict::Level;

/// What is wrong, the cause of all else first; empty: nothing.
std::string fault(const Observed& seen) {
  if (!seen.systemd) return "there is no systemd";
  if (!seen.etcd) return "it is not installed";
  if (seen.unit.active != "active") return "the unit is " + seen.unit.active;
  if (!seen.healthy) return "not healthy: " + seen.health_error;
  if (!seen.cluster) return "its members are not known: " + seen.cluster_error;
  return {};
}

Condition judged(Condition row, const Desired& want, const Observed& seen) {
  row.text = fault(seen);
  if (!row.text.empty()) {
    row.level = Level::fail;
    return row;
  }
  row.text = fmt::format("healthy, {} of {} members, etcd {}.{}",
                         seen.cluster->members.size(),
                         want.members.size(),
                         seen.etcd->major,
                         seen.etcd->minor);
  if (seen.cluster->members.size() != want.members.size()) row.level = Level::fail;
  if (seen.unit.file != "enabled") {
    if (row.level == Level::ok) row.level = Level::warn;
    row.text += ", will not start at boot: the unit is " + seen.unit.file;
  }
  return row;
}

}  // namespace

std::vector<Condition> status(const Desired& want, const Observations& seen) {
  std::vector<Condition> out;
  for (const auto& member : want.members) {
    const Condition row{"etcd", member.host, {}, Level::ok, {}};
    const auto one = read_for_status(seen, "etcd", row, parse_probe, out);
    if (one) out.push_back(judged(row, want, *one));
  }
  return out;
}

std::vector<Condition> endpoints_status(const Desired& want, const Observations& seen) {
  std::vector<Condition> out;
  for (const auto& host : want.hosts) {
    const Condition row{"etcd", host, {}, Level::ok, {}};
    const auto parse = [&](std::string_view text) { return parse_endpoints(text, want); };
    const auto endpoints = read_for_status(seen, "etcd", row, parse, out);
    if (!endpoints) continue;
    for (const auto& [endpoint, why] : *endpoints) {
      out.push_back({"etcd",
                     host,
                     endpoint,
                     why.empty() ? Level::ok : Level::fail,
                     why.empty() ? "answers" : "does not answer: " + why});
    }
  }
  return out;
}

}  // namespace mrc::systems::etcd
