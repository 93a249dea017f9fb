#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mrc/base/secret.hpp"
#include "mrc/transport/session.hpp"
#include "transport/child.hpp"

namespace mrc::transport {

/// The loop as one line without single quotes: for `sh -c '...'`.
const std::string& remote_loop();

/// Says why a session could not be had or was lost, from the stderr of what carried it.
using Explain = std::function<Error(const std::string& stderr_text, Error found)>;

/// A session over the pipes of a child process at whose other end `remote_loop()` runs.
class ShellSession final : public Session {
 public:
  /// Starts `argv` and waits for the loop's greeting. `first_line`: what must be sent before the
  /// hello (sudo's password). Errors: what `explain` makes of a failure.
  static Result<std::unique_ptr<Session>> open(const std::vector<std::string>& argv,
                                               const std::optional<Secret>& first_line,
                                               Explain explain,
                                               std::chrono::seconds limit,
                                               const std::stop_token& stop);

  Result<Answer> run(const shell::Script& script, const RunOptions& options) override;
  Result<void> lock(std::string_view deployment, std::string_view holder) override;

 private:
  ShellSession(Child child, Explain explain)
      : m_child(std::move(child)), m_explain(std::move(explain)) {}
  Result<void> greet(const std::optional<Secret>& first_line,
                     Deadline deadline,
                     const std::stop_token& stop);
  Result<std::string> read_line(Deadline deadline, const std::stop_token& stop);
  Result<Answer> exchange(const std::string& frames, Deadline deadline, const RunOptions& options);
  /// Marks the session unusable; lets `explain` say more when the link is gone.
  Error broken(Error error);

  Child m_child;
  Explain m_explain;
  bool m_broken = false;
};

}  // namespace mrc::transport
