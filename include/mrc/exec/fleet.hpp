#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <stop_token>
#include <string>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"
#include "mrc/transport/connector.hpp"

namespace mrc::exec {

/// Sessions to the hosts of one deployment: opened in parallel, kept for the run, lent one at a
/// time. At most 32 logins are under way at once.
class Fleet {
 public:
  using Answers = std::map<HostId, Result<transport::Answer>>;
  using Scripts = std::map<HostId, shell::Script>;

  /// `connector` outlives the fleet.
  Fleet(transport::Connector& connector,
        std::vector<transport::Target> targets,
        std::stop_token stop);
  /// Ends all sessions, and with them the lock.
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// Further hosts, as if they had been there from the beginning; a lock that is held is theirs too
  /// with their first script. Not while something runs.
  void add(const std::vector<transport::Target>& targets);

  /// Opens one session per host. The hosts that cannot be reached, and why; empty when all are.
  std::map<HostId, Error> connect();

  /// Takes the lock on every host, or on none: of two who start at once the one that gets the first
  /// host gets all. Errors: locked, naming host and holder; those of connecting. It lasts as long
  /// as the fleet: every session to a host holds it, so that no lost link gives it away.
  Result<void> lock(const std::string& deployment, const std::string& holder);

  /// `connect`, `lock` and `run_all` in one: where no session is open yet, the lock's request and
  /// the script go out with the login, and that saves two round trips. The scripts only read: where
  /// a host had to be waited for, all run again. When an answer is `locked`
  /// the lock is held nowhere.
  Answers lock_and_run(const std::string& deployment,
                       const std::string& holder,
                       const Scripts& scripts,
                       std::chrono::milliseconds timeout = std::chrono::minutes(2));

  /// One script on each host named, all at once, with the login where there is no session yet. One
  /// host's error never stops another's: unreachable, auth and so on, as for connecting.
  Answers run_all(const Scripts& scripts,
                  std::chrono::milliseconds timeout = std::chrono::minutes(2));

  /// Runs one script on one host, on a session of that host that nobody else uses; opens a further
  /// one when all are in use, or waits for one when the host takes no more. After a lost link: one
  /// new session and one more run, as scripts of steps are safe to run twice. Thread-safe.
  Result<transport::Answer> run(const HostId& host,
                                const shell::Script& script,
                                const transport::RunOptions& options);

  struct Times {
    std::chrono::milliseconds connecting{0};  ///< wall time of the first logins
    std::chrono::milliseconds remote{0};      ///< of all scripts, summed over hosts
  };
  Times times() const;
  std::vector<HostId> hosts() const;

 private:
  struct Lane {
    std::unique_ptr<transport::Session> session;
    bool proven = false;  // the host has answered on it
    bool locked = false;  // it holds the lock, if there is one
  };
  struct Host {
    std::vector<Lane> idle;
    std::size_t busy = 0;  // lanes that are lent
  };

  Result<Lane> borrow(const HostId& host);
  void give_back(const HostId& host, Lane lane);
  void not_busy(const HostId& host);
  /// A session lent before this one that comes free; empty when there is none to wait for.
  std::optional<Lane> wait_for_lane(const HostId& host, const std::stop_token& stop);
  Result<transport::Answer> use(Lane& lane,
                                const shell::Script& script,
                                transport::RunOptions options);
  void release();
  void add_connecting(std::chrono::steady_clock::time_point since);
  const transport::Target& target(const HostId& host) const;

  transport::Connector& m_connector;
  std::vector<transport::Target> m_targets;  // by host id
  std::stop_token m_stop;
  std::counting_semaphore<> m_logins;
  mutable std::mutex m_mutex;  // guards what follows
  std::condition_variable_any m_returned;
  std::map<HostId, Host> m_hosts;
  std::optional<transport::LockRequest> m_lock;
  Times m_times;
};

}  // namespace mrc::exec
