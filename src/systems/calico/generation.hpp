#pragma once

#include <string>
#include <vector>

#include "mrc/systems/system.hpp"

namespace mrc::systems::calico {

/// The two generations of Calico share no key in etcd and no command, but the name of a container
/// and of a program: on one host, there is one or the other.
enum class Generation { v0, v3 };

/// A host that one generation has by the records, our own or another deployment's, cannot be the
/// other's. `wanted`: what the file asks for.
std::vector<Finding> generation_findings(const Observations& seen,
                                         Generation wanted,
                                         const std::string& deployment);

/// A teardown by the other generation's driver would leave everything where it is. Errors: io.
Result<void> same_generation(const Observations& seen, Generation wanted);

}  // namespace mrc::systems::calico
