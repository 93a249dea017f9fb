#include "mrc/base/net.hpp"

#include <charconv>

namespace mrc {
namespace {

/// Decimal without sign, leading zeros or blanks.
std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t max) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return {};
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return {};
  return value;
}

}  // namespace

std::optional<Ipv4> Ipv4::parse(std::string_view text) {
  std::uint32_t bits = 0;
  for (int part = 0; part < 4; ++part) {
    const auto dot = part < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return {};
    const auto value = parse_number(text.substr(0, dot), 255);
    if (!value) return {};
    bits = bits << 8 | *value;
    text.remove_prefix(part < 3 ? dot + 1 : dot);
  }
  return Ipv4(bits);
}

std::string Ipv4::text() const {
  return fmt::format(
      "{}.{}.{}.{}", m_bits >> 24, m_bits >> 16 & 255, m_bits >> 8 & 255, m_bits & 255);
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  const auto address = Ipv4::parse(text.substr(0, slash));
  const auto prefix = parse_number(text.substr(slash + 1), 32);
  if (!address || !prefix) return {};
  return Cidr(*address, static_cast<int>(*prefix));
}

std::string Cidr::text() const { return fmt::format("{}/{}", m_base.text(), m_prefix); }

std::optional<Port> Port::from(std::int64_t number) {
  if (number < 1 || number > 65535) return {};
  return Port(static_cast<std::uint16_t>(number));
}

}  // namespace mrc
