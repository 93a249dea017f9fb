#include "mrc/transport/openssh.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>

#include "mrc/base/bug.hpp"
#include "mrc/transport/http.hpp"
#include "transport/private_folder.hpp"
#include "transport/remote_command.hpp"
#include "transport/shell_session.hpp"

namespace mrc::transport {
namespace {

constexpr int k_tries = 3;
// sun_path has 108 bytes; behind the folder come "/", 8 digits, "-", the 40 of %C, ssh's own suffix
// of 17 while it makes the socket, and NUL.
constexpr std::size_t k_longest_folder = 108 - 1 - 8 - 1 - 40 - 17 - 1;

bool worth_another_try(const Error& error) {
  const auto said = [&](std::string_view text) {
    return error.evidence.find(text) != std::string::npos;
  };
  return error.kind == ErrorKind::unreachable &&
         (said("kex_exchange_identification") || said("mux_client") ||
          said("Connection reset by") || said("Connection closed by"));
}

/// sshd's MaxStartups drops at random; so does the pause between tries differ.
bool pause(int attempt, const std::stop_token& stop) {
  std::random_device random;
  const auto spread = std::uniform_int_distribution<int>(0, 400)(random);
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock guard(mutex);
  wake.wait_for(
      guard, stop, std::chrono::milliseconds(100 * attempt + spread), [] { return false; });
  return !stop.stop_requested();
}

/// Host key algorithms that go with a type of key; RSA keys sign by newer names than their own.
std::string algorithms_of(std::string_view key) {
  const std::string type(key.substr(0, key.find(' ')));
  return type == "ssh-rsa" ? "rsa-sha2-512,rsa-sha2-256,ssh-rsa" : type;
}

Result<std::unique_ptr<ShellSession>> start(const Target& target,
                                            const OpenSshOptions& options,
                                            bool share_connection) {
  auto argv = ssh_arguments(target, options, share_connection);
  if (!argv) return fail(std::move(argv).error());
  Opening opening;
  opening.nonce = make_nonce();
  opening.argv = std::move(*argv);
  opening.argv.push_back(remote_command(target, opening.nonce));
  if (target.become) opening.first_line = target.become_password;
  opening.explain = [target](const std::string& text, const Error&) {
    return explain_ssh(text, target);
  };
  opening.limit = options.limit;
  return ShellSession::start(std::move(opening));
}

/// A session that may try the login again, as long as the host has answered nothing.
class OpenSshSession final : public Session {
 public:
  OpenSshSession(Target target, OpenSshOptions options)
      : m_target(std::move(target)), m_options(std::move(options)) {}

  Result<void> greet(const std::stop_token& stop) {
    return attempt<void>(stop, [&] { return m_session->greet(stop); });
  }
  Result<Answer> run(const shell::Script& script, const RunOptions& options) override {
    return attempt<Answer>(options.stop, [&] { return m_session->run(script, options); });
  }
  Result<void> lock(std::string_view deployment, std::string_view holder) override {
    return attempt<void>({}, [&] { return m_session->lock(deployment, holder); });
  }
  void close() override {
    if (m_session) m_session->close();
  }
  Result<void> start_now() {
    // A master that died under its socket must not spoil the second attempt.
    auto session = start(m_target, m_options, m_tries++ == 0);
    if (!session) return fail(std::move(session).error());
    m_session = std::move(*session);
    return {};
  }

 private:
  template <class T, class Request>
  Result<T> attempt(const std::stop_token& stop, const Request& request) {
    for (;;) {
      auto answer = request();
      if (answer || m_session->greeted() || m_tries >= k_tries ||
          !worth_another_try(answer.error()) || !pause(m_tries, stop)) {
        return answer;
      }
      if (auto started = start_now(); !started) return fail(std::move(started).error());
    }
  }

  Target m_target;
  OpenSshOptions m_options;
  std::unique_ptr<ShellSession> m_session;
  int m_tries = 0;
};

Result<std::unique_ptr<OpenSshSession>> begin_session(const Target& target,
                                                      const OpenSshOptions& options) {
  if (auto made = make_private_folder(options.folder); !made) return fail(std::move(made).error());
  auto session = std::make_unique<OpenSshSession>(target, options);
  if (auto started = session->start_now(); !started) return fail(std::move(started).error());
  return session;
}

}  // namespace

OpenSshConnector::OpenSshConnector(OpenSshOptions options) : m_options(std::move(options)) {
  if (m_options.folder.empty()) m_options.folder = default_private_folder();
}

Result<std::vector<std::string>> ssh_arguments(const Target& target,
                                               const OpenSshOptions& options,
                                               bool share_connection) {
  MRC_CHECK(!target.address.empty() && !target.address.starts_with('-') &&
            !target.user.starts_with('-'));
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
  if (share_connection && options.folder.size() <= k_longest_folder) {
    // A master is only good for those who would check the host as it did.
    const auto trust = sha256_of(options.config + '\n' + target.host_key).substr(0, 8);
    option("ControlMaster=auto");
    option(fmt::format("ControlPath={}/{}-%C", options.folder, trust));
    option("ControlPersist=60");
  } else {
    option("ControlMaster=no");
    option("ControlPath=none");
  }
  if (!target.host_key.empty()) {
    // Under an alias of ours, so that neither port nor address is part of what is looked up.
    const auto alias = "mrc-" + target.host.text();
    auto pin = write_private_file(options.folder, "pin", alias + " " + target.host_key + "\n");
    if (!pin) return fail(std::move(pin).error());
    option("UserKnownHostsFile=\"" + *pin + "\"");
    option("GlobalKnownHostsFile=/dev/null");
    option("KnownHostsCommand=none");
    option("VerifyHostKeyDNS=no");
    option("UpdateHostKeys=no");
    option("HostKeyAlias=" + alias);
    option("HostKeyAlgorithms=" + algorithms_of(target.host_key));
    option("CheckHostIP=no");
  }
  if (!target.user.empty()) argv.insert(argv.end(), {"-l", target.user});
  if (target.port != 0) argv.insert(argv.end(), {"-p", std::to_string(target.port)});
  argv.insert(argv.end(), {"--", target.address});
  return argv;
}

Result<std::unique_ptr<Session>> OpenSshConnector::connect(const Target& target,
                                                           std::stop_token stop) {
  auto session = begin_session(target, m_options);
  if (!session) return fail(std::move(session).error());
  if (auto greeted = (*session)->greet(stop); !greeted) return fail(std::move(greeted).error());
  return session;
}

Result<std::unique_ptr<Session>> OpenSshConnector::begin(const Target& target,
                                                         std::stop_token /*stop*/) {
  auto session = begin_session(target, m_options);
  if (!session) return fail(std::move(session).error());
  return session;
}

}  // namespace mrc::transport
