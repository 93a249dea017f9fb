#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "mrc/base/error.hpp"
#include "mrc/shell/script.hpp"

namespace mrc::transport {

/// What a script left: its exit status and outputs, byte for byte.
struct Answer {
  int status = 0;
  std::string out;
  std::string err;
  std::chrono::milliseconds remote{0};  ///< measured on the host, from start to end of the script
  std::chrono::steady_clock::time_point came = {};  ///< when the answer began to arrive here
};

/// Whose lock a session is to hold. Sessions with an equal `holder` share it, so the text must be
/// one run's own; its first line is what a loser is told.
struct LockRequest {
  std::string deployment;
  std::string holder;
};

struct RunOptions {
  std::chrono::milliseconds timeout{60'000};
  /// Called with each line the script gives to mrc_note, while it runs, on the calling thread.
  std::function<void(std::string_view)> on_note = {};
  std::stop_token stop = {};
  /// Taken before the script, in the same round trip; when it is refused nothing runs and the error
  /// is `locked`.
  std::optional<LockRequest> lock = {};
  /// Called when the host has answered for the first time: login is over.
  std::function<void()> on_connected = {};
};

/// A live connection to one host: a shell that answers one script at a time, one round trip each.
/// Belongs to one thread at a time.
class Session {
 public:
  virtual ~Session() = default;

  /// Runs the script. A non-zero exit status is an Answer, not an error.
  /// Errors: unreachable (lost link, with ssh's own reason), timeout, cancelled. After an error the
  /// script may have run, in part or whole; the session is no longer usable.
  virtual Result<Answer> run(const shell::Script& script, const RunOptions& options) = 0;

  /// Takes the deployment's lock on this host; it lasts as long as this session and vanishes with
  /// it. Errors: locked, with who holds it as the message.
  /// After an error the session is no longer usable.
  virtual Result<void> lock(std::string_view deployment, std::string_view holder) = 0;

  /// Lets the host know that nothing more comes, without waiting for it: whoever ends many
  /// sessions calls this on all of them first.
  virtual void close() {}
};

}  // namespace mrc::transport
