#include "transport/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "mrc/base/bug.hpp"

extern char** environ;  // NOLINT: POSIX's own

namespace mrc::transport {
namespace {

int milliseconds_to(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return left.count() <= 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left.count(), 3'600'000));
}

tl::unexpected<Error> system_error(std::string_view doing) {
  return fail(ErrorKind::io, "{}: {}", doing, std::strerror(errno));
}

/// Wakes a poll when the token is stopped.
class StopSignal {
 public:
  explicit StopSignal(const std::stop_token& stop)
      : m_event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), m_callback(stop, Ring{m_event.get()}) {}
  int fd() const { return m_event.get(); }

 private:
  struct Ring {
    int fd;
    void operator()() const {
      const std::uint64_t one = 1;
      // A full counter is as loud as one more ring.
      [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
    }
  };
  Fd m_event;
  std::stop_callback<Ring> m_callback;
};

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    m_fd = other.release();
  }
  return *this;
}

int Fd::release() { return std::exchange(m_fd, -1); }

void Fd::reset() {
  if (m_fd >= 0) ::close(std::exchange(m_fd, -1));
}

Result<Child> Child::spawn(const std::vector<std::string>& argv) {
  MRC_CHECK(!argv.empty());
  // A far end that hangs up is an error to report, not a signal to die of.
  static const auto ignored = std::signal(SIGPIPE, SIG_IGN);
  if (ignored == SIG_ERR) return system_error("signal");
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0) return system_error("pipe");
  Fd in_read(in[0]);
  Fd in_write(in[1]);
  if (pipe2(out.data(), O_CLOEXEC) != 0) return system_error("pipe");
  Fd out_read(out[0]);
  Fd out_write(out[1]);
  Fd err(memfd_create("mrc-stderr", MFD_CLOEXEC));
  if (err.get() < 0) return system_error("memfd_create");
  // Appending, so that our reads from the start do not move where the child writes.
  if (fcntl(err.get(), F_SETFL, O_APPEND) != 0) return system_error("fcntl");
  for (const int fd : {in_write.get(), out_read.get()}) {
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return system_error("fcntl");
  }

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in_read.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out_write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  sigset_t mask;
  sigemptyset(&mask);
  posix_spawnattr_setsigmask(&attributes, &mask);
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawnp(&pid, words[0], &actions, &attributes, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return fail(ErrorKind::io, "cannot start {}: {}", argv[0], std::strerror(error));
  }
  Child child;
  child.m_pid.value = pid;
  child.m_in = std::move(in_write);
  child.m_out = std::move(out_read);
  child.m_err = std::move(err);
  return child;
}

Child::~Child() {
  if (m_pid.value < 0) return;
  m_in.reset();
  // ssh ends by itself when its session does; a persisted master must be left to fork away.
  for (const int signal : {0, SIGTERM, SIGKILL}) {
    if (signal != 0) ::kill(m_pid.value, signal);
    if (wait(std::chrono::seconds(signal == 0 ? 2 : 1))) return;
  }
}

std::optional<int> Child::wait(std::chrono::milliseconds limit) {
  const Fd watch(static_cast<int>(syscall(SYS_pidfd_open, m_pid.value, 0)));
  if (watch.get() >= 0) {
    pollfd one{watch.get(), POLLIN, 0};
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (poll(&one, 1, milliseconds_to(deadline)) < 0 && errno == EINTR) {
    }
  }
  int status = 0;
  if (waitpid(m_pid.value, &status, WNOHANG) != m_pid.value) return {};
  m_pid.value = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Result<void> Child::pump(std::string_view& out, Deadline deadline, const std::stop_token& stop) {
  const StopSignal signal(stop);
  if (signal.fd() < 0) return system_error("eventfd");
  std::array<pollfd, 3> wait_for{{{m_out.get(), POLLIN, 0},
                                  {signal.fd(), POLLIN, 0},
                                  {out.empty() ? -1 : m_in.get(), POLLOUT, 0}}};
  const int ready = poll(wait_for.data(), wait_for.size(), milliseconds_to(deadline));
  if (ready < 0 && errno != EINTR) return system_error("poll");
  if (stop.stop_requested()) return fail(ErrorKind::cancelled, "interrupted");
  if (ready == 0) return fail(ErrorKind::timeout, "no answer before the deadline");
  if (wait_for[0].revents != 0) {
    std::array<char, 65536> buffer;  // NOLINT: filled by read
    const auto got = ::read(m_out.get(), buffer.data(), buffer.size());
    if (got == 0) return fail(ErrorKind::unreachable, "the connection ended");
    if (got > 0) inbox.append(buffer.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno != EAGAIN && errno != EINTR) return system_error("read");
  }
  if (wait_for[2].revents != 0) {
    const auto put = ::write(m_in.get(), out.data(), out.size());
    if (put > 0) out.remove_prefix(static_cast<std::size_t>(put));
    if (put < 0 && errno == EPIPE) return fail(ErrorKind::unreachable, "the connection ended");
    if (put < 0 && errno != EAGAIN && errno != EINTR) return system_error("write");
  }
  return {};
}

Result<void> Child::write(std::string_view bytes, Deadline deadline, const std::stop_token& stop) {
  while (!bytes.empty()) {
    if (auto done = pump(bytes, deadline, stop); !done) return done;
  }
  return {};
}

Result<void> Child::read_more(Deadline deadline, const std::stop_token& stop) {
  const auto before = inbox.size();
  std::string_view nothing;
  while (inbox.size() == before) {
    if (auto done = pump(nothing, deadline, stop); !done) return done;
  }
  return {};
}

std::string Child::stderr_text() const {
  std::string text;
  std::array<char, 4096> buffer;  // NOLINT: filled by pread
  for (;;) {
    const auto got =
        pread(m_err.get(), buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace mrc::transport
