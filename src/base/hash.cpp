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

std::string cksum(std::string_view bytes) {
  std::uint32_t crc = 0;
  const auto add = [&crc](std::uint32_t byte) {
    crc ^= byte << 24U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc << 1U) ^ ((crc & 0x80000000U) != 0 ? 0x04c11db7U : 0U);
    }
  };
  for (const char c : bytes) add(static_cast<unsigned char>(c));
  for (auto rest = bytes.size(); rest != 0; rest >>= 8U) add(rest & 0xffU);
  return fmt::format("{}:{}", ~crc, bytes.size());
}

std::string change_mark(const Secret& secret) {
  return short_hash("mrc " + secret.name() + ' ' + secret.open(SecretKey{})).substr(12);
}

}  // namespace mrc
