#include <algorithm>

#include "etcd_probe.sh.hpp"
#include "etcd_unit.sh.hpp"
#include "mrc/plan/milestone.hpp"
#include "systems/etcd/steps.hpp"

namespace mrc::systems::etcd {
namespace {

using Level = Verdict::Level;
using plan::Change;
using plan::Step;

Finding differs(const HostId& host, const std::string& owner, std::string detail) {
  return {host,
          Level::fail,
          fmt::format("the etcd of the deployment {} is another than this file wants", owner),
          std::move(detail),
          fmt::format("let `etcd` say the same in both files; {} changes it, this one only uses it",
                      owner)};
}

/// Settings that the file wants otherwise. More of them than wanted, and how the cluster was begun,
/// are the owner's affair.
std::string difference(const Desired& want, const WantedMember& member, const Observed& one) {
  std::string out;
  for (const auto& line : config_diff(one.config, kept_settings(want, member, one))) {
    if (line.change == Change::remove || line.field == k_state_key) continue;
    if (!out.empty()) out += "; ";
    out += fmt::format("{} is {}, wanted {}",
                       line.field,
                       line.before.empty() ? "not set" : line.before,
                       line.after);
  }
  return out;
}

Step make_step(const HostId& host, std::string_view what, std::string title, Change change) {
  Step step;
  step.id = StepId(fmt::format("etcd/{}/{}", host, what));
  step.host = host;
  step.title = std::move(title);
  step.change = change;
  step.needs = {plan::milestone::host_ready(host)};
  step.apply.use(embedded::etcd_probe_sh).use(embedded::etcd_unit_sh);
  return step;
}

}  // namespace

std::optional<std::string> shared_owner(const Scene& scene) {
  for (const auto& member : scene.want.members) {
    if (auto owner = scene.owner(member.host)) return owner;
  }
  return {};
}

std::vector<Finding> sharing_findings(const Scene& scene, const std::string& owner) {
  std::vector<Finding> out;
  for (const auto& member : scene.want.members) {
    const auto here = scene.owner(member.host);
    if (here != owner) {
      out.push_back(
          differs(member.host,
                  owner,
                  fmt::format("{} has no member of that cluster{}",
                              member.host,
                              here                             ? ", but one of " + *here
                              : scene.is_recorded(member.host) ? ", but one of this deployment"
                                                               : "")));
      continue;
    }
    if (auto what = difference(scene.want, member, scene.at(member.host)); !what.empty()) {
      out.push_back(differs(member.host, owner, std::move(what)));
    }
  }
  const auto now = membership(scene);
  if (!out.empty() || now.cluster == nullptr) return out;
  for (const auto* member : now.extra) {
    out.push_back(differs(now.teller,
                          owner,
                          fmt::format("it has the member {}={}, which this file does not name",
                                      member->name,
                                      member->peer_urls.front())));
  }
  return out;
}

std::vector<Step> sharing_steps(const Scene& scene, const std::string& owner) {
  const auto& want = scene.want;
  const auto value = fmt::format("\"{}\"", owner);
  std::vector<Step> out;
  std::vector<StepId> started;
  for (const auto& host : scene.records.hosts()) {
    const auto& record = scene.records.record(host);
    const auto found = record.find(k_uses_key);
    if (want.member(host) != nullptr) {
      if (found != record.end() && found->second == value) continue;
      auto step = make_step(
          host, "use", fmt::format("use the etcd of the deployment {}", owner), Change::create);
      step.goal = "the etcd of another deployment is used";
      step.diff = {{Change::create, "used", {}, "the etcd of " + owner}};
      step.apply.line("mrc_record {} {} {}", want.deployment, k_uses_key, value);
      step.gives = {plan::milestone::etcd_healthy()};
      out.push_back(std::move(step));
    } else if (found != record.end()) {
      auto step = make_step(host, "unuse", "no longer use etcd there", Change::remove);
      step.reason = "the file wants no member here";
      step.apply.line("mrc_forget {} {}", want.deployment, k_uses_key);
      step.forgets = {fmt::format("etcd/{}/", host)};
      out.push_back(std::move(step));
    }
  }
  // A stopped member serves nobody: it is started, in the name of its owner.
  for (const auto& member : want.members) {
    const auto& one = scene.at(member.host);
    if (one.unit.running()) continue;
    auto step = make_step(member.host, "start", "start the etcd member", Change::run);
    step.goal = "the member runs, and at boot";
    step.reason = "the unit is " + one.unit.active;
    step.cause = plan::Cause::drift;
    step.apply.line("mrc_etcd_start {} {}", owner, want.data_dir);
    started.push_back(step.id);
    out.push_back(std::move(step));
  }
  for (const auto& member : want.members) {
    const auto& one = scene.at(member.host);
    if (one.healthy) continue;
    auto step =
        make_step(member.host, "healthy", "wait until the etcd member is healthy", Change::run);
    step.after = started;
    step.apply.line("mrc_etcd_wait {} {}", member.client_url, 120);
    step.gives = {plan::milestone::etcd_healthy()};
    step.timeout = std::chrono::seconds(150);
    out.push_back(std::move(step));
  }
  return out;
}

}  // namespace mrc::systems::etcd
