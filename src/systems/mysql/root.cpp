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
