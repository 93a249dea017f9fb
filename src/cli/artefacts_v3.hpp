#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "mrc/cli/env.hpp"
#include "mrc/systems/registry.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::cli {

/// Those of Calico v3: "calicoctl", "calico" (the CNI program), and "calico-node", the archive of
/// the node's image, where one was named. They are big, so nothing is fetched or held before a step
/// needs it; then from where the topology says, else from $MRC_ARTEFACTS, else from the release.
/// Errors: io.
Result<std::map<std::string, systems::Artefact>> load_artefacts_v3(const topology::Calico& calico,
                                                                   const Env& env);

}  // namespace mrc::cli
