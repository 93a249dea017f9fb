#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"

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
struct Made {
  bool anything = false;
  std::map<std::string, MadeFile> files;  ///< "calicoctl", "cni"
  bool node = false;
  /// Made for another deployment, which is gone: this one's file need not be to the letter.
  bool inherited_node = false;
  std::vector<std::string> images;
  std::vector<std::pair<std::string, std::string>> sysctls;
  bool has_sysctls = false;  ///< also when none was to be noted
  std::vector<std::string> absent_paths;
  bool has_paths = false;
  std::map<std::string, std::string> pools;  ///< name → CIDR
  std::set<std::string> profiles;
  bool cluster = false;
  /// What the steps for pool and profile left of their goals here: record key → JSON.
  std::map<std::string, std::string> goals;
  struct Attached {
    std::string address;
    std::string container;
    std::string node;     ///< the name that Calico had the host under
    std::string profile;  ///< which it was given
    bool operator==(const Attached&) const = default;
  };
  std::map<ServerId, Attached> endpoints;

  /// Something of the host itself, not of the cluster or a server.
  bool host_things() const { return node || !images.empty() || has_sysctls; }
  bool cluster_things() const { return !pools.empty() || !profiles.empty() || cluster; }
};

/// Reads the record's entries of this generation. Errors: `unreadable`.
Result<Made> parse_made(const std::map<std::string, std::string>& record);

}  // namespace mrc::systems::calico::v3
