#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "mrc/transport/connector.hpp"

namespace mrc::transport {

struct OpenSshOptions {
  std::string config = {};  ///< ssh's -F; empty: the user's own configuration
  /// Folder of control sockets and pinned keys, made 0700; empty: $XDG_RUNTIME_DIR/mrc or
  /// /tmp/mrc-UID.
  std::string folder = {};
  std::chrono::seconds limit{30};  ///< for one login, all in all
};

/// One OpenSSH client process per session. The first session to a host leaves a master connection
/// for a minute, which later ones share. Host keys are always checked.
class OpenSshConnector final : public Connector {
 public:
  explicit OpenSshConnector(OpenSshOptions options);
  Result<std::unique_ptr<Session>> connect(const Target& target, std::stop_token stop) override;
  Result<std::unique_ptr<Session>> begin(const Target& target, std::stop_token stop) override;

 private:
  OpenSshOptions m_options;
};

/// What ssh is started with, up to and with the address; the remote command comes after it. Writes
/// the file of the pinned key, when there is one.
/// Without `share_connection`, or when the folder's name is too long for a socket's path, each
/// session is a connection of its own.
Result<std::vector<std::string>> ssh_arguments(const Target& target,
                                               const OpenSshOptions& options,
                                               bool share_connection);

/// ssh's own reason as one of our kinds, with what to do: from its stderr. Unknown text stays as it
/// is, under `unreachable`.
Error explain_ssh(const std::string& stderr_text, const Target& target);

}  // namespace mrc::transport
