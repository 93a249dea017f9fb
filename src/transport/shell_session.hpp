#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mrc/base/secret.hpp"
#include "mrc/transport/session.hpp"
#include "transport/child.hpp"
#include "transport/frames.hpp"

namespace mrc::transport {

/// Says why a session could not be had or was lost, from what its carrier and the login printed.
using Explain = std::function<Error(const std::string& text, Error found)>;

/// How a session is started and told from noise.
struct Opening {
  std::vector<std::string> argv;     ///< ends in remote_command() or the like
  std::string nonce;                 ///< the one in `argv`
  std::optional<Secret> first_line;  ///< sudo's password
  Explain explain;
  std::chrono::seconds limit{30};  ///< until the far end answers
};

/// A session over the pipes of a child process at whose other end `remote_loop()` runs.
class ShellSession final : public Session {
 public:
  /// Starts the child, without waiting for its greeting: the first request does. Errors: io.
  static Result<std::unique_ptr<ShellSession>> start(Opening opening);
  /// Waits for the greeting. Errors: what `explain` makes of a failure, timeout, cancelled.
  Result<void> greet(const std::stop_token& stop);
  /// The far end has answered.
  bool greeted() const { return m_greeted; }

  Result<Answer> run(const shell::Script& script, const RunOptions& options) override;
  Result<void> lock(std::string_view deployment, std::string_view holder) override;
  void close() override { m_child.close_stdin(); }

 private:
  ShellSession(Child child, Opening opening)
      : m_child(std::move(child)), m_opening(std::move(opening)) {}
  Result<void> login(Frames& frames, const std::stop_token& stop);
  Result<void> await_greeting(Deadline deadline, const std::stop_token& stop);
  Result<void> pass_sudo(Deadline deadline, const std::stop_token& stop);
  Result<void> send(const Frames& frames, Deadline deadline, const std::stop_token& stop);
  std::optional<std::string> take_line();
  Result<Answer> read_answer(Deadline deadline, const RunOptions& options);
  Result<Answer> exchange(Frames frames, const RunOptions& options);
  /// Marks the session unusable, and says more where more is known.
  Error broken(Error error);

  Child m_child;
  Opening m_opening;
  std::string m_noise;  // what the login printed before the greeting
  std::size_t m_searched = 0;
  bool m_greeted = false;
  bool m_hello_sent = false;
  bool m_broken = false;
};

}  // namespace mrc::transport
