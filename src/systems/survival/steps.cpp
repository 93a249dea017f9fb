#include "systems/survival/steps.hpp"

#include <algorithm>
#include <set>

#include "mrc/plan/milestone.hpp"
#include "survival.sh.hpp"

namespace mrc::systems::survival {
namespace {

namespace milestone = plan::milestone;
using plan::Cause;
using plan::Change;
using plan::Step;

constexpr std::string_view k_record = "survival/";

std::string record_key(const ServerId& server) { return fmt::format("{}{}", k_record, server); }

Step keep(const std::string& deployment, const Keeper& want) {
  Step step;
  step.id = StepId(fmt::format("survival/{}/keep", want.server));
  step.host = want.host;
  step.title = fmt::format("have {} bring {} back by itself", want.host, want.server);
  step.goal = fmt::format("{} {} {}", want.unit, want.file_sum, want.script_sum);
  step.apply.use(embedded::survival_sh)
      .line("mrc_record {} {} {}",
            deployment,
            record_key(want.server),
            fmt::format("\"{}\"", want.unit));
  step.apply.line("mrc_survival_keep {} {} {} {} {}",
                  deployment,
                  want.server,
                  step.apply.attach(want.functions),
                  step.apply.attach(want.body),
                  step.apply.attach(want.file));
  // From the first moment it restores what it finds missing, so all of it is to be there first.
  step.needs = {milestone::host_ready(want.host),
                milestone::container_running(want.server),
                milestone::endpoint_ready(want.server),
                milestone::exposure_ready(want.server)};
  step.gives = {milestone::survival_ready(want.server)};
  step.timeout = std::chrono::minutes(3);
  return step;
}

Step remove(const std::string& deployment, const HostId& host, const ServerId& server) {
  Step step;
  step.id = StepId(fmt::format("survival/{}/{}/remove", host, server));
  step.host = host;
  step.title = fmt::format("bring {} back no more", server);
  step.change = Change::remove;
  step.diff = {{Change::remove, "unit", unit_name(deployment, server), ""}};
  step.apply.use(embedded::survival_sh).line("mrc_survival_gone {} {}", deployment, server);
  step.gives = {milestone::survival_gone(server)};
  step.forgets = {fmt::format("survival/{}/", server)};
  return step;
}

/// Servers that the host has a unit or a record of, sorted.
std::set<ServerId> present(const std::string& deployment,
                           const HostId& host,
                           const Observed& seen,
                           const Observations& records) {
  std::set<ServerId> servers;
  for (const auto& [server, unit] : seen.units) {
    if (unit.owner == deployment) servers.insert(server);
  }
  for (const auto& [key, value] : records.record(host)) {
    if (key.starts_with(k_record)) servers.emplace(key.substr(k_record.size()));
  }
  return servers;
}

const Unit* find(const std::map<HostId, Observed>& seen, const Keeper& want) {
  const auto& units = seen.at(want.host).units;
  const auto found = units.find(want.server);
  return found == units.end() ? nullptr : &found->second;
}

}  // namespace

std::vector<plan::DiffLine> differences(const Keeper& want, const Unit* now) {
  if (now == nullptr) return {{Change::create, "unit", "", want.unit}};
  std::vector<plan::DiffLine> diff;
  const auto compare = [&](const char* what, const std::string& is, const std::string& wanted) {
    if (is != wanted) diff.push_back({Change::update, what, is, wanted});
  };
  compare("unit's file", now->file, want.file_sum);
  compare("unit's script", now->script, want.script_sum);
  compare("at boot", now->enabled, "enabled");
  compare("now", now->active, "active");
  return diff;
}

std::vector<Step> steps(const std::string& deployment,
                        const std::vector<Keeper>& wanted,
                        const std::map<HostId, Observed>& seen,
                        const Observations& records) {
  std::vector<Step> out;
  for (const auto& [host, observed] : seen) {
    for (const auto& server : present(deployment, host, observed, records)) {
      const bool stays = std::any_of(wanted.begin(), wanted.end(), [&](const Keeper& want) {
        return want.host == host && want.server == server;
      });
      if (stays) continue;
      out.push_back(remove(deployment, host, server));
      out.back().reason = "the file does not have it here";
    }
  }
  for (const auto& want : wanted) {
    const auto* now = find(seen, want);
    auto diff = differences(want, now);
    const bool is_lost = records.is_lost(milestone::survival_ready(want.server));
    const bool recorded = records.record(want.host).contains(record_key(want.server));
    if (diff.empty() && recorded && !is_lost) continue;
    auto step = keep(deployment, want);
    if (now != nullptr) step.change = Change::update;
    if (diff.empty() && is_lost) {
      step.change = Change::run;
      step.reason = "it is stopped while the container is replaced";
    } else if (diff.empty()) {
      step.cause = Cause::drift;
      step.reason = "the record on the host lacks it";
    } else if (now != nullptr) {
      step.reason =
          now->active == "active" ? "its unit is not the wanted one" : "its unit does not run";
    }
    step.diff = std::move(diff);
    if (!recorded && now != nullptr) {
      step.diff.push_back({Change::create, "record", "", record_key(want.server)});
    }
    out.push_back(std::move(step));
  }
  return out;
}

std::vector<Step> teardown(const std::string& deployment,
                           const std::map<HostId, Observed>& seen,
                           const Observations& records) {
  std::vector<Step> out;
  for (const auto& [host, observed] : seen) {
    for (const auto& server : present(deployment, host, observed, records)) {
      out.push_back(remove(deployment, host, server));
    }
  }
  return out;
}

}  // namespace mrc::systems::survival
