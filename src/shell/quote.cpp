#include "mrc/shell/quote.hpp"

#include <algorithm>

#include "mrc/base/bug.hpp"

namespace mrc::shell {

std::string quote(std::string_view text) {
  MRC_CHECK(text.find('\0') == std::string_view::npos);
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_./:@,+-%").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += R"('\'')";
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace mrc::shell
