#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"

namespace mrc::transport {

/// A file descriptor with one owner.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : m_fd(fd) {}
  Fd(Fd&& other) noexcept : m_fd(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }
  int get() const { return m_fd; }
  int release();
  void reset();

 private:
  int m_fd = -1;
};

using Deadline = std::chrono::steady_clock::time_point;

/// A child process with pipes on its stdin and stdout; its stderr is kept in memory, in a file and
/// not a pipe, as a persisted ssh master keeps it open long after the session.
/// It runs in a process group of its own, so that the terminal's Ctrl-C reaches only mrc.
class Child {
 public:
  /// Errors: io. `argv[0]` is searched in PATH.
  static Result<Child> spawn(const std::vector<std::string>& argv);
  Child(Child&& other) noexcept = default;
  Child& operator=(Child&&) = delete;
  /// Closes stdin, gives the child a moment to end by itself, then ends it; leaves no zombie.
  ~Child();

  /// Writes all, while reading whatever the child prints into `inbox`, so that neither waits for
  /// the other. Errors: unreachable (the child closed its stdin), timeout, cancelled.
  Result<void> write(std::string_view bytes, Deadline deadline, const std::stop_token& stop);
  /// Waits until `inbox` has grown. Errors: unreachable (end of output), timeout, cancelled.
  Result<void> read_more(Deadline deadline, const std::stop_token& stop);
  void close_stdin() { m_in.reset(); }

  std::string inbox;
  /// What it has printed to stderr so far.
  std::string stderr_text() const;
  /// Waits for its end, at most so long. Empty: still running.
  std::optional<int> wait(std::chrono::milliseconds limit);

 private:
  Child() = default;
  Result<void> pump(std::string_view& out, Deadline deadline, const std::stop_token& stop);

  struct Pid {
    pid_t value = -1;
    Pid() = default;
    Pid(Pid&& other) noexcept : value(other.value) { other.value = -1; }
  };
  Pid m_pid;
  Fd m_in, m_out, m_err;
};

}  // namespace mrc::transport
