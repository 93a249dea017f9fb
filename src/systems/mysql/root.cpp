#include "mrc/plan/goal.hpp"
#include "mrc/plan/milestone.hpp"
#include "systems/mysql/authentication.hpp"
#include "systems/mysql/maker.hpp"

namespace mrc::systems::mysql {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;

plan::DiffLine password_line(const Observed& seen, const Secret& wanted) {
  return {Change::update,
          "password of root",
          seen.root_before ? "another" : "not seen yet",
          wanted.label()};
}

}  // namespace

Step Maker::root_password(const Observed& seen) const {
  const auto& master = m_desired.master();
  const bool is_unseen = !seen.answered;
  auto step = make(master,
                   "root",
                   is_unseen || seen.root_before ? "set root's password"
                                                 : "move root to the plugin of new accounts");
  step.change = Change::update;
  step.reason = is_unseen ? "it is seen when " + master.id.text() + " answers" : "";
  if (is_unseen || seen.root_before) {
    step.diff.push_back(password_line(seen, m_desired.root_password));
  }
  if (moves_accounts(m_desired) && is_root_native(m_desired, seen)) {
    step.diff.push_back(plugin_line("authentication"));
  }
  step.needs = {milestone::container_running(master.id), milestone::promoted()};
  step.timeout = std::chrono::minutes(3);
  auto& script = step.apply;
  const auto root = script.secret_file(m_desired.root_password);
  script.line("mrc_mysql_wait {} {} 120", master.id, root)
      .line("mrc_mysql_root_password {} {} {}", master.id, root, m_desired.root_host);
  return step;
}

Difference root_host_difference(const Desired& desired, const Observed& seen) {
  const auto account = [](const std::string& host) { return fmt::format("root@'{}'", host); };
  Difference out;
  if (desired.root_host == "localhost") {
    for (const auto& [host, grants] : seen.outside) {
      out.push_back({Change::remove, "account", account(host), ""});
    }
    return out;
  }
  const auto found = seen.outside.find(desired.root_host);
  if (found == seen.outside.end()) {
    out.push_back({Change::create, "account", "", account(desired.root_host)});
  } else if (!found->second) {
    out.push_back(
        {Change::update, account(desired.root_host), "some privileges", "all, with GRANT OPTION"});
  }
  return out;
}

Step Maker::root_host(Difference diff) const {
  const auto& master = m_desired.master();
  const bool closes = m_desired.root_host == "localhost";
  auto step = make(master,
                   "root-host",
                   closes ? "let root in from localhost alone" : "let root in from anywhere");
  step.change = Change::update;
  if (diff.empty()) step.reason = "it is seen when " + master.id.text() + " answers";
  if (closes) {
    step.risk = plan::Risk::disruptive;
    step.impact = "who logs in as root from outside is refused";
  }
  step.diff = std::move(diff);
  step.needs = {milestone::container_running(master.id), milestone::promoted()};
  step.timeout = std::chrono::minutes(5);  // an old server with many tables looks at each
  auto& script = step.apply;
  const auto root = script.secret_file(m_desired.root_password);
  script.line("mrc_mysql_wait {} {} 120", master.id, root)
      .line("mrc_mysql_root_from {} {} {}", master.id, root, m_desired.root_host);
  return step;
}

std::string Maker::root_host_mark(const Server& server, const Observations& all) const {
  const auto& record = all.record(server.host);
  const auto kept = [&](std::string_view verb) -> std::string {
    const auto found = record.find(plan::goal_key(step_of(server, verb)));
    return found == record.end() ? "" : found->second;
  };
  if (auto mark = kept("root-host"); !mark.empty()) return mark;
  auto born = kept("init");
  return born == plan::goal_mark(goal(server, "init")) ? plan::goal_mark(goal(server, "root-host"))
                                                       : born;
}

Step Maker::root_comes(const Server& server, const Observed& seen) const {
  auto step = make(server, "root", fmt::format("wait until {} has root's password", server.id));
  step.goal.clear();
  step.change = Change::run;
  step.reason = "it comes by replication";
  if (seen.root_before) step.diff = {password_line(seen, m_desired.root_password)};
  step.needs = {milestone::server_ready(server.id)};
  step.timeout = std::chrono::minutes(6);
  auto& script = step.apply;
  const auto root = script.secret_file(m_desired.root_password);
  script.line("mrc_mysql_wait {} {} 120", server.id, root)
      .line("mrc_mysql_root_comes {} {}", server.id, root);
  return step;
}

}  // namespace mrc::systems::mysql
