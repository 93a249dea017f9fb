#pragma once

#include "systems/mysql/internal.hpp"

namespace mrc::systems::mysql {

/// The server that is the master still while the file gives the part to another; null: none is.
const Server* holder(const Desired& desired, const Seen& seen);

inline StepId step_of(const Server& server, std::string_view verb) {
  return StepId(fmt::format("mysql/{}/{}", server.id, verb));
}

/// The slave's data are those with which it goes on: it has the copy that it needs, a uuid of its
/// own.
inline plan::Milestone data_settled(const Server& slave) {
  return fmt::format("mysql/{}/data-settled", slave.id);
}
/// Of a failover.
inline plan::Milestone fenced() { return "mysql/fenced"; }
inline plan::Milestone drained() { return "mysql/drained"; }
/// What the slave has received is in the one that becomes the master.
inline plan::Milestone compared(const Server& slave) {
  return fmt::format("mysql/{}/compared", slave.id);
}
/// Nobody who was the master takes writes any more.
inline plan::Milestone formers_closed() { return "mysql/formers-closed"; }

/// Which of root's accounts for other hosts than the server's own are not as the file has them.
Difference root_host_difference(const Desired& desired, const Observed& seen);

/// Makes the steps; which of them are needed is not its affair.
class Maker {
 public:
  explicit Maker(const Desired& desired) : m_desired(desired) {}

  plan::Step init(const Server& server, const Observed& seen) const;
  /// The data that stayed when the server was taken away is its data again.
  plan::Step take_up_data(const Server& server) const;
  /// An unmarked data directory becomes ours.
  plan::Step adopt_data(const Server& server) const;
  plan::Step container(const Server& server, const Observed& seen, Difference diff) const;
  plan::Step finish_upgrade(const Server& server, const Observed& seen) const;
  /// What Docker changes in a container as it runs.
  plan::Step update(const Server& server, Difference diff) const;
  plan::Step start(const Server& server, const Observed& seen) const;
  /// A server that runs and could not be asked.
  plan::Step wait(const Server& server, const Observed& seen) const;
  plan::Step settings(const Server& server, Difference diff) const;
  /// `diff` empty: the master could not be asked yet.
  plan::Step account(const Difference& diff) const;
  /// Root's password in place of the one before. On the master; slaves get it by replication.
  plan::Step root_password(const Observed& seen) const;
  /// A slave has got it.
  plan::Step root_comes(const Server& server, const Observed& seen) const;
  /// From where root may come. On the master, as well. `diff` empty: it could not be asked yet.
  plan::Step root_host(Difference diff) const;
  /// The mark of what the file asked of that last, of the record of this server, which has or had
  /// the master's part: by its step or else as its data were made. Empty: nobody can tell.
  std::string root_host_mark(const Server& server, const Observations& all) const;
  /// Configures what differs, starts the threads and waits until the slave has caught up.
  plan::Step replicate(const Server& server, Difference diff) const;
  /// The same behind a new container of the slave or of the master; nothing differs.
  plan::Step rejoin(const Server& server, std::string_view verb, std::string reason) const;
  /// The same, while the master still has its former container.
  plan::Step rejoin(const Server& server,
                    std::string_view verb,
                    std::string reason,
                    const Source& source) const;
  /// The two halves of a switchover, at work at the same time: see mysql_switch.sh.
  plan::Step hand_over(const Server& old) const;
  plan::Step take_over(const Server& old,
                       const std::string& account_mark,
                       const std::string& root_host_mark) const;
  /// The account goes along with the master's part, and with it the mark by which its drift is told
  /// from a change. The record of the old master's host has it; where that was not read, the new
  /// master's channel proves it, if it was made with the account as the file has it now. Empty:
  /// nobody can tell.
  std::string account_mark(const Server& old, const Observations& all) const;
  /// A copy of the master's data for a slave that its binary logs do not reach: see mysql_copy.sh.
  /// An account for copying on the master, for these; the copy; that account's end.
  plan::Step lend(const std::vector<const Server*>& slaves) const;
  plan::Step provision(const Server& slave,
                       std::string lacks,
                       bool owns,
                       std::uint64_t kilobytes) const;
  plan::Step take_back() const;
  /// Another uuid than that of `other`.
  plan::Step identity(const Server& server, const Server& other) const;
  /// Of a failover: see mysql_failover.sh. The lost master's host is there: its server shall not
  /// be.
  plan::Step fence(const Server& old) const;
  /// The file's master applies what it has received. `lines`: what each slave has.
  plan::Step drain(const Server& old, const std::string& why, Difference lines) const;
  /// A slave has received nothing that the file's master lacks: that one may be opened.
  plan::Step compare(const Server& server) const;
  /// A slave follows another master than before, which has all that this one has received.
  plan::Step follow_another(const Server& server, Difference diff) const;
  /// It takes writes.
  plan::Step succeed(const Server& old,
                     const std::string& account_mark,
                     const std::string& root_host_mark) const;
  /// One that was the master and is back takes none.
  plan::Step close(const Server& former) const;
  /// And becomes a slave, if it has nothing that the master lacks.
  plan::Step replicate_former(const Server& former, Difference diff) const;
  /// All is as wanted but the host's record, which gets its entry under this key again.
  plan::Step note(const Server& server, std::string_view verb, std::string_view key) const;

 private:
  /// The step waits until the server answers.
  void await(plan::Step& step, const Server& server, const Observed& seen) const;
  std::optional<std::string> older_series(const Observed& seen) const;
  plan::Step make(const Server& server, std::string_view verb, std::string title) const;
  plan::Step follow(const Server& server,
                    std::string_view verb,
                    std::string title,
                    const Source& source) const;
  /// my.cnf as the server's part asks.
  void write_role(shell::Script& script, const Server& server) const;
  void record(shell::Script& script, std::string_view key, const Server& server) const;
  /// The accounts are the file's master's now; the marks: see account_mark and root_host_mark.
  void record_accounts(shell::Script& script,
                       const std::string& account_mark,
                       const std::string& root_host_mark) const;
  void check_options(shell::Script& script, const Server& server, const Server& of) const;
  std::string goal(const Server& server, std::string_view verb) const;
  /// What the file wants of a slave's channel to this master.
  std::string channel_goal(const Server& master) const;

  const Desired& m_desired;
};

}  // namespace mrc::systems::mysql
