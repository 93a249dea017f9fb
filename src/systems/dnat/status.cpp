#include "systems/conditions.hpp"
#include "systems/dnat/steps.hpp"

namespace mrc::systems::dnat {
namespace {

using Level = Verdict::Level;

std::string fault(const Exposure& want, const Observed& seen) {
  if (seen.iptables.empty()) return "iptables is not installed";
  const auto now = standing(want, seen);
  if (now.ours.empty()) return "its rules are not there";
  if (!now.exact) {
    return fmt::format(
        "its rules are not as wanted: {}, the first {}", now.ours.size(), now.ours.front()->text);
  }
  if (!now.shadowing.empty()) return "another rule is met first: " + now.shadowing.front()->text;
  return {};
}

}  // namespace

std::vector<systems::Condition> status(const std::vector<Exposure>& wanted,
                                       const Observations& seen) {
  std::vector<systems::Condition> out;
  for (const auto& want : wanted) {
    systems::Condition row{"exposure", want.host, want.server.text(), Level::ok, {}};
    const auto one = read_for_status(seen, "dnat", row, parse_probe, out);
    if (!one) continue;
    const auto why = fault(want, *one);
    row.text = fmt::format(
        "{}:{} to {}{}{}", want.host_ip, want.port, want.to, why.empty() ? "" : ": ", why);
    if (!why.empty()) row.level = Level::fail;
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace mrc::systems::dnat
