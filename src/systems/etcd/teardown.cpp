#include <nlohmann/json.hpp>

#include "etcd_package.sh.hpp"
#include "etcd_probe.sh.hpp"
#include "etcd_unit.sh.hpp"
#include "mrc/plan/milestone.hpp"
#include "systems/etcd/steps.hpp"

namespace mrc::systems::etcd {
namespace {

using plan::Change;
using plan::Step;

/// The record's entries, checked.
class Entry {
 public:
  static Result<Entry> read(const HostId& host, const std::string& key, const std::string& text) {
    Entry entry;
    entry.m_json = nlohmann::json::parse(text, nullptr, false);
    if (!entry.m_json.is_object()) {
      return fail(ErrorKind::unreadable, "odd record {} on {}: {}", key, host, excerpt(text));
    }
    entry.m_where = fmt::format("record {} on {}", key, host);
    return entry;
  }
  Result<std::string> text(const char* field) const {
    const auto found = m_json.find(field);
    if (found == m_json.end() || !found->is_string()) {
      return fail(ErrorKind::unreadable, "{} has no '{}'", m_where, field);
    }
    return found->get<std::string>();
  }
  bool has(const char* field) const { return m_json.contains(field); }
  Result<std::vector<std::string>> list(const char* field) const {
    const auto found = m_json.find(field);
    if (found == m_json.end() || !found->is_array()) {
      return fail(ErrorKind::unreadable, "{} has no '{}'", m_where, field);
    }
    std::vector<std::string> out;
    for (const auto& one : *found) {
      if (!one.is_string()) return fail(ErrorKind::unreadable, "{} is odd", m_where);
      out.push_back(one.get<std::string>());
    }
    return out;
  }

