#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"
#include "mrc/base/secret.hpp"
#include "mrc/transport/session.hpp"

namespace mrc::transport {

/// How one host is reached. What is empty is left to the user's own ssh configuration.
struct Target {
  HostId host;
  std::string address;  ///< what ssh is given as destination
  std::string user;
  int port = 0;          ///< 0: ssh's own
  std::string host_key;  ///< "ssh-ed25519 AAAA...": pinned, known_hosts is then not asked
  bool become = false;   ///< run everything by sudo
  std::optional<Secret> become_password;
};

/// Opens sessions; the seam where a test passes fakes.
class Connector {
 public:
  virtual ~Connector() = default;
  /// Thread-safe. Errors: unreachable, auth (login, host key, sudo), timeout, cancelled.
  virtual Result<std::unique_ptr<Session>> connect(const Target& target, std::stop_token stop) = 0;
  /// The same without waiting for the host: the first `run` or `lock` goes out with the login,
  /// which saves a round trip, and it is what reports the errors of `connect`.
  virtual Result<std::unique_ptr<Session>> begin(const Target& target, std::stop_token stop) {
    return connect(target, std::move(stop));
  }
};

}  // namespace mrc::transport
