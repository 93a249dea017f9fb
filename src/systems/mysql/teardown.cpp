#include "mrc/plan/milestone.hpp"
#include "mysql.sh.hpp"
#include "systems/mysql/internal.hpp"

namespace mrc::systems::mysql {
namespace {

namespace milestone = plan::milestone;

plan::Step make(const Server& server, std::string_view verb, std::string title) {
  plan::Step step;
  step.id = StepId(fmt::format("mysql/{}/{}", server.id, verb));
  step.host = server.host;
  step.title = std::move(title);
  step.change = plan::Change::remove;
  step.apply.use(embedded::mysql_sh);
  return step;
}

plan::Step remove_container(const Desired& desired, const Server& server) {
  auto step = make(server, "remove", "remove the container " + server.id.text());
  step.risk = plan::Risk::disruptive;
  step.needs = {milestone::endpoint_gone(server.id)};
  step.gives = {milestone::container_gone(server.id)};
  step.timeout = std::chrono::minutes(5);
  step.apply.line("mrc_mysql_stop_remove {}", server.id)
      .line("mrc_mysql_drop_helpers {}", server.id)
      .line("mrc_forget {} {}", desired.deployment, fmt::format("mysql/{}/container", server.id));
  return step;
}

}  // namespace

std::vector<plan::Step> make_teardown(const Desired& desired,
                                      const Seen& seen,
                                      const Observations& all,
                                      bool delete_data) {
  std::vector<plan::Step> out;
  std::vector<StepId> slaves_gone;
  // Slaves first: a master is slow to stop while they are attached.
  for (auto it = desired.servers.rbegin(); it != desired.servers.rend(); ++it) {
    const auto& server = *it;
    const auto& one = seen.at(server.id);
    const auto& record = all.record(server.host);
    const bool ours = (one.container && one.container->deployment == desired.deployment) ||
                      record.contains(fmt::format("mysql/{}/container", server.id));
    const bool foreign = one.container && one.container->deployment != desired.deployment;
    if (ours && !foreign) {
      auto step = remove_container(desired, server);
      if (server.is_master) step.after = slaves_gone;
      slaves_gone.push_back(step.id);
      out.push_back(std::move(step));
    }
    const auto key = fmt::format("mysql/{}/data", server.id);
    const bool recorded = record.contains(key);
    const bool marked = one.has_data && one.data_of == desired.deployment;
    if (delete_data && (marked || (recorded && !one.has_data))) {
      auto step = make(server, "data", "delete the data of " + server.id.text());
      step.risk = plan::Risk::destructive;
      step.diff = {{plan::Change::remove,
                    "data",
                    fmt::format("{}/{}/data", desired.data_root, server.id),
                    ""}};
      step.needs = {milestone::container_gone(server.id)};
      step.timeout = std::chrono::minutes(10);
      step.apply.line("mrc_mysql_delete_data {} {}", server.id, desired.data_root)
          .line("mrc_forget {} {}", desired.deployment, key);
      out.push_back(std::move(step));
    } else if (recorded) {
      auto step =
          make(server, "forget-data", fmt::format("keep the data of {}, with its mark", server.id));
      step.needs = {milestone::container_gone(server.id)};
      step.apply.line("mrc_mysql_drop_helpers {}", server.id)
          .line("rm -rf {}", fmt::format("{}/{}/data.mrc-init", desired.data_root, server.id))
          .line("mrc_forget {} {}", desired.deployment, key);
      out.push_back(std::move(step));
    }
  }
  return out;
}

}  // namespace mrc::systems::mysql
