#include "systems/calico/calico.hpp"

#include "mrc/base/bug.hpp"
#include "systems/calico/v0/driver.hpp"
#include "systems/calico/v3/driver.hpp"

namespace mrc::systems {

std::unique_ptr<System> make_calico(const Inputs& inputs) {
  const auto& version = inputs.topology.calico.version;
  if (calico::v3::supports(version)) return calico::v3::make_driver(inputs);
  MRC_CHECK(calico::v0::supports(version));  // the topology refuses others
  return calico::v0::make_driver(inputs);
}

}  // namespace mrc::systems
