#include "systems/calico/calico.hpp"

#include "mrc/base/bug.hpp"
#include "systems/calico/v0/driver.hpp"

namespace mrc::systems {

std::unique_ptr<System> make_calico(const Inputs& inputs) {
  MRC_CHECK(calico::v0::supports(inputs.topology.calico.version));  // the topology refuses others
  return calico::v0::make_driver(inputs);
}

}  // namespace mrc::systems
