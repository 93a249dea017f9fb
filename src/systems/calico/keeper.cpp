#include "systems/calico/keeper.hpp"

#include <algorithm>

namespace mrc::systems::calico {

std::map<std::string, std::string> kept_goals(const std::map<std::string, std::string>& record) {
  std::map<std::string, std::string> goals;
  for (const auto* key : {"did/calico/pool", "did/calico/profile"}) {
    if (const auto found = record.find(key); found != record.end()) goals.insert(*found);
  }
  return goals;
}

HostId keeper(const std::vector<HostId>& nodes, const Observations& seen) {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const HostId& host) {
    return !kept_goals(seen.record(host)).empty();
  });
  return found == nodes.end() ? nodes.front() : *found;
}

}  // namespace mrc::systems::calico
