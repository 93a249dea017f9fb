#include "mrc/transport/foreground.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "mrc/shell/quote.hpp"
#include "transport/child.hpp"
#include "transport/private_folder.hpp"

extern char** environ;  // NOLINT: POSIX's own

namespace mrc::transport {
namespace {

tl::unexpected<Error> system_error(std::string_view doing, int number) {
  return fail(ErrorKind::io, "{}: {}", doing, std::strerror(number));
}

/// The bytes as a file that has no name.
Result<Fd> in_memory(const std::string& bytes) {
  Fd file(memfd_create("mrc-stdin", MFD_CLOEXEC));
  if (file.get() < 0) return system_error("memfd_create", errno);
  for (std::size_t done = 0; done < bytes.size();) {
    const auto written = ::write(file.get(), bytes.data() + done, bytes.size() - done);
    if (written < 0) return system_error("write", errno);
    done += static_cast<std::size_t>(written);
  }
  if (lseek(file.get(), 0, SEEK_SET) != 0) return system_error("lseek", errno);
  return file;
}

/// In our own process group, so that the terminal is its too, and with the signals of any program.
Result<pid_t> spawn(const std::vector<std::string>& argv, const Fd& in) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (in.get() >= 0) posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigaddset(&signals, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  std::vector<char*> words;
  for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int failed = posix_spawnp(&pid, words[0], &actions, &attributes, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return system_error(argv[0], failed);
  return pid;
}

/// Until it ends or our terminal does: of that the kernel tells mrc alone, where mrc leads the
/// session.
void end_with_terminal(pid_t pid) {
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  std::array<pollfd, 2> watched{pollfd{process.get(), POLLIN, 0}, pollfd{STDIN_FILENO, 0, 0}};
  while (poll(watched.data(), watched.size(), -1) < 0 && errno == EINTR) {
  }
  if ((watched[1].revents & (POLLHUP | POLLERR)) != 0) ::kill(pid, SIGHUP);
}

}  // namespace

Result<std::vector<std::string>> foreground_arguments(const Target& target,
                                                      const OpenSshOptions& options,
                                                      const Foreground& what) {
  // A connection of its own, which ends with its terminal: over a shared one it would stay.
  auto made = ssh_arguments(target, options, false);
  if (!made) return made;
  auto& argv = *made;
  if (what.terminal) {
    std::replace(argv.begin(), argv.end(), std::string("-T"), std::string("-t"));
    std::replace(
        argv.begin(), argv.end(), std::string("RequestTTY=no"), std::string("RequestTTY=yes"));
  }
  if (what.command.str().empty()) return made;
  // Whichever the login shell is. Sudo asks on the terminal, where there is one.
  std::string become;
  if (target.become) become = what.terminal ? "sudo -- " : "sudo -n -- ";
  argv.push_back("exec " + become + "sh -c " + shell::quote(what.command.str()));
  return made;
}

Result<int> run_in_foreground(const Target& target,
                              const OpenSshOptions& options,
                              const Foreground& what) {
  auto own = options;
  if (own.folder.empty()) own.folder = default_private_folder();
  if (auto folder = make_private_folder(own.folder); !folder)
    return fail(std::move(folder).error());
  const auto argv = foreground_arguments(target, own, what);
  if (!argv) return fail(argv.error());
  Fd in;
  if (what.input) {
    auto file = in_memory(*what.input);
    if (!file) return fail(std::move(file).error());
    in = std::move(*file);
  }
  const auto pid = spawn(*argv, in);
  if (!pid) return fail(pid.error());
  if (what.terminal) end_with_terminal(*pid);
  int status = 0;
  while (waitpid(*pid, &status, 0) < 0) {
    if (errno != EINTR) return system_error("waitpid", errno);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace mrc::transport
