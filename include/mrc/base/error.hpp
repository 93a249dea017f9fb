#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace mrc {

/// What went wrong in the world, as far as a caller must tell one case from another.
enum class ErrorKind {
  unreachable,  ///< no connection to the host, or it was lost
  auth,         ///< login, host key or sudo refused
  timeout,      ///< a deadline passed
  cancelled,    ///< the operator interrupted
  exit_status,  ///< a command on a host failed
  unreadable,   ///< an answer came, but it does not parse; never taken for "absent"
  locked,       ///< somebody else holds the deployment's lock
  io,           ///< the workstation's own files, processes or downloads
};

std::string_view name(ErrorKind kind);

/// A failure of the world: one message, and the contexts it passed on its way up, innermost first.
struct Error {
  ErrorKind kind = ErrorKind::io;
  std::string message;
  std::vector<std::string> context;
  int exit_status = 0;   ///< of the command, when `kind` is exit_status
  std::string evidence;  ///< the tail of its stderr, or other raw text worth showing

  /// Adds what was being attempted: `return std::move(e).with("probing etcd on {}", host);`
  template <class... Args>
  Error with(fmt::format_string<Args...> format, Args&&... args) && {
    context.push_back(fmt::format(format, std::forward<Args>(args)...));
    return std::move(*this);
  }

  /// "probing etcd on docker1: exit status 2", outermost context first; without the evidence.
  std::string text() const;

  bool operator==(const Error&) const = default;
};

/// A value, or why there is none. g++ 12 in C++20 mode has no std::expected.
template <class T>
using Result = tl::expected<T, Error>;

template <class... Args>
tl::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...), {}, 0, {}});
}

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected(std::move(error)); }

/// The first `limit` characters of one line, for messages that quote what could not be read.
std::string excerpt(std::string_view text, std::size_t limit = 80);

}  // namespace mrc
