#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"
#include "mrc/base/net.hpp"
#include "mrc/base/secret.hpp"
#include "mrc/plan/step.hpp"
#include "mrc/shell/script.hpp"

namespace mrc::systems {

/// What one host printed for one system's probe.
struct Observation {
  int status = 0;
  std::string out;
  std::string err;
  /// When the host began to answer, on a clock of the workstation that all hosts' answers share.
  std::chrono::milliseconds asked{0};
};

/// How a host was reached when the deployment was last worked on, as every host's record keeps it.
/// So a host that leaves the file can still be cleaned, and no state file can be lost.
struct RecordedHost {
  std::string address;
  std::string ip;
  std::string user;
  int port = 0;
  std::string host_key;
  bool operator==(const RecordedHost&) const = default;
};

/// Record key of that: a JSON array, an object a host.
inline constexpr std::string_view k_hosts_key = "hosts";
/// Reads it; without the key there are none. Errors: `unreadable`.
Result<std::map<HostId, RecordedHost>> recorded_hosts(
    const std::map<std::string, std::string>& record);
/// The JSON text for it. Sorted, so that the same hosts give the same text.
std::string render_recorded_hosts(const std::map<HostId, RecordedHost>& hosts);

/// What all hosts said, in one reading. Every host of the topology is in it: a run in which one
/// could not be read has no Observations.
class Observations {
 public:
  void put(const HostId& host, std::string system, Observation what);
  /// Errors: `unreadable`, naming host and system, when the probe itself failed (status not 0).
  Result<const Observation*> get(const HostId& host, std::string_view system) const;
  /// False: the host could not be read, as only a status goes on without.
  bool has(const HostId& host) const;

  /// The `made` object of the host's record (/var/lib/mrc/NAME.json): key → JSON text of its value.
  /// Empty when mrc made nothing there.
  const std::map<std::string, std::string>& record(const HostId& host) const;
  void put_record(const HostId& host, std::map<std::string, std::string> made);

  /// What the records of other deployments on that host say: deployment → its `made` object.
  const std::map<std::string, std::map<std::string, std::string>>& others(const HostId& host) const;
  void put_others(const HostId& host,
                  std::map<std::string, std::map<std::string, std::string>> made);

  /// Every host that was read, those that left the file included; sorted.
  std::vector<HostId> hosts() const;
  /// Hosts that left the file: the records name them, and they were read like the others. Whatever
  /// the deployment has on them goes. `probe` is asked for them as for a host without servers.
  const std::map<HostId, RecordedHost>& departed() const { return m_departed; }
  /// Hosts that left the file and that the operator gave up: nobody will ever reach them again.
  /// What the cluster knows of them goes, from the other hosts.
  const std::map<HostId, RecordedHost>& forgotten() const { return m_forgotten; }
  void put_departed(std::map<HostId, RecordedHost> hosts) { m_departed = std::move(hosts); }
  void put_forgotten(std::map<HostId, RecordedHost> hosts) { m_forgotten = std::move(hosts); }

  /// These hold as the hosts were read, and steps of the plan in the making undo them. False: that
  /// was known.
  bool lose(const std::vector<plan::Milestone>& undone);
  /// Whoever gives this milestone has to plan for giving it again, whatever was read.
  bool is_lost(const plan::Milestone& milestone) const { return m_lost.contains(milestone); }

