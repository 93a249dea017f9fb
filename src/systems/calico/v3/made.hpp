#pragma once

#include <map>
#include <string>

#include "mrc/base/error.hpp"
#include "systems/calico/made.hpp"

namespace mrc::systems::calico::v3 {

/// All of this generation's record keys begin so; those of v0.22 with "calico/".
inline constexpr std::string_view k_prefix = "calico3/";

/// A program that mrc put on a host.
struct MadeFile {
  std::string sha256;
  std::string version;     ///< "v3.32.1"
  bool inherited = false;  ///< made for another deployment, which is gone
  bool operator==(const MadeFile&) const = default;
};

/// What one deployment's record says of one host, as far as it is Calico's.
struct Made : calico::Made {
  std::map<std::string, MadeFile> files;  ///< "calicoctl", "cni"

  /// Something of the host itself, not of the cluster or a server.
  bool host_things() const { return node || !images.empty() || has_sysctls; }
};

/// Reads the record's entries of this generation. Errors: `unreadable`.
Result<Made> parse_made(const std::map<std::string, std::string>& record);

}  // namespace mrc::systems::calico::v3
