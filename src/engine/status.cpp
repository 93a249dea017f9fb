#include "mrc/engine/engine.hpp"

namespace mrc::engine {

std::vector<systems::Condition> status(const Systems& systems, const Reading& reading) {
  std::vector<systems::Condition> out;
  for (const auto& [host, error] : reading.failed) {
    out.push_back({"hosts", host, {}, systems::Verdict::Level::fail, error.message});
  }
  for (const auto& system : systems) {
    auto some = system->status(reading.seen);
    std::move(some.begin(), some.end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace mrc::engine