 private:
  std::map<std::pair<HostId, std::string>, Observation> m_seen;
  std::map<HostId, std::map<std::string, std::string>> m_records;
  std::map<HostId, std::map<std::string, std::map<std::string, std::string>>> m_others;
  std::map<HostId, RecordedHost> m_departed;
  std::map<HostId, RecordedHost> m_forgotten;
  std::set<plan::Milestone> m_lost;
};

/// The outcome of one check.
struct Verdict {
  enum class Level { ok, warn, fail } level = Level::ok;
  std::string detail;  ///< what was found: "Slave_SQL_Running: No, errno 1062: Duplicate entry ..."
  std::string remedy;  ///< what to do; may be empty
};

/// A login at a server's exposed port and one row asked there, as a client of the deployment does
/// it from the workstation. Its Observation's `out` is one `column=value` line each; when it fails,
/// `status` is 1 and `err` says why.
struct Dial {
  std::string address;
  Port port;
  std::string user;
  Secret password;
  std::string sql;
};

/// A question asked on one host, with its own deadline inside `ask` (wait there, not here).
struct Check {
  std::string id;     ///< "MRC-V301": stable
  std::string group;  ///< "etcd", "calico", "containers", "replication", "data", "exposure"
  HostId host;
  std::string subject;       ///< what it is about, when not the host: a server's name
  std::string title;         ///< "both replication threads run"
  shell::Script ask;         ///< unused when `dial` is set
  std::optional<Dial> dial;  ///< asked from the workstation instead
  bool late = false;         ///< looks at what another check did: asked when those are answered
  std::function<Verdict(const Observation&)> judge;
};

/// Something on a host that stands in the way of the steps, found by reading it beforehand.
struct Finding {
  HostId host;
  Verdict::Level level = Verdict::Level::fail;
  std::string title;  ///< "Docker refuses API 1.16"
  std::string detail;
  std::string remedy;
};

/// One row of `mrc status`: how a part of the deployment stands, as the plan's probes tell it.
struct Condition {
  std::string group;  ///< "hosts", "etcd", "calico", "servers", "exposure"
  HostId host;
  std::string subject;  ///< what it is about, when not the host: "node", a server's name
  Verdict::Level level = Verdict::Level::ok;  ///< `warn` also for what is not known
  std::string text;                           ///< one line, the most telling first
  bool operator==(const Condition&) const = default;
};

struct CheckOptions {
  bool write = true;  ///< false (--no-write): no row may be written
  std::string token;  ///< unique to this run, [0-9a-z], for the row that proves replication
};

/// One managed system as one topology wants it. Holds desired state only; what was observed is
/// passed in, so every member is a pure function that a test calls without a host.
class System {
 public:
  virtual ~System() = default;
  /// Stable short name: the first part of every step id ("etcd").
  virtual std::string_view name() const = 0;
  /// Shell text for one host, whose output `steps` can read. Read-only. Empty: nothing to ask
  /// there.
  virtual shell::Script probe(const HostId& host) const = 0;
  /// What would make `steps` fail or go wrong on these hosts; apply stops at a `fail` with exit 3.
  virtual Result<std::vector<Finding>> preflight(const Observations& seen) const = 0;
  /// What is missing; empty when nothing is. Sees all hosts, as a cluster's next move depends on
  /// every member. Errors: `unreadable` when an output does not parse. Absent is a fact to plan
  /// from; unreadable never is.
  virtual Result<std::vector<plan::Step>> steps(const Observations& seen) const = 0;
  /// Removes what mrc made as its records say, and nothing else. `delete_data`: data directories
  /// too.
  virtual Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                                   bool delete_data) const = 0;
  /// What brings back this system's share of a server after its container has started anew: run on
  /// the server's host, by the host itself, while no mrc is there; so it needs no secret, may be
  /// run at any time and does nothing where nothing is missing. It waits for what it needs under a
  /// deadline of its own, and fails when that passes. Empty: nothing of it is lost.
  virtual shell::Script restore(const ServerId& /*server*/) const { return {}; }
  /// What a human types on the step's host to see more, when the link or the time was over before
  /// the step could tell what went wrong. Empty: nothing in particular.
  virtual std::string look_at(const StepId& /*step*/) const { return {}; }
  /// Questions asked after the run and by `mrc verify`.
  virtual std::vector<Check> checks(const CheckOptions& options) const = 0;
  /// How it stands, row by row. Never fails: what could not be read is a row that says so, and a
  /// host that is not in `seen` hides no other.
  virtual std::vector<Condition> status(const Observations& seen) const = 0;
};

}  // namespace mrc::systems
