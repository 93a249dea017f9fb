#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mrc/base/secret.hpp"

namespace mrc {

/// A short name for these bytes, to tell whether they are the same another time: FNV-1a, 16 hex
/// digits. No protection against anybody.
std::string short_hash(std::string_view bytes);

/// What POSIX's `cksum` says of bytes: every host has it, so a file there can be told from another
/// without its bytes travelling. No protection against anybody.
class Cksum {
 public:
  Cksum& add(std::string_view bytes);
  /// "CRC:SIZE".
  std::string text() const;

 private:
  std::uint32_t m_crc = 0;
  std::uint64_t m_size = 0;
};
inline std::string cksum(std::string_view bytes) { return Cksum().add(bytes).text(); }

/// Four hex digits that change when the secret does, all but once in 65,536 times. So few that they
/// tell a guesser nothing; what compares them must be content to be wrong that seldom.
std::string change_mark(const Secret& secret);

}  // namespace mrc