 private:
  nlohmann::json m_json;
  std::string m_where;
};

Result<void> stop(const std::string& deployment, const Entry& entry, Step& step) {
  const auto enabled = entry.text("enabled");
  if (!enabled) return fail(enabled.error());
  step.risk = plan::Risk::disruptive;
  step.timeout = std::chrono::seconds(150);
  step.apply.use(embedded::etcd_unit_sh);
  if (entry.has("active")) {
    step.title = "give etcd back as it was before mrc took it over";
    step.diff = {{Change::update, "unit file", "enabled", *enabled}};
    step.impact = "this etcd member restarts, some 5 s";
    step.apply.line("mrc_etcd_give_back {} {}", deployment, *enabled);
    return {};
  }
  step.title = "stop etcd";
  step.diff = {{Change::update, "unit file", "enabled", *enabled}};
  step.impact = "this etcd member ends";
  step.apply.line("mrc_etcd_stop {} {}", deployment, *enabled);
  return {};
}

Result<void> restore_config(const std::string& deployment, const Entry& entry, Step& step) {
  const auto path = entry.text("path");
  const auto was = entry.text("was");
  if (!path) return fail(path.error());
  if (!was) return fail(was.error());
  step.title =
      *was == "absent" ? "remove etcd's configuration" : "bring back etcd's former configuration";
  step.diff = {{*was == "absent" ? Change::remove : Change::update,
                *path,
                "as mrc wrote it",
                *was == "absent" ? "" : "as it was"}};
  step.apply.use(embedded::etcd_unit_sh)
      .line("mrc_etcd_restore_config {} {} {}", deployment, *path, *was);
  return {};
}

Result<void> remove_data(const std::string& deployment, const Entry& entry, Step& step) {
  const auto path = entry.text("path");
  const auto top = entry.text("top");
  if (!path) return fail(path.error());
  if (!top) return fail(top.error());
  step.title = "remove etcd's data: Calico's state, no user's";
  step.diff = {{Change::remove, "directory", *path, {}}};
  step.risk = plan::Risk::destructive;
  step.apply.use(embedded::etcd_unit_sh)
      .line("mrc_etcd_remove_data {} {} {}", deployment, *path, *top);
  return {};
}

Result<void> remove_packages(const std::string& deployment, const Entry& entry, Step& step) {
  const auto packages = entry.list("packages");
  if (!packages) return fail(packages.error());
  step.title = "remove the packages that mrc installed";
  for (const auto& one : *packages) step.diff.push_back({Change::remove, "package", one, {}});
  step.timeout = std::chrono::minutes(10);
  step.apply.use(embedded::etcd_package_sh)
      .line("mrc_etcd_remove_packages {} {}", deployment, shell::words(*packages));
  return {};
}

struct Undo {
  std::string_view key;   ///< of the record
  std::string_view step;  ///< last part of the step's id
  Result<void> (*fill)(const std::string&, const Entry&, Step&);
};

constexpr Undo k_unit{"etcd/unit", "stop", stop};
constexpr Undo k_config{"etcd/config", "restore-config", restore_config};
constexpr Undo k_data{"etcd/data", "remove-data", remove_data};
constexpr Undo k_package{"etcd/package", "remove-packages", remove_packages};

Step make_step(const HostId& host, std::string_view what) {
  Step step;
  step.id = StepId(fmt::format("etcd/{}/{}", host, what));
  step.host = host;
  step.change = Change::remove;
  step.gives = {plan::milestone::etcd_gone(host)};
  step.apply.use(embedded::etcd_probe_sh);
  return step;
}

Step hand_over(const std::string& deployment,
               const HostId& host,
               const std::vector<std::string>& users) {
  auto step = make_step(host, "hand-over");
  step.change = Change::update;
  step.title = fmt::format("leave etcd to {}, which uses it too", users.front());
  step.diff = {{Change::update, "owner", deployment, users.front()}};
  step.apply.use(embedded::etcd_unit_sh)
      .line("mrc_etcd_hand_over {} {} {}",
            deployment,
            users.front(),
            shell::words({users.begin() + 1, users.end()}));
  return step;
}

Step stop_using(const std::string& deployment, const HostId& host, const std::string& owner) {
  auto step = make_step(host, "unuse");
  step.title = "no longer use another deployment's etcd";
  step.diff = {{Change::remove, "used", "the etcd of " + owner, {}}};
  step.apply.line("mrc_forget {} {}", deployment, k_uses_key);
  return step;
}

/// Other deployments that need this host's member.
std::vector<std::string> users(const Observations& records, const HostId& host) {
  std::vector<std::string> out;
  for (const auto& [name, record] : records.others(host)) {
    if (record.contains(k_uses_key) || has_member(record)) out.push_back(name);
  }
  return out;
}

}  // namespace

Result<std::vector<Step>> clean_host(const std::string& deployment,
                                     const Observations& records,
                                     const HostId& host,
                                     Leaving leaving) {
  const auto& record = records.record(host);
  std::vector<Step> out;
  if (const auto uses = record.find(k_uses_key); uses != record.end()) {
    out.push_back(stop_using(deployment, host, uses->second));
  }
  const auto others =
      leaving == Leaving::cluster ? users(records, host) : std::vector<std::string>();
  if (has_member(record) && !others.empty()) {
    out.push_back(hand_over(deployment, host, others));
    return out;
  }
  // What was made last goes first; a unit that ran before mrc took it over runs again, by its own
  // configuration.
  std::vector<Undo> order{k_unit, k_config, k_data, k_package};
  const auto unit = record.find(std::string(k_unit.key));
  if (unit != record.end() && unit->second.find("\"active\"") != std::string::npos) {
    order = {k_config, k_unit, k_data, k_package};
  }
  for (const auto& undo : order) {
    const auto found = record.find(std::string(undo.key));
    if (found == record.end()) continue;
    const auto entry = Entry::read(host, found->first, found->second);
    if (!entry) return fail(entry.error());
    auto step = make_step(host, undo.step);
    if (!out.empty()) step.after = {out.back().id};
    if (auto filled = undo.fill(deployment, *entry, step); !filled) return fail(filled.error());
    out.push_back(std::move(step));
  }
  return out;
}

Result<std::vector<Step>> teardown(const Desired& want, const Observations& records) {
  std::vector<Step> out;
  for (const auto& host : records.hosts()) {
    auto steps = clean_host(want.deployment, records, host, Leaving::cluster);
    if (!steps) return fail(std::move(steps).error());
    for (auto& step : *steps) {
      // Every host's Calico takes its own keys out of etcd before any member stops.
      for (const auto& other : records.hosts()) {
        step.needs.push_back(plan::milestone::network_gone(other));
      }
      out.push_back(std::move(step));
    }
  }
  return out;
}

}  // namespace mrc::systems::etcd
