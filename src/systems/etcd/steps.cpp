#include "systems/etcd/steps.hpp"

#include <algorithm>

#include "etcd_package.sh.hpp"
#include "etcd_probe.sh.hpp"
#include "etcd_unit.sh.hpp"
#include "mrc/plan/milestone.hpp"

namespace mrc::systems::etcd {
namespace {

using plan::Change;
using plan::Step;
constexpr int k_quorum_seconds = 120;

/// The steps as they are made, for one cluster.
class Builder {
 public:
  Builder(const Desired& want, const Seen& seen) : m_want(want), m_seen(seen) {}

  std::vector<Step> build() {
    for (const auto& member : m_want.members) {
      if (m_seen.at(member.host).systemd) prepare(member);
    }
    // All start together, as each waits for the others; only then does anybody wait for health.
    for (const auto& member : m_want.members) start(member);
    for (const auto& member : m_want.members) wait(member);
    for (const auto& member : m_want.members) roll(member);
    return std::move(m_steps);
  }

 private:
  Step& add(const WantedMember& member, std::string_view what, std::string title, Change change) {
    Step step;
    step.id = StepId(fmt::format("etcd/{}/{}", member.host, what));
    step.host = member.host;
    step.title = std::move(title);
    step.change = change;
    step.needs = {plan::milestone::host_ready(member.host)};
    step.after = m_last[member.host];
    step.apply.use(embedded::etcd_probe_sh);
    m_last[member.host] = {step.id};
    m_steps.push_back(std::move(step));
    return m_steps.back();
  }

  void prepare(const WantedMember& member) {
    const auto& one = m_seen.at(member.host);
    if ((!one.etcd || !one.etcdctl) && m_want.install) {
      auto& step = add(member, "install", "install etcd's package", Change::create);
      step.reason = one.etcd ? "there is no etcdctl" : "etcd is not installed";
      step.diff = {{Change::create, "package", {}, "etcd, by " + one.manager}};
      step.apply.use(embedded::etcd_package_sh).line("mrc_etcd_install {}", m_want.deployment);
      step.timeout = std::chrono::minutes(15);
    }
    auto diff = config_diff(member, one);
    if (diff.empty()) return;
    auto& step = add(member,
                     "config",
                     "write etcd's configuration",
                     one.config.empty() ? Change::create : Change::update);
    step.reason = one.config_path.empty() ? "the file that the unit will read is not there"
                                          : one.config_path + " is not as wanted";
    step.diff = std::move(diff);
    step.apply.use(embedded::etcd_unit_sh)
        .line("mrc_etcd_configure {} {}",
              m_want.deployment,
              step.apply.attach(render_config(m_want, member)));
    if (one.unit.running()) m_restart.push_back(member.host);
  }

  std::vector<plan::DiffLine> config_diff(const WantedMember& member, const Observed& one) const {
    std::vector<plan::DiffLine> diff;
    auto rest = one.config;
    for (const auto& [key, value] : settings(m_want, member)) {
      const auto found = rest.find(key);
      if (found == rest.end()) {
        diff.push_back({Change::create, key, {}, value});
        continue;
      }
      if (found->second != value) diff.push_back({Change::update, key, found->second, value});
      rest.erase(found);
    }
    for (const auto& [key, value] : rest) diff.push_back({Change::remove, key, value, {}});
    return diff;
  }

  void start(const WantedMember& member) {
    const auto& one = m_seen.at(member.host);
    if (!one.systemd) return;
    if (!one.unit.running()) {
      auto& step = add(member, "start", "start the etcd member", Change::run);
      step.reason = one.unit.load == "loaded" ? "the unit is " + one.unit.active
                                              : std::string("it never ran here");
      step.apply.use(embedded::etcd_unit_sh)
          .line("mrc_etcd_start {} {}", m_want.deployment, m_want.data_dir);
      m_started.push_back(step.id);
      m_waits.push_back(member.host);
    } else if (one.unit.file != "enabled") {
      auto& step = add(member, "enable", "start etcd at boot", Change::update);
      step.diff = {{Change::update, "unit file", one.unit.file, "enabled"}};
      step.apply.use(embedded::etcd_unit_sh).line("mrc_etcd_enable {}", m_want.deployment);
    }
    if (!one.unit.running() || rolls(member.host)) return;
    if (needs_restart(member.host)) {
      auto& step = add(member, "restart", "restart the etcd member", Change::run);
      step.reason = "its configuration changed, and the cluster is not healthy as it is";
      step.risk = plan::Risk::disruptive;
      step.apply.use(embedded::etcd_unit_sh).line("mrc_etcd_restart");
      m_started.push_back(step.id);
      m_waits.push_back(member.host);
    } else if (!one.healthy) {
      m_waits.push_back(member.host);
    }
  }

  void wait(const WantedMember& member) {
    if (std::find(m_waits.begin(), m_waits.end(), member.host) == m_waits.end()) return;
    auto& step = add(member, "healthy", "wait until the etcd member is healthy", Change::run);
    const auto& one = m_seen.at(member.host);
    if (one.unit.running()) step.reason = one.health_error;
    for (const auto& id : m_started) {
      if (std::find(step.after.begin(), step.after.end(), id) == step.after.end()) {
        step.after.push_back(id);
      }
    }
    step.apply.use(embedded::etcd_unit_sh)
        .line("mrc_etcd_wait {} {}", member.client_url, k_quorum_seconds);
    step.gives = {plan::milestone::etcd_healthy()};
    step.timeout = std::chrono::seconds(k_quorum_seconds + 30);
    m_waited.push_back(step.id);
  }

  /// A healthy member of a healthy cluster restarts only after the one before it is back.
  void roll(const WantedMember& member) {
    if (!needs_restart(member.host) || !rolls(member.host)) return;
    auto& step = add(member, "restart", "restart the etcd member", Change::run);
    step.reason = "its configuration changed";
    step.risk = plan::Risk::disruptive;
    step.after.insert(step.after.end(), m_waited.begin(), m_waited.end());
    std::vector<std::string> urls;
    for (const auto& one : m_want.members) urls.push_back(one.client_url);
    step.apply.use(embedded::etcd_unit_sh)
        .line("mrc_wait 60 {} mrc_etcd_all_healthy {}", "all members", shell::words(urls))
        .line("mrc_etcd_restart")
        .line("mrc_etcd_wait {} {}", member.client_url, k_quorum_seconds);
    step.gives = {plan::milestone::etcd_healthy()};
    step.timeout = std::chrono::seconds(k_quorum_seconds + 120);
    m_waited = {step.id};
  }

  bool needs_restart(const HostId& host) const {
    return std::find(m_restart.begin(), m_restart.end(), host) != m_restart.end();
  }
  bool rolls(const HostId& host) const { return needs_restart(host) && m_seen.at(host).healthy; }

  const Desired& m_want;
  const Seen& m_seen;
  std::vector<Step> m_steps;
  std::map<HostId, std::vector<StepId>> m_last;
  std::vector<HostId> m_restart;  ///< run with a configuration that changes
  std::vector<HostId> m_waits;
  std::vector<StepId> m_started;
  std::vector<StepId> m_waited;
};

}  // namespace

Result<std::vector<Step>> steps(const Desired& want,
                                const Seen& seen,
                                const Observations& records) {
  const auto refused = foreign(want, seen, records);
  if (!refused.empty()) {
    const auto& first = refused.front();
    return fail(ErrorKind::io,
                "etcd on {}: {}: {}; {}",
                first.host,
                first.title,
                first.detail,
                first.remedy);
  }
  return Builder(want, seen).build();
}

}  // namespace mrc::systems::etcd
