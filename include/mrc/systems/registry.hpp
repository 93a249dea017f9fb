#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mrc/systems/system.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::systems {

/// An artefact as it travels: compressed by gzip.
struct Packed {
  std::shared_ptr<const std::string> bytes;
  std::string sha256;  ///< of what is packed
};

/// A file that steps put on hosts, verified.
struct Artefact {
  std::shared_ptr<const std::string> bytes;  ///< null: it is big, and only `pack` gives it
  std::string sha256;                        ///< empty: not known before `pack` was asked
  /// Fetches it where it is not on the workstation yet, once. Errors: io.
  std::function<Result<Packed>()> pack = {};
};

/// What every system is made from. The references outlive the systems.
struct Inputs {
  const topology::Topology& topology;
  const topology::Secrets& secrets;
  /// By name ("calicoctl"). One that the topology did not ask for and that could not be had is
  /// absent: a system then plans with what is on the host, or says what is missing.
  std::map<std::string, Artefact> artefacts;
  /// `--adopt`: what stands under a wanted name and mrc has not made is taken over, not refused.
  bool adopt = false;
};

/// All systems, in the order in which a reader would build the deployment by hand.
std::vector<std::unique_ptr<System>> make_systems(const Inputs& inputs);

}  // namespace mrc::systems
