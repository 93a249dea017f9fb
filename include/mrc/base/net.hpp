#pragma once

#include <fmt/format.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mrc {

/// An IPv4 address, in host byte order.
class Ipv4 {
 public:
  constexpr Ipv4() = default;
  constexpr explicit Ipv4(std::uint32_t bits) : m_bits(bits) {}

  /// Dotted quad only; `010.0.0.1`, spaces and short forms such as `10.1` are refused.
  static std::optional<Ipv4> parse(std::string_view text);

  constexpr std::uint32_t bits() const { return m_bits; }
  std::string text() const;
  auto operator<=>(const Ipv4&) const = default;

 private:
  std::uint32_t m_bits = 0;
};

/// An IPv4 network, `10.77.0.0/24`. Host bits are kept out: `base()` has them cleared.
class Cidr {
 public:
  constexpr Cidr() = default;
  constexpr Cidr(Ipv4 address, int prefix)
      : m_base(Ipv4(address.bits() & mask_of(prefix))), m_prefix(prefix) {}

  /// Needs the `/N`. Host bits are allowed here; compare `base()` with what was written to see
  /// them.
  static std::optional<Cidr> parse(std::string_view text);

  constexpr Ipv4 base() const { return m_base; }
  constexpr int prefix() const { return m_prefix; }
  constexpr bool contains(Ipv4 address) const {
    return (address.bits() & mask_of(m_prefix)) == m_base.bits();
  }
  constexpr bool overlaps(const Cidr& other) const {
    return contains(other.m_base) || other.contains(m_base);
  }
  /// Number of addresses.
  constexpr std::uint64_t size() const { return std::uint64_t{1} << (32 - m_prefix); }
  std::string text() const;
  auto operator<=>(const Cidr&) const = default;

 private:
  static constexpr std::uint32_t mask_of(int prefix) {
    return prefix == 0 ? 0U : ~std::uint32_t{0} << (32 - prefix);
  }
  Ipv4 m_base;
  int m_prefix = 0;
};

/// A TCP port, 1 to 65535.
class Port {
 public:
  constexpr Port() = default;
  constexpr explicit Port(std::uint16_t number) : m_number(number) {}
  static std::optional<Port> from(std::int64_t number);
  constexpr std::uint16_t number() const { return m_number; }
  auto operator<=>(const Port&) const = default;

 private:
  std::uint16_t m_number = 0;
};

}  // namespace mrc

template <>
struct fmt::formatter<mrc::Ipv4> : fmt::formatter<std::string> {
  auto format(const mrc::Ipv4& value, format_context& ctx) const {
    return fmt::formatter<std::string>::format(value.text(), ctx);
  }
};
template <>
struct fmt::formatter<mrc::Cidr> : fmt::formatter<std::string> {
  auto format(const mrc::Cidr& value, format_context& ctx) const {
    return fmt::formatter<std::string>::format(value.text(), ctx);
  }
};
template <>
struct fmt::formatter<mrc::Port> : fmt::formatter<int> {
  auto format(const mrc::Port& value, format_context& ctx) const {
    return fmt::formatter<int>::format(value.number(), ctx);
  }
};
