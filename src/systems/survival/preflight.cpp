#include "systems/survival/steps.hpp"

namespace mrc::systems::survival {

std::vector<Finding> findings(const std::string& deployment,
                              const std::vector<Keeper>& wanted,
                              const std::map<HostId, Observed>& seen,
                              bool adopt) {
  using Level = Verdict::Level;
  std::vector<Finding> out;
  const HostId* told = nullptr;
  for (const auto& want : wanted) {
    const auto& observed = seen.at(want.host);
    if (!observed.systemd) {
      if (told != nullptr && *told == want.host) continue;
      told = &want.host;
      out.push_back({want.host,
                     Level::fail,
                     "systemd does not run",
                     fmt::format("a unit of it brings {} back after a restart", want.server),
                     "boot the host with systemd, or give its servers to one that has it"});
      continue;
    }
    const auto unit = observed.units.find(want.server);
    if (unit == observed.units.end() || unit->second.owner == deployment || adopt) continue;
    out.push_back(
        {want.host,
         Level::fail,
         fmt::format("a unit {} is there", want.unit),
         "its first line has no mark of mrc",
         "remove /etc/systemd/system/" + want.unit + " when it is not needed, or give --adopt"});
  }
  return out;
}

}  // namespace mrc::systems::survival
