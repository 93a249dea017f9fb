#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mrc/base/secret.hpp"

namespace mrc::exec {

/// Replaces known secrets by their labels, in every text that leaves for a screen or a file: as
/// they are, and as shells, SQL, option files and JSON write them.
class Redactor {
 public:
  void add(const Secret& secret);
  std::string clean(std::string_view text) const;

 private:
  std::vector<std::pair<std::string, std::string>> m_words;  // longest first
};

}  // namespace mrc::exec
