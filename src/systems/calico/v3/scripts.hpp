#pragma once

#include "mrc/shell/script.hpp"
#include "systems/calico/v3/desired.hpp"

namespace mrc::systems::calico::v3 {

/// A script that knows the functions for building, and whose they are.
shell::Script make_script(const Desired& want);
/// The same for taking away. `etcd_goes`: with all that Calico keeps there.
shell::Script gone_script(const Desired& want, bool etcd_goes);
/// The same for asking only.
shell::Script ask_script(const Desired& want);

}  // namespace mrc::systems::calico::v3
