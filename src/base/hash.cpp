#include "mrc/base/hash.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace mrc {
namespace {

/// The CRC of each byte alone.
constexpr auto k_crc = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    auto crc = byte << 24U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc << 1U) ^ ((crc & 0x80000000U) != 0 ? 0x04c11db7U : 0U);
    }
    table[byte] = crc;
  }
  return table;
}();

std::uint32_t step(std::uint32_t crc, std::uint64_t byte) {
  return (crc << 8U) ^ k_crc[(crc >> 24U) ^ byte];
}

}  // namespace

std::string short_hash(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return fmt::format("{:016x}", hash);
}

Cksum& Cksum::add(std::string_view bytes) {
  for (const char c : bytes) m_crc = step(m_crc, static_cast<unsigned char>(c));
  m_size += bytes.size();
  return *this;
}

std::string Cksum::text() const {
  auto crc = m_crc;
  for (auto rest = m_size; rest != 0; rest >>= 8U) crc = step(crc, rest & 0xffU);
  return fmt::format("{}:{}", ~crc, m_size);
}

std::string change_mark(const Secret& secret) {
  return short_hash("mrc " + secret.name() + ' ' + secret.open(SecretKey{})).substr(12);
}

}  // namespace mrc
