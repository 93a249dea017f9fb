#include <charconv>

#include "systems/conditions.hpp"
#include "systems/mysql/container.hpp"
#include "systems/mysql/gtid.hpp"
#include "systems/mysql/internal.hpp"
#include "systems/mysql/replication.hpp"

namespace mrc::systems::mysql {
namespace {

using Level = Verdict::Level;

constexpr int k_much_lag_s = 60;

/// Why the server could not be asked; empty: it was.
std::string silence(const Desired& desired, const Observed& seen) {
  if (seen.docker_down) return "Docker does not answer";
  if (!seen.container) {
    return seen.has_data ? "there is no container; its data are there" : "there is no container";
  }
  if (seen.container->deployment != desired.deployment) {
    return "the container of this name is not of this deployment";
  }
  if (!seen.container->running()) return "the container is stopped";
  if (!seen.answered) return "up, but root cannot ask: " + seen.sql_error;
  return {};
}

class Row {
 public:
  explicit Row(Condition condition) : m_condition(std::move(condition)) {}
  void say(const std::string& text) {
    m_condition.text += (m_condition.text.empty() ? "" : ", ") + text;
  }
  void warn(const std::string& text) {
    if (m_condition.level == Level::ok) m_condition.level = Level::warn;
    say(text);
  }
  void fail(const std::string& text) {
    m_condition.level = Level::fail;
    say(text);
  }
  Condition take() { return std::move(m_condition); }

 private:
  Condition m_condition;
};

void judge_threads(const Observed& seen, Row& row) {
  const auto io = seen.of_slave("Slave_IO_Running");
  const auto sql = seen.of_slave("Slave_SQL_Running");
  if (io == "Yes" && sql == "Yes") {
    row.say("both threads run");
    return;
  }
  row.fail(fmt::format("Slave_IO_Running: {}, Slave_SQL_Running: {}", io, sql));
  for (const auto* field : {"Last_IO_Error", "Last_SQL_Error"}) {
    const auto error = seen.of_slave(field);
    if (!error.empty()) row.fail(excerpt(error, 200));
  }
}

void judge_lag(const Observed* master, const Observed& seen, Row& row) {
  const auto lag = seen.of_slave("Seconds_Behind_Master");
  int seconds = 0;
  std::from_chars(lag.data(), lag.data() + lag.size(), seconds);
  if (lag != "NULL" && seconds > k_much_lag_s) {
    row.warn(lag + " s behind");
  } else if (lag != "NULL") {
    row.say(lag + " s behind");
  }
  if (master == nullptr || master->variable("gtid_executed").empty()) return;
  const auto behind = missing(master->variable("gtid_executed"), seen.variable("gtid_executed"));
  if (behind) row.say(fmt::format("{} transaction{} behind", *behind, *behind == 1 ? "" : "s"));
}

void judge_slave(const Desired& desired, const Observed* master, const Observed& seen, Row& row) {
  const auto& source = desired.master();
  if (seen.slave.empty()) {
    row.fail("replicates from nobody");
  } else {
    judge_threads(seen, row);
    const auto now = seen.of_slave("Master_Host");
    if (now != source.address.text()) row.fail("its source is " + now);
    judge_lag(master, seen, row);
  }
  if (keeps_writes_off(seen.variable("read_only"))) {
    row.say("read-only");
  } else {
    row.fail("it takes writes");
  }
}

void judge_master(const Observed& seen, Row& row) {
  if (keeps_writes_off(seen.variable("read_only"))) row.fail("it takes no writes");
  if (!seen.slave.empty()) row.warn("it replicates from " + seen.of_slave("Master_Host"));
  if (!seen.login_error.empty())
    row.fail("the replication user cannot log in: " + seen.login_error);
}

/// `master`: what its host said of it; null when that is not known.
Condition judged(const Desired& desired,
                 const Server& server,
                 const Observed* master,
                 const Observed& seen) {
  Row row({"servers", server.host, server.id.text(), Level::ok, {}});
  row.say(server.is_master ? "master" : fmt::format("slave of {}", desired.master().id));
  if (const auto why = silence(desired, seen); !why.empty()) {
    row.fail(why);
    return row.take();
  }
  row.say("up");
  row.say(seen.variable("version"));
  if (server.is_master) {
    judge_master(seen, row);
  } else {
    judge_slave(desired, master, seen, row);
  }
  if (!container_difference(desired, server, seen).empty()) row.warn("made from other settings");
  return row.take();
}

}  // namespace

std::vector<Condition> make_status(const Desired& desired, const Observations& seen) {
  std::map<ServerId, Observed> all;
  std::map<ServerId, Condition> unknown;
  for (const auto& server : desired.servers) {
    Condition row{"servers", server.host, server.id.text(), Level::ok, {}};
    const auto parse = [&](std::string_view text) -> Result<Observed> {
      auto parsed = parse_probe(text);
      if (!parsed) return fail(std::move(parsed).error());
      const auto found = parsed->servers.find(server.id);
      if (found != parsed->servers.end()) return std::move(found->second);
      return fail(ErrorKind::unreadable, "{} says nothing about it", server.host);
    };
    std::vector<Condition> told;
    auto one = read_for_status(seen, "mysql", row, parse, told);
    if (one) all.emplace(server.id, std::move(*one));
    for (auto& why : told) unknown.emplace(server.id, std::move(why));
  }
  const auto master = all.find(desired.master().id);
  std::vector<Condition> out;
  for (const auto& server : desired.servers) {
    const auto found = all.find(server.id);
    out.push_back(
        found == all.end()
            ? unknown.at(server.id)
            : judged(
                  desired, server, master == all.end() ? nullptr : &master->second, found->second));
  }
  return out;
}

}  // namespace mrc::systems::mysql
