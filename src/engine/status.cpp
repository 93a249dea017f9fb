#include "mrc/engine/engine.hpp"

namespace mrc::engine {

std::vector<systems::Condition> status(const Systems& systems,
                                       const std::vector<HostId>& wanted,
                                       const Reading& reading) {
  using Level = systems::Verdict::Level;
  std::vector<systems::Condition> out;
  for (const auto& [host, error] : reading.failed) {
    out.push_back({"hosts", host, {}, Level::fail, error.message});
  }
  if (const auto departed = departed_hosts(reading.seen, wanted)) {
    for (const auto& [host, how] : *departed) {
      out.push_back({"hosts",
                     host,
                     {},
                     Level::warn,
                     "has left the file, and was not read; mrc plan shows what is on it"});
    }
  } else {
    out.push_back({"hosts", {}, "records", Level::fail, departed.error().text()});
  }
  for (const auto& system : systems) {
    auto some = system->status(reading.seen);
    std::move(some.begin(), some.end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace mrc::engine
