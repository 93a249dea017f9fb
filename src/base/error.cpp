#include "mrc/base/error.hpp"

#include "mrc/base/bug.hpp"

namespace mrc {

std::string_view name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::unreachable:
      return "unreachable";
    case ErrorKind::auth:
      return "auth";
    case ErrorKind::timeout:
      return "timeout";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::exit_status:
      return "exit_status";
    case ErrorKind::unreadable:
      return "unreadable";
    case ErrorKind::locked:
      return "locked";
    case ErrorKind::io:
      return "io";
  }
  throw Bug("unknown ErrorKind");
}

std::string Error::text() const {
  std::string out;
  for (auto it = context.rbegin(); it != context.rend(); ++it) out += *it + ": ";
  return out + message;
}

std::string excerpt(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : text.substr(0, text.find('\n'))) {
    if (out.size() >= limit) return out + "...";
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace mrc
