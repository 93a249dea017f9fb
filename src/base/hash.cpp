#include "mrc/base/hash.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace mrc {

std::string short_hash(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return fmt::format("{:016x}", hash);
}

std::string change_mark(const Secret& secret) {
  return short_hash("mrc " + secret.name() + ' ' + secret.open(SecretKey{})).substr(12);
}

}  // namespace mrc
