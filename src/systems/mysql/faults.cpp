#include "systems/mysql/faults.hpp"

#include <algorithm>
#include <array>

#include "mrc/plan/milestone.hpp"
#include "systems/mysql/gtid.hpp"
#include "systems/mysql/maker.hpp"
#include "systems/mysql/provision.hpp"
#include "systems/mysql/replication.hpp"

namespace mrc::systems::mysql {
namespace {

using Words = std::string_view;

/// One error of a thread: its number in older and in newer servers, and where several things have
/// one number, words of the one that is meant.
struct Sign {
  Words old_code;
  Words new_code;
  Words part;  ///< of its text; empty: the number is enough
  Fault fault;
};
// Source: MySQL 8.4 "Server Error Message Reference"; MariaDB "1236 Could not read binary log",
// "Error 1950".
constexpr std::array k_receiver{
    Sign{"1236", "13114", "purged", Fault::purged},
    Sign{"1236", "13114", "same server_uuid", Fault::identity},
    Sign{"1236", "13114", "more GTIDs than", Fault::ahead},
    Sign{"1236", "13114", "not in the master's binlog", Fault::ahead},
    Sign{"1593", "13117", "equal MySQL server UUIDs", Fault::identity},
    Sign{"1595", "13122", "", Fault::relay_log},
    Sign{"1872", "1872", "", Fault::relay_log},
};
constexpr std::array k_applier{
    Sign{"1594", "13121", "", Fault::relay_log},
    Sign{"1872", "1872", "", Fault::relay_log},
    Sign{"1950", "1950", "", Fault::ahead},  // MariaDB's gtid_strict_mode
    Sign{"1062", "1062", "", Fault::duplicate_key},
    Sign{"1032", "1032", "", Fault::missing_row},
};

template <std::size_t N>
Fault match(const std::array<Sign, N>& signs, Words code, Words text) {
  if (code.empty() || code == "0") return Fault::none;
  for (const auto& sign : signs) {
    if ((code == sign.old_code || code == sign.new_code) && text.find(sign.part) != Words::npos) {
      return sign.fault;
    }
  }
  return Fault::other;
}

Words meaning(Fault fault) {
  switch (fault) {
    case Fault::purged:
      return "the master's binary logs begin after what it has";
    case Fault::ahead:
      return "it has transactions that its master lacks";
    case Fault::identity:
      return "another server has its uuid";
    case Fault::relay_log:
      return "its relay log cannot be read, and is fetched anew from the master";
    case Fault::duplicate_key:
      return "a row that the master inserts is there already: its data are not the master's";
    case Fault::missing_row:
      return "a row that the master changes is not there: its data are not the master's";
    case Fault::none:
    case Fault::other:
      return {};
  }
  return {};
}

std::vector<std::string> parts(const std::string& set) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < set.size();) {
    const auto end = std::min(set.find(',', at), set.size());
    out.push_back(set.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

/// The first transaction that it has received and not executed: where its applier stands.
std::string stands_at(const Observed& slave) {
  const auto received = slave.of_slave("Retrieved_Gtid_Set");
  if (received.empty()) return {};
  if (received.find(':') == std::string::npos) {  // MariaDB's position, which is not in its status
    const auto position = slave.variable("gtid_executed");
    return position.empty() ? "" : "after " + position;
  }
  const auto waiting = difference(received, slave.of_slave("Executed_Gtid_Set"));
  if (!waiting || waiting->empty()) return {};
  auto first = parts(*waiting).front();
  const auto number = first.find_first_of("-:", first.find(':') + 1);
  return first.substr(0, number);
}

}  // namespace

Fault fault_of(const Observed& slave) {
  const auto receiver =
      match(k_receiver, slave.of_slave("Last_IO_Errno"), slave.of_slave("Last_IO_Error"));
  if (receiver != Fault::none && receiver != Fault::other) return receiver;
  const auto applier =
      match(k_applier, slave.of_slave("Last_SQL_Errno"), slave.of_slave("Last_SQL_Error"));
  return applier == Fault::none ? receiver : applier;
}

std::string trouble(const Observed& slave) {
  auto words = thread_fault(slave);
  if (words.empty()) return words;
  const auto fault = fault_of(slave);
  if (const auto at = stands_at(slave);
      !at.empty() && (fault == Fault::duplicate_key || fault == Fault::missing_row)) {
    words = fmt::format("transaction {}; {}", at, words);
  }
  const auto means = meaning(fault);
  return means.empty() ? words : fmt::format("{}; {}", means, words);
}

std::string own_transactions(const Desired& desired, const Seen& seen, const Server& slave) {
  const auto& master = seen.at(desired.master().id);
  const auto& one = seen.at(slave.id);
  if (!master.answered || !one.answered) return {};
  // What MariaDB's log has under the slave's own number is nobody else's, whenever it was asked.
  if (!one.variable("gtid_binlog_state").empty()) {
    return errant(desired, seen, slave).value_or(std::string());
  }
  const auto all = difference(one.variable("gtid_executed"), master.variable("gtid_executed"));
  if (!all) return {};
  const auto uuid = master.variable("server_uuid");
  std::string out;
  for (const auto& part : parts(*all)) {
    if (!part.starts_with(uuid)) out += (out.empty() ? "" : ",") + part;
  }
  return out;
}

const Server* twin(const Desired& desired, const Seen& seen, const Server& server) {
  const auto uuid = seen.at(server.id).variable("server_uuid");
  if (uuid.empty()) return nullptr;
  for (const auto& other : desired.servers) {
    if (other.id == server.id) return nullptr;
    if (seen.at(other.id).variable("server_uuid") == uuid) return &other;
  }
  return nullptr;
}

plan::Step Maker::identity(const Server& server, const Server& other) const {
  namespace milestone = plan::milestone;
  auto step = make(server, "identity", fmt::format("give {} a uuid of its own", server.id));
  step.change = plan::Change::update;
  step.cause = plan::Cause::drift;
  step.risk = plan::Risk::disruptive;
  step.impact = fmt::format("{} does not answer, some 15 s", server.id);
  step.reason = fmt::format(
      "{} has the same, as when a data directory was copied; the two push each other off",
      other.id);
  step.diff = {{plan::Change::update, "server uuid", "that of " + other.id.text(), "another"}};
  step.needs = {milestone::endpoint_ready(server.id), milestone::survival_ready(server.id)};
  step.gives = {data_settled(server)};
  step.timeout = std::chrono::minutes(8);
  auto& script = step.apply;
  script.line("mrc_mysql_renew {} {} {} {} {}",
              m_desired.deployment,
              server.id,
              data_path(m_desired, server.id),
              script.secret_file(m_desired.root_password),
              server.address);
  return step;
}

}  // namespace mrc::systems::mysql
