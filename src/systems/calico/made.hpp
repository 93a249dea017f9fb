#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mrc/base/id.hpp"

namespace mrc::systems::calico {

/// What one deployment's record says of Calico on one host, as far as the generations have it
/// alike.
struct Made {
  bool anything = false;
  bool node = false;
  /// Made for another deployment, which is gone: this one's file need not be to the letter.
  bool inherited_node = false;
  std::vector<std::string> images;
  std::vector<std::pair<std::string, std::string>> sysctls;
  bool has_sysctls = false;  ///< also when none was to be noted, or only a file was made
  std::vector<std::string> absent_paths;
  bool has_paths = false;
  std::map<std::string, std::string> pools;  ///< Calico's name for it → its network
  std::set<std::string> profiles;
  bool cluster = false;
  /// What the steps for pool and profile left of their goals here: record key → JSON.
  std::map<std::string, std::string> goals;
  struct Attached {
    std::string address;
    std::string container;
    std::string node;     ///< the name that Calico had the host under
    std::string profile;  ///< which it was given
    /// What CNI attached it under, and takes it off by: the profile's name at that time.
    std::string network = {};
    bool operator==(const Attached&) const = default;
  };
  std::map<ServerId, Attached> endpoints;

  bool cluster_things() const { return !pools.empty() || !profiles.empty() || cluster; }
};

}  // namespace mrc::systems::calico
