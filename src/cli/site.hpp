#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cli/failures.hpp"
#include "cli/input.hpp"
#include "cli/permits.hpp"
#include "mrc/engine/engine.hpp"
#include "mrc/exec/fleet.hpp"
#include "mrc/exec/interrupt.hpp"
#include "mrc/exec/redactor.hpp"
#include "mrc/systems/registry.hpp"

namespace CLI {
class App;
}

namespace mrc::cli {

/// The deployment's lock, as a command wants it.
struct Lock {
  std::string command;           ///< what others are told that we do
  std::chrono::seconds wait{0};  ///< for whoever has it to be done
};

/// Hangs `--lock-wait 5m` on a command.
void add_lock_wait(CLI::App& command, std::chrono::seconds& wait);

/// What every command that talks to hosts begins with: the file, its secrets and artefacts, the
/// systems made from them, and sessions to all hosts.
class Site {
 public:
  /// Reads the file, opens the secrets, finds the artefacts, makes the systems. Prints what is
  /// wrong; empty then, and `env.exit_code` says how the command ends. Asks no host. `again` is
  /// what the operator types to try the command again, when something is mended.
  static std::unique_ptr<Site> load(const std::string& file,
                                    Env& env,
                                    std::string again,
                                    Permits permits = {});
  /// The same from a topology that was read already.
  static std::unique_ptr<Site> load(Input input, Env& env, std::string again, Permits permits = {});

  /// One script on one host, with a login where there is none yet.
  Result<transport::Answer> run_on(const HostId& host, const shell::Script& script);
  /// How the host is reached.
  transport::Target target_of(const HostId& host) const;
  /// Opens the sessions. False: some host cannot be reached; told, and `env.exit_code` is set.
  bool connect(Env& env);
  /// Reads all hosts: the login, the probe and, for a command that changes something, the lock in
  /// one round trip. The lock lasts as long as the site. Hosts that left the file are read too.
  /// Empty: some host is locked by another run or could not be read; told, and `env.exit_code` is
  /// set.
  std::optional<systems::Observations> observe(Env& env, const std::optional<Lock>& lock = {});
  /// Reads what can be read, without a lock, for a command that shows how all stands. What could
  /// not be read is in the reading; nothing is told.
  engine::Reading look(const Env& env) { return read(m_systems, {}, env); }
  /// Reads what the servers of all hosts that can be read say, and nothing else. With a lock: it
  /// lasts as for `observe`.
  engine::Reading look_at_servers(Env& env, const std::optional<Lock>& lock = {});
  /// The same hosts, with another wish for what is on them.
  void change(Input input);
  std::vector<systems::Condition> status(const engine::Reading& reading) const;
  /// Tries the ways between hosts that the plan needs.
  Result<std::vector<systems::Finding>> try_passages(const plan::Plan& plan) {
    return engine::try_passages(plan, run_all());
  }
  /// Runs the checks of all systems.
  std::vector<engine::CheckResult> verify(bool write);
  /// Runs the servers' own checks on these hosts.
  std::vector<engine::CheckResult> verify_servers(bool write, const std::set<HostId>& hosts);

  /// The topology file's absolute path, and its text as it was read.
  std::string file() const;
  const std::string& text() const { return m_input.source.text; }
  const topology::Topology& topology() const { return m_input.topology; }
  systems::Inputs inputs() const;
  const engine::Systems& systems() const { return m_systems; }
  exec::Fleet& fleet() { return *m_fleet; }
  const Names& names() const { return m_names; }
  const std::string& again() const { return m_again; }
  /// Tells what ended the command before anything was changed, and sets `env.exit_code`.
  void tell(const Error& error, Env& env) const;
  /// The same of hosts; true: there are none.
  bool tell(const std::map<HostId, Error>& failed, Env& env) const;
  /// See System::look_at.
  std::string look_at(const plan::Step& step) const;
  const exec::Interrupt& interrupt() const { return m_interrupt; }
  const exec::Redactor& redactor() const { return m_redactor; }

 private:
  Site(Input input, topology::Secrets secrets, std::string again, Env& env);
  engine::RunAll run_all();
  engine::Reading read(const engine::Systems& systems,
                       const std::optional<Lock>& lock,
                       const Env& env);
  /// Reads, and waits for another run to end.
  engine::Reading read_patiently(const engine::Systems& systems,
                                 const std::optional<Lock>& lock,
                                 Env& env);
  /// Reads the hosts that left the file. False: told, and `env.exit_code` is set.
  bool read_departed(engine::Reading& reading, Env& env);

  exec::Interrupt m_interrupt;
  Input m_input;
  Names m_names;
  std::string m_again;
  Permits m_permits;
  topology::Secrets m_secrets;
  std::map<std::string, systems::Artefact> m_artefacts;
  engine::Systems m_systems;
  std::unique_ptr<transport::Connector> m_connector;
  std::unique_ptr<exec::Fleet> m_fleet;
  exec::Redactor m_redactor;
};

/// How ssh reaches a host of the topology; without the password of sudo.
transport::Target login_of(const topology::Host& host, const topology::Topology& topology);

/// How a command ends that could not read these hosts.
ExitCode exit_code_of(const std::map<HostId, Error>& failed);

/// Waits so long, or until it is asked to stop: false then.
bool rest(const std::stop_token& stop, std::chrono::milliseconds duration);

/// "ann@workstation": who is told of as the holder of a lock, and kept in the journal.
std::string operator_name(const Env& env);

/// Says one error with its contexts, evidence indented below.
std::string render_error(const Error& error);

}  // namespace mrc::cli
