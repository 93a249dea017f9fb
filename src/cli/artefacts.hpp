#pragma once

#include <map>
#include <string>

#include "mrc/base/error.hpp"
#include "mrc/cli/env.hpp"
#include "mrc/systems/registry.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::cli {

/// The files that steps put on hosts, verified: from where the topology says; else from the folder
/// $MRC_ARTEFACTS, where a file NAME-VERSION counts only when its SHA256SUMS lists it; what the
/// topology leaves open and that folder lacks is left out. Downloads are kept in the cache folder.
/// Errors: io.
Result<std::map<std::string, systems::Artefact>> load_artefacts(const topology::Topology& topology,
                                                                const Env& env);

}  // namespace mrc::cli
