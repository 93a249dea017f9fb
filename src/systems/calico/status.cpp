#include "systems/calico/status.hpp"

namespace mrc::systems::calico {

Condition judged(const HostId& host, std::string subject, std::string fault, std::string good) {
  const auto level = fault.empty() ? Verdict::Level::ok : Verdict::Level::fail;
  return {"calico",
          host,
          std::move(subject),
          level,
          fault.empty() ? std::move(good) : std::move(fault)};
}

}  // namespace mrc::systems::calico
