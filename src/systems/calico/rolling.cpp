#include "systems/calico/rolling.hpp"

#include <algorithm>
#include <set>

#include "mrc/plan/milestone.hpp"

namespace mrc::systems::calico {

using plan::Change;
using plan::Step;

StepId host_step(const HostId& host, std::string_view what) {
  return StepId(fmt::format("calico/{}/{}", host, what));
}

void push(std::vector<Step>& all, std::optional<Step> step, const std::vector<StepId>& after) {
  if (!step) return;
  for (const auto& id : after) {
    const bool planned =
        std::any_of(all.begin(), all.end(), [&](const Step& one) { return one.id == id; });
    if (planned) step->after.push_back(id);
  }
  all.push_back(std::move(*step));
}

Step note_step(const HostId& host,
               const std::map<std::string, std::string>& entries,
               bool lost,
               std::string& lines) {
  Step step;
  step.id = host_step(host, "note");
  step.host = host;
  step.change = Change::update;
  step.title = lost ? "note again what is ours of Calico" : "take over what is there of Calico";
  step.reason = lost ? "the record on the host was lost" : "nobody's record has it";
  if (lost) step.cause = plan::Cause::drift;
  for (const auto& [key, value] : entries) {
    step.diff.push_back({Change::create, "record", "", key});
    lines += fmt::format("{}\"{}\": {}", lines.empty() ? "" : "\n", key, value);
  }
  return step;
}

Step peers_step(const HostId& host, const std::vector<std::string>& peers) {
  Step step;
  step.id = host_step(host, "peers");
  step.host = host;
  step.title = peers.empty() ? "wait for BIRD" : "wait for the BGP peers";
  step.change = Change::run;
  for (const auto& peer : peers) step.diff.push_back({Change::run, "peer", "", peer});
  step.gives = {plan::milestone::network_ready(host)};
  step.timeout = std::chrono::seconds(300);
  return step;
}

void push_rolling(Rolling rolling, std::vector<Step>& all) {
  const auto fresh = rolling.started;
  auto started = fresh;
  std::set<HostId> waited;
  StepId back;
  for (auto& node : rolling.restarts) {
    const auto host = node.host;
    auto after = rolling.before_node(host);
    after.insert(after.end(), fresh.begin(), fresh.end());
    if (!back.empty()) after.push_back(back);
    auto settled = fresh;
    settled.push_back(node.id);
    started.push_back(node.id);
    push(all, std::move(node), after);
    push(all, rolling.peers(host), settled);
    back = all.back().id;
    waited.insert(host);
  }
  if (started.empty()) return;
  for (const auto& host : rolling.nodes) {
    if (waited.contains(host)) continue;
    auto after = started;
    after.push_back(host_step(host, "calicoctl"));
    push(all, rolling.peers(host), after);
  }
}

}  // namespace mrc::systems::calico
