#include "mrc/plan/milestone.hpp"
#include "mysql_failover.sh.hpp"
#include "mysql_switch.sh.hpp"
#include "systems/mysql/maker.hpp"
#include "systems/mysql/replication.hpp"

namespace mrc::systems::mysql {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;

/// Servers that cannot keep those who may do everything from writing cut them off.
std::string_view clients_word(const Dialect& dialect) {
  return dialect.super_read_only ? "keep" : "end";
}

/// Before the server becomes a slave of the file's master, this function of mysql_failover.sh sees
/// what each has and the other lacks.
void look_first(std::string_view look, const Desired& desired, const Server& server, Step& step) {
  const auto& master = desired.master();
  shell::Script first;
  const auto root = first.secret_file(desired.root_password);
  say_former(first, desired);
  say_tls(first, desired, desired.tls);
  first.use(embedded::mysql_failover_sh)
      .line("mrc_mysql_wait {} {} 120", server.id, root)
      .line("{} {} {} {} {} {} {}",
            look,
            server.id,
            root,
            master.id,
            master.address,
            desired.user,
            first.secret_file(desired.password));
  step.apply = first.append(step.apply);
}

}  // namespace

Step Maker::fence(const Server& old) const {
  auto step = make(old, "fence", fmt::format("stop {}, and close it to writes", old.id));
  step.change = Change::update;
  step.risk = plan::Risk::disruptive;
  step.reason = fmt::format("{} gets the master's part", m_desired.master().id);
  step.diff = {{Change::update, "my.cnf in its data directory", "", "read_only=ON;"}};
  step.gives = {fenced()};
  step.apply.use(embedded::mysql_failover_sh)
      .line("mrc_mysql_fence {} {} {} {}",
            old.id,
            m_desired.deployment,
            data_path(m_desired, old.id),
            shell::words(role_lines(m_desired, false)));
  return step;
}

Step Maker::drain(const Server& old, const std::string& why, Difference lines) const {
  const auto& heir = m_desired.master();
  auto step = make(heir, "drain", fmt::format("apply what {} has received", heir.id));
  step.change = Change::run;
  step.reason = fmt::format("{} is lost; {} gets its part: {}", old.id, heir.id, why);
  step.diff = std::move(lines);
  step.needs = {fenced()};
  step.gives = {drained()};
  step.timeout = std::chrono::hours(2);  // it ends before, when nothing is applied any more
  auto& script = step.apply;
  script.use(embedded::mysql_failover_sh)
      .line("mrc_mysql_drain {} {} {} {}",
            heir.id,
            script.secret_file(m_desired.root_password),
            old.id,
            old.address);
  return step;
}

Step Maker::compare(const Server& server) const {
  const auto& heir = m_desired.master();
  auto step = make(
      server, "compare", fmt::format("see that {} has nothing that {} lacks", server.id, heir.id));
  step.change = Change::run;
  step.gives = {compared(server)};
  look_first("mrc_mysql_not_ahead", m_desired, server, step);
  return step;
}

Step Maker::follow_another(const Server& server, Difference diff) const {
  auto step = replicate(server, std::move(diff));
  look_first("mrc_mysql_not_ahead", m_desired, server, step);
  return step;
}

Step Maker::succeed(const Server& old,
                    const std::string& account_mark,
                    const std::string& root_host_mark) const {
  const auto& heir = m_desired.master();
  auto step = make(heir, "succeed", fmt::format("make {} the master", heir.id));
  step.change = Change::update;
  step.risk = plan::Risk::destructive;
  step.impact = fmt::format("what {} had and had sent to none of these is lost", old.id);
  step.reason = fmt::format("{} is lost", old.id);
  step.diff = {{Change::update, "source", old.address.text(), "none"},
               {Change::update, read_only_variable(m_desired.dialect), "ON", "OFF"}};
  step.needs = {fenced(), drained()};
  for (const auto& server : m_desired.servers) {
    if (!server.is_master) step.needs.push_back(compared(server));
  }
  step.gives = {plan::milestone::promoted()};
  step.timeout = std::chrono::minutes(3);
  auto& script = step.apply;
  script.use(embedded::mysql_switch_sh).use(embedded::mysql_failover_sh);
  record_accounts(script, account_mark, root_host_mark);
  script
      .line("mrc_mysql_succeed {} {} {} {} {} {} {} {}",
            heir.id,
            script.secret_file(m_desired.root_password),
            old.id,
            old.address,
            m_desired.user,
            script.secret_file(m_desired.password),
            data_path(m_desired, heir.id),
            shell::words(role_lines(m_desired, true)))
      .line("mrc_forget {} {}", m_desired.deployment, record_key(heir.id, "source"));
  return step;
}

Step Maker::close(const Server& former) const {
  auto step =
      make(former, "close", fmt::format("close {}, which was the master, to writes", former.id));
  step.change = Change::update;
  step.risk = plan::Risk::disruptive;
  step.impact = "who still writes there is refused";
  step.reason = fmt::format("{} is the master now", m_desired.master().id);
  step.diff = {{Change::update, read_only_variable(m_desired.dialect), "OFF", "ON"}};
  step.gives = {formers_closed()};
  auto& script = step.apply;
  script.use(embedded::mysql_switch_sh)
      .use(embedded::mysql_failover_sh)
      .line("mrc_mysql_close {} {} {} {} {} {}",
            former.id,
            script.secret_file(m_desired.root_password),
            freeze_sql(m_desired.dialect),
            clients_word(m_desired.dialect),
            data_path(m_desired, former.id),
            shell::words(role_lines(m_desired, false)));
  return step;
}

Step Maker::replicate_former(const Server& former, Difference diff) const {
  auto step = replicate(former, std::move(diff));
  step.reason = "it was the master";
  step.forgets = {step_of(former, "account").text(), step_of(former, "root-host").text()};
  step.needs.push_back(formers_closed());
  // Sessions that may do everything write on where only read_only is against it.
  if (!m_desired.dialect.super_read_only) {
    shell::Script end;
    const auto root = end.secret_file(m_desired.root_password);
    say_former(end, m_desired);
    end.use(embedded::mysql_switch_sh)
        .line("mrc_mysql_wait {} {} 120", former.id, root)
        .line("mrc_mysql_end_clients {} {}", former.id, root);
    step.apply = end.append(step.apply);
  }
  look_first("mrc_mysql_nothing_alone", m_desired, former, step);
  return step;
}

}  // namespace mrc::systems::mysql
