#include "mrc/transport/openssh.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "mrc/base/bug.hpp"
#include "transport/shell_session.hpp"

namespace mrc::transport {
namespace {

constexpr int k_tries = 3;
constexpr std::size_t k_longest_socket_path = 108 - 1 - 40 - 18;  // %C, and ssh's own suffix

std::string default_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime != '\0') return std::string(runtime) + "/mrc";
  return fmt::format("/tmp/mrc-{}", getuid());
}

/// Ours alone, or nothing: somebody else's folder in /tmp could hold sockets that answer as a host.
Result<void> make_private(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(ErrorKind::io, "cannot make {}: {}", folder, std::strerror(errno));
  }
  struct stat found {};
  if (lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != getuid() ||
      (found.st_mode & 077) != 0) {
    return fail(ErrorKind::io, "{} is not a private folder of yours: remove it", folder);
  }
  return {};
}

/// A known_hosts file with the one pinned key, under the alias that ssh is told to look for.
Result<std::string> write_pin(const Target& target, const std::string& folder) {
  const auto path = fmt::format("{}/pin-{}", folder, target.host);
  const auto fresh = path + fmt::format(".{}", getpid());
  std::ofstream file(fresh);
  file << "mrc-" << target.host.text() << ' ' << target.host_key << '\n';
  file.close();
  if (!file || std::rename(fresh.c_str(), path.c_str()) != 0) {
    return fail(ErrorKind::io, "cannot write {}: {}", path, std::strerror(errno));
  }
  return path;
}

bool worth_another_try(const Error& error) {
  return error.kind == ErrorKind::unreachable &&
         (error.evidence.find("kex_exchange_identification") != std::string::npos ||
          error.evidence.find("mux_client") != std::string::npos ||
          error.evidence.find("Connection reset by") != std::string::npos);
}

}  // namespace

OpenSshConnector::OpenSshConnector(OpenSshOptions options) : m_options(std::move(options)) {
  if (m_options.folder.empty()) m_options.folder = default_folder();
}

Result<std::vector<std::string>> ssh_arguments(const Target& target,
                                               const OpenSshOptions& options,
                                               bool share_connection) {
  MRC_CHECK(!target.address.starts_with('-') && !target.user.starts_with('-'));
  std::vector<std::string> argv{"ssh", "-T", "-x", "-a"};
  const auto option = [&](std::string text) {
    argv.emplace_back("-o");
    argv.push_back(std::move(text));
  };
  if (!options.config.empty()) argv.insert(argv.end(), {"-F", options.config});
  option("BatchMode=yes");
  option("StrictHostKeyChecking=yes");
  option("ConnectTimeout=10");
  option("ServerAliveInterval=5");
  option("ServerAliveCountMax=3");
  option("ClearAllForwardings=yes");
  option("RequestTTY=no");
  option("LogLevel=ERROR");
  if (share_connection && options.folder.size() <= k_longest_socket_path) {
    option("ControlMaster=auto");
    option("ControlPath=" + options.folder + "/%C");
    option("ControlPersist=60");
  } else {
    option("ControlMaster=no");
    option("ControlPath=none");
  }
  if (!target.host_key.empty()) {
    auto pin = write_pin(target, options.folder);
    if (!pin) return fail(std::move(pin).error());
    option("UserKnownHostsFile=" + *pin);
    option("GlobalKnownHostsFile=/dev/null");
    option("HostKeyAlias=mrc-" + target.host.text());
    option("HostKeyAlgorithms=" + target.host_key.substr(0, target.host_key.find(' ')));
    option("CheckHostIP=no");
  }
  if (!target.user.empty()) argv.insert(argv.end(), {"-l", target.user});
  if (target.port != 0) argv.insert(argv.end(), {"-p", std::to_string(target.port)});
  argv.insert(argv.end(), {"--", target.address});
  const std::string_view sudo = !target.become                       ? ""
                                : target.become_password.has_value() ? "sudo -S -p \"\" -- "
                                                                     : "sudo -n -- ";
  argv.push_back(fmt::format("exec {}sh -c '{}'", sudo, remote_loop()));
  return argv;
}

Result<std::unique_ptr<Session>> OpenSshConnector::connect(const Target& target,
                                                           std::stop_token stop) {
  if (auto made = make_private(m_options.folder); !made) return fail(std::move(made).error());
  const auto explain = [target](const std::string& text, Error) {
    return explain_ssh(text, target);
  };
  const auto password = target.become ? target.become_password : std::nullopt;
  for (int attempt = 1;; ++attempt) {
    // A master that died under its socket must not spoil the second attempt.
    auto argv = ssh_arguments(target, m_options, attempt == 1);
    if (!argv) return fail(std::move(argv).error());
    auto session = ShellSession::open(*argv, password, explain, m_options.limit, stop);
    if (session || attempt == k_tries || !worth_another_try(session.error())) return session;
    // sshd's MaxStartups drops at random; so does the wait between tries differ.
    std::random_device random;
    std::this_thread::sleep_for(std::chrono::milliseconds(100 * attempt + static_cast<int>(random() % 400)));
  }
}

}  // namespace mrc::transport
