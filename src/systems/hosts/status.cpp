#include <algorithm>

#include "systems/conditions.hpp"
#include "systems/hosts/preflight.hpp"

namespace mrc::systems::hosts {
namespace {

using Level = Verdict::Level;

void judge(const topology::Host& host,
           const Observed& seen,
           Condition row,
           std::vector<Condition>& out) {
  const auto found = std::find_if(seen.addresses.begin(),
                                  seen.addresses.end(),
                                  [&](const Address& one) { return one.ip == host.ip; });
  if (found == seen.addresses.end()) {
    row.level = Level::fail;
    row.text = fmt::format("{} is not its address; it calls itself {}", host.ip, seen.hostname);
  } else {
    row.text = fmt::format("{} on {}, {}{}{}",
                           host.ip,
                           found->interface,
                           seen.hostname,
                           seen.os.empty() ? "" : ", ",
                           seen.os);
  }
  out.push_back(std::move(row));
}

}  // namespace

std::vector<Condition> status(const topology::Topology& topology, const Observations& seen) {
  std::vector<Condition> out;
  for (const auto& host : topology.hosts) {
    if (!seen.has(host.id)) continue;  // why is told by who tried to read it
    const Condition row{"hosts", host.id, {}, Level::ok, {}};
    const auto one = read_for_status(seen, "hosts", row, parse_probe, out);
    if (one) judge(host, *one, row, out);
  }
  return out;
}

}  // namespace mrc::systems::hosts
