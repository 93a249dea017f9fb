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
  step.title = "stop etcd";
  step.diff = {{Change::update, "unit file", "enabled", *enabled}};
  step.risk = plan::Risk::disruptive;
  step.timeout = std::chrono::seconds(150);
  step.apply.use(embedded::etcd_unit_sh).line("mrc_etcd_stop {} {}", deployment, *enabled);
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

/// In the order of undoing: what was made last goes first.
constexpr Undo k_undo[] = {
    {"etcd/unit", "stop", stop},
    {"etcd/config", "restore-config", restore_config},
    {"etcd/data", "remove-data", remove_data},
    {"etcd/package", "remove-packages", remove_packages},
};

}  // namespace

Result<std::vector<Step>> teardown(const Desired& want, const Observations& records) {
  std::vector<Step> out;
  for (const auto& host : want.hosts) {
    const auto& record = records.record(host);
    std::vector<StepId> before;
    for (const auto& undo : k_undo) {
      const auto found = record.find(std::string(undo.key));
      if (found == record.end()) continue;
      const auto entry = Entry::read(host, found->first, found->second);
      if (!entry) return fail(entry.error());
      Step step;
      step.id = StepId(fmt::format("etcd/{}/{}", host, undo.step));
      step.host = host;
      step.change = Change::remove;
      step.after = before;
      // Every host's Calico takes its own keys out of etcd before any member stops.
      for (const auto& other : want.hosts) {
        step.needs.push_back(plan::milestone::network_gone(other));
      }
      step.gives = {plan::milestone::etcd_gone(host)};
      step.apply.use(embedded::etcd_probe_sh);
      if (auto filled = undo.fill(want.deployment, *entry, step); !filled) {
        return fail(filled.error());
      }
      before = {step.id};
      out.push_back(std::move(step));
    }
  }
  return out;
}

}  // namespace mrc::systems::etcd
