#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"
#include "mrc/transport/connector.hpp"

namespace mrc::exec {

/// Sessions to the hosts of one deployment: opened in parallel, kept for the run, lent one at a
/// time.
class Fleet {
 public:
  /// `connector` outlives the fleet.
  Fleet(transport::Connector& connector,
        std::vector<transport::Target> targets,
        std::stop_token stop);

  /// Opens one session per host, at most 32 logins at a time. The hosts that cannot be reached, and
  /// why; empty when all are.
  std::map<HostId, Error> connect();

  /// Takes the lock on every host, in order of their ids, or none: of two who start at once the one
  /// that gets the first host gets all. Errors: locked, naming host and holder. It lasts as long as
  /// the fleet.
  Result<void> lock(const std::string& deployment, const std::string& holder);

  /// One script on each host named, all at once. One host's error never stops another's.
  std::map<HostId, Result<transport::Answer>> run_all(
      const std::map<HostId, shell::Script>& scripts,
      std::chrono::milliseconds timeout = std::chrono::minutes(2));

  /// Runs one script on one host, on a session of that host that nobody else uses; opens a further
  /// one when all are in use. After a lost link: one new session and one more run, as scripts of
  /// steps are safe to run twice. Thread-safe.
  Result<transport::Answer> run(const HostId& host,
                                const shell::Script& script,
                                const transport::RunOptions& options);

  struct Times {
    std::chrono::milliseconds connecting{0};  ///< wall time of `connect`
    std::chrono::milliseconds remote{0};      ///< of all scripts, summed over hosts
  };
  Times times() const;
  std::vector<HostId> hosts() const;

 private:
  using SessionPtr = std::unique_ptr<transport::Session>;
  Result<SessionPtr> borrow(const HostId& host);
  void give_back(const HostId& host, SessionPtr session);
  const transport::Target& target(const HostId& host) const;

  transport::Connector& m_connector;
  std::vector<transport::Target> m_targets;
  std::stop_token m_stop;
  mutable std::mutex m_mutex;  // guards what follows
  std::map<HostId, std::vector<SessionPtr>> m_idle;
  std::vector<SessionPtr> m_locks;  // hold the lock and do nothing else, so that no lost link of a
                                    // step's session gives it away
  Times m_times;
};

}  // namespace mrc::exec
