#include <algorithm>

#include "mrc/engine/engine.hpp"

namespace mrc::engine {

Result<std::map<HostId, systems::RecordedHost>> departed_hosts(const systems::Observations& seen,
                                                               const std::vector<HostId>& wanted) {
  std::map<HostId, systems::RecordedHost> all;
  for (const auto& host : seen.hosts()) {
    auto some = systems::recorded_hosts(seen.record(host));
    if (!some) return fail(std::move(some).error().with("the record on {}", host));
    all.merge(*some);
  }
  for (const auto& host : wanted) all.erase(host);
  return all;
}

}  // namespace mrc::engine
