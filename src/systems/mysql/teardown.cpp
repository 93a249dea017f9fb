#include "mrc/plan/milestone.hpp"
#include "systems/mysql/internal.hpp"
#include "systems/mysql/scripts.hpp"

namespace mrc::systems::mysql {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;

/// A server's things on one host, as the host's record and marks tell.
struct Standing {
  HostId host;
  ServerId server;
  bool container = false;
  bool data = false;
  std::string path;  ///< of the data
};

class Remover {
 public:
  Remover(const Desired& desired, const Seen& seen, const Observations& all)
      : m_desired(desired), m_seen(seen), m_all(all) {}

  bool is_wanted(const HostId& host, const ServerId& name) const {
    return wanted(host, name) != nullptr;
  }

  const Server* wanted(const HostId& host, const ServerId& name) const {
    for (const auto& server : m_desired.servers) {
      if (server.id == name && server.host == host) return &server;
    }
    return nullptr;
  }

  std::vector<ServerId> servers_on(const HostId& host) const {
    auto names = recorded(m_all.record(host), "container");
    names.merge(recorded(m_all.record(host), "data"));
    if (const auto marked = m_seen.marked.find(host); marked != m_seen.marked.end()) {
      names.insert(marked->second.begin(), marked->second.end());
    }
    return {names.begin(), names.end()};
  }

  Standing stands(const HostId& host, const ServerId& name) const {
    const auto& record = m_all.record(host);
    const auto marked = m_seen.marked.find(host);
    Standing out{host, name, false, false, data_path(m_desired, name)};
    out.container = record.contains(record_key(name, "container")) ||
                    (marked != m_seen.marked.end() && marked->second.contains(name));
    const auto data = record.find(record_key(name, "data"));
    out.data = data != record.end();
    if (out.data && data->second.size() > 2) {
      out.path = data->second.substr(1, data->second.size() - 2);  // a JSON string of a path
    }
    return out;
  }

  Step remove_container(const Standing& one) const {
    auto step = make(one, "remove", "remove the container " + one.server.text());
    step.risk = plan::Risk::disruptive;
    step.impact = fmt::format("clients of {} are cut off", one.server);
    step.diff = {{Change::remove, "container", one.server.text(), ""}};
    step.needs = {milestone::survival_gone(one.server), milestone::endpoint_gone(one.server)};
    step.gives = {milestone::container_gone(one.server), milestone::image_unused(one.host)};
    step.timeout = std::chrono::minutes(5);
    step.apply.line("mrc_mysql_stop_remove {} {}", one.server, m_desired.deployment)
        .line("mrc_mysql_drop_helpers {}", one.server);
    for (const auto* key : {"account", "source", "container"}) {
      step.apply.line("mrc_forget {} {}", m_desired.deployment, record_key(one.server, key));
    }
    return step;
  }

  Step keep_data(const Standing& one) const {
    auto step =
        make(one, "forget-data", fmt::format("keep the data of {}, with its mark", one.server));
    step.reason = "it stays in " + one.path;
    step.needs = {milestone::container_gone(one.server)};
    step.apply.line("mrc_mysql_drop_helpers {}", one.server)
        .line("rm -rf {}", one.path + ".mrc-init")
        .line("mrc_forget {} {}", m_desired.deployment, record_key(one.server, "data"));
    return step;
  }

  Step delete_data(const Standing& one) const {
    auto step = make(one, "data", "delete the data of " + one.server.text());
    step.risk = plan::Risk::destructive;
    step.diff = {{Change::remove, "data", one.path, ""}};
    step.needs = {milestone::container_gone(one.server)};
    step.timeout = std::chrono::minutes(10);
    // PATH is ROOT/NAME/data.
    const auto root = one.path.substr(0, one.path.size() - one.server.text().size() - 6);
    step.apply.line("mrc_mysql_delete_data {} {}", one.server, root)
        .line("mrc_forget {} {}", m_desired.deployment, record_key(one.server, "data"));
    return step;
  }

 private:
  /// Where the file has the server elsewhere or not at all, the host tells its steps apart.
  Step make(const Standing& one, std::string_view verb, std::string title) const {
    Step step;
    step.id = StepId(is_wanted(one.host, one.server)
                         ? fmt::format("mysql/{}/{}", one.server, verb)
                         : fmt::format("mysql/{}/{}/{}", one.host, one.server, verb));
    step.host = one.host;
    step.title = std::move(title);
    step.change = Change::remove;
    step.forgets = {fmt::format("mysql/{}/", one.server)};
    use_mysql(step.apply);
    return step;
  }

  const Desired& m_desired;
  const Seen& m_seen;
  const Observations& m_all;
};

}  // namespace

std::vector<Step> make_removals(const Desired& desired, const Seen& seen, const Observations& all) {
  const Remover remover(desired, seen, all);
  std::vector<Step> out;
  for (const auto& host : all.hosts()) {
    for (const auto& name : remover.servers_on(host)) {
      if (remover.is_wanted(host, name)) continue;
      const auto one = remover.stands(host, name);
      const auto first = out.size();
      if (one.container) out.push_back(remover.remove_container(one));
      if (one.data) out.push_back(remover.keep_data(one));
      for (auto i = first; i < out.size(); ++i) {
        if (out[i].reason.empty()) out[i].reason = "the file does not have it here";
      }
    }
  }
  return out;
}

std::vector<Step> make_teardown(const Desired& desired,
                                const Seen& seen,
                                const Observations& all,
                                bool delete_data) {
  const Remover remover(desired, seen, all);
  std::vector<Step> out;
  std::vector<StepId> slaves_gone;
  const auto take_away = [&](const Standing& one, bool deletes, bool is_master) {
    if (one.container) {
      auto step = remover.remove_container(one);
      if (is_master) step.after = slaves_gone;
      slaves_gone.push_back(step.id);
      out.push_back(std::move(step));
    }
    if (one.data) out.push_back(deletes ? remover.delete_data(one) : remover.keep_data(one));
  };
  for (const auto& host : all.hosts()) {
    for (const auto& name : remover.servers_on(host)) {
      if (!remover.is_wanted(host, name)) take_away(remover.stands(host, name), delete_data, false);
    }
  }
  // Slaves first: a master is slow to stop while they are attached.
  for (auto it = desired.servers.rbegin(); it != desired.servers.rend(); ++it) {
    const auto& observed = seen.at(it->id);
    auto one = remover.stands(it->host, it->id);
    if (observed.container && observed.container->deployment != desired.deployment) {
      one.container = false;
    }
    const bool marked = observed.has_data && observed.data_of == desired.deployment;
    const bool deletes = delete_data && (marked || !observed.has_data);
    // What an earlier destroy kept has no record any more.
    if (deletes && marked) one.data = true;
    take_away(one, deletes, it->is_master);
  }
  return out;
}

}  // namespace mrc::systems::mysql
