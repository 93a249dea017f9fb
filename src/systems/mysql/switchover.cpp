#include "mrc/plan/goal.hpp"
#include "mrc/plan/milestone.hpp"
#include "mysql_switch.sh.hpp"
#include "systems/mysql/maker.hpp"
#include "systems/mysql/replication.hpp"

namespace mrc::systems::mysql {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;

}  // namespace

const Server* holder(const Desired& desired, const Seen& seen) {
  const auto source = seen.at(desired.master().id).of_slave("Master_Host");
  if (source.empty()) return nullptr;
  for (const auto& server : desired.servers) {
    if (!server.is_master && server.address.text() == source) return &server;
  }
  return nullptr;
}

Step Maker::hand_over(const Server& old) const {
  const auto& master = m_desired.master();
  auto step = make(old, "hand-over", fmt::format("hand the master's part to {}", master.id));
  step.change = Change::update;
  step.risk = plan::Risk::disruptive;
  step.impact = "nobody writes for about 1 s; then " + master.id.text() + " takes the writes";
  step.reason = "the file names another master";
  step.diff = {{Change::update, "master", old.id.text(), master.id.text()}};
  step.needs = {milestone::server_ready(master.id)};
  step.gives = {milestone::handed_over()};
  step.forgets = {step_of(old, "account").text(), step_of(old, "root-host").text()};
  step.timeout = std::chrono::minutes(5);
  auto& script = step.apply;
  script.use(embedded::mysql_switch_sh)
      .line("mrc_mysql_hand_over {} {} {} {} {} {} {} {} {} {} {}",
            old.id,
            script.secret_file(m_desired.root_password),
            m_desired.user,
            script.secret_file(m_desired.password),
            master.id,
            master.address,
            freeze_sql(m_desired.dialect),
            m_desired.dialect.super_read_only ? "keep" : "end",
            fmt::format("{}", fmt::join(role_lines(m_desired, true), "\n")),
            data_path(m_desired, old.id),
            shell::words(role_lines(m_desired, false)))
      .line("mrc_forget {} {}", m_desired.deployment, record_key(old.id, "account"));
  return step;
}

Step Maker::take_over(const Server& old,
                      const std::string& account_mark,
                      const std::string& root_host_mark) const {
  const auto& master = m_desired.master();
  auto step = make(master, "take-over", fmt::format("make {} the master", master.id));
  step.change = Change::update;
  step.risk = plan::Risk::disruptive;
  step.reason = "the file names another master";
  step.diff = {{Change::update, "source", old.address.text(), "none"},
               {Change::update, read_only_variable(m_desired.dialect), "ON", "OFF"}};
  step.needs = {milestone::server_ready(master.id)};
  step.gives = {milestone::promoted()};
  step.timeout = std::chrono::minutes(5);
  auto& script = step.apply;
  script.use(embedded::mysql_switch_sh);
  record_accounts(script, account_mark, root_host_mark);
  script
      .line("mrc_mysql_take_over {} {} {} {} {} {} {} {} {}",
            master.id,
            script.secret_file(m_desired.root_password),
            old.id,
            old.address,
            m_desired.user,
            script.secret_file(m_desired.password),
            read_only_variable(m_desired.dialect),
            data_path(m_desired, master.id),
            shell::words(role_lines(m_desired, true)))
      .line("mrc_forget {} {}", m_desired.deployment, record_key(master.id, "source"));
  return step;
}

std::string Maker::account_mark(const Server& old, const Observations& all) const {
  const auto kept = [&](const Server& server, std::string_view verb) -> std::string {
    const auto& record = all.record(server.host);
    const auto found = record.find(plan::goal_key(step_of(server, verb)));
    return found == record.end() ? "" : found->second;
  };
  if (auto mark = kept(old, "account"); !mark.empty()) return mark;
  const auto& master = m_desired.master();
  if (kept(master, "replicate") != plan::goal_mark(channel_goal(old))) return {};
  return plan::goal_mark(goal(master, "account"));
}

void Maker::record_accounts(shell::Script& script,
                            const std::string& account_mark,
                            const std::string& root_host_mark) const {
  const auto& master = m_desired.master();
  record(script, "account", master);
  const auto keep = [&](std::string_view verb, const std::string& mark) {
    if (mark.empty()) return;
    script.line(
        "mrc_record {} {} {}", m_desired.deployment, plan::goal_key(step_of(master, verb)), mark);
  };
  keep("account", account_mark);
  keep("root-host", root_host_mark);
}

}  // namespace mrc::systems::mysql
