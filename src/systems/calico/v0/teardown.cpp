#include <algorithm>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/removal.hpp"
#include "systems/calico/v0/parts.hpp"
#include "systems/calico/v0/scripts.hpp"

namespace mrc::systems::calico::v0 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;
using std::chrono::seconds;

class RemoverV0 final : public Remover {
 public:
  RemoverV0(const Desired& want, const Reading& seen, bool everything)
      : Remover(owners_of(want, seen)), m_want(want), m_seen(seen), m_everything(everything) {}

  std::string pool_entry(const std::string& /*cidr*/) const override { return std::string(k_made); }

 protected:
  shell::Script script() const override {
    return gone_script(m_want, m_everything && m_want.own_etcd);
  }
  std::string_view prefix() const override { return "calico/"; }

  void detach(shell::Script& script,
              const ServerId& server,
              const Made::Attached& attached) const override {
    script.line("mrc_calico_endpoint_gone {} {} {}", server, attached.address, attached.container);
  }
  void remove_node(shell::Script& script, const HostId& host) const override {
    const auto& made = m_seen.made_on(host);
    script.line("mrc_calico_node_gone {}", m_want.node_image);
    for (const auto& image : made.images) script.line("mrc_calico_image_gone {}", image);
    script.line("mrc_calico_sysctl_gone {}", shell::words(flattened(made.sysctls)))
        .line("mrc_calico_paths_gone {}", shell::words(made.absent_paths));
  }
  void remove_profile(shell::Script& script, const std::string& name) const override {
    script.line("mrc_calico_profile_gone {}", name);
  }
  void remove_pool(shell::Script& script,
                   const std::string& name,
                   const std::string& /*cidr*/) const override {
    script.line("mrc_calico_pool_gone {}", name);
  }
  void remove_keys(shell::Script& script) const override { script.line("mrc_calico_cluster_gone"); }
  void give(shell::Script& script,
            const std::string& deployment,
            const std::string& key,
            const std::string& value) const override {
    script.line("mrc_calico_give {} {} {}", deployment, key, value);
  }
  std::optional<Step> programs(const HostId& host) const override {
    const auto& sha256 = m_seen.made_on(host).calicoctl_sha256;
    if (!sha256) return {};
    auto step =
        make(StepId(fmt::format("calico/{}/calicoctl-remove", host)), host, "remove calicoctl");
    step.diff = {
        {Change::remove, "/usr/local/bin/calicoctl", "sha256 " + sha256->substr(0, 12), ""}};
    const auto other = heir(host);
    if (!other.empty()) {
      step.title = "leave calicoctl to " + other;
      step.change = Change::update;
      step.diff = {{Change::update, "owner", m_want.deployment, other}};
    }
    step.apply.line("mrc_calico_binary_gone {}", *sha256);
    step.gives = {milestone::network_gone(host)};
    return step;
  }

 private:
  const Desired& m_want;
  const Reading& m_seen;
  bool m_everything;
};

}  // namespace

std::vector<Step> teardown_steps(const Desired& want, const Reading& seen) {
  return RemoverV0(want, seen, true).everything();
}

std::vector<Step> leaving_steps(const Desired& want,
                                const Reading& seen,
                                const std::vector<Step>& planned) {
  if (want.nodes().empty()) return {};
  const RemoverV0 remover(want, seen, false);
  const auto& keeper = seen.keeper;
  const auto is_node = [&](const HostId& host) {
    const auto* one = want.find(host);
    return one != nullptr && one->has_node();
  };
  auto all = remover.leaving(
      [&](const HostId& host, const ServerId& server) { return want.has(host, server); }, is_node);
  // What the deployment has in the cluster stays, and another host's record keeps it from now on.
  auto kept = seen.made_on(keeper);
  for (const auto& host : remover.hosts()) {
    const auto& made = seen.made_on(host);
    if (is_node(host) || !made.cluster_things()) continue;
    Step take;
    take.id = StepId(fmt::format("calico/{}/take-over", host));
    take.host = keeper;
    take.title = fmt::format("keep the record of pool and profile in the place of {}", host);
    take.change = Change::update;
    take.goal = "keeper of pool and profile";
    take.apply = gone_script(want, false);
    auto leave = remover.make(
        StepId(fmt::format("calico/{}/leave-cluster", host)), host, "forget pool and profile");
    leave.after = {take.id};
    const auto move = [&](const std::string& key, std::string_view value) {
      take.diff.push_back({Change::create, "record", "", key});
      take.apply.line("mrc_record {} {} {}", want.deployment, key, value);
      leave.diff.push_back({Change::remove, "record", key, ""});
      leave.apply.line("mrc_forget {} {}", want.deployment, key);
    };
    for (const auto& one : made.profiles) move("calico/profile/" + one, k_made);
    for (const auto& [name, cidr] : made.pools) move("calico/pool/" + name, k_made);
    kept.profiles.insert(made.profiles.begin(), made.profiles.end());
    kept.pools.insert(made.pools.begin(), made.pools.end());
    if (made.cluster) move("calico/cluster", k_no_keys);
    // So that drift is known as such from there, too; a step of this plan leaves its own goal.
    for (const auto& [key, value] : made.goals) {
      const bool is_made =
          std::any_of(planned.begin(), planned.end(), [&, &key = key](const Step& one) {
            return "did/" + one.id.text() == key;
          });
      if (!is_made) take.apply.line("mrc_record {} {} {}", want.deployment, key, value);
      leave.apply.line("mrc_forget {} {}", want.deployment, key);
    }
    all.push_back(std::move(take));
    all.push_back(std::move(leave));
  }
  // Pools and profiles that the file does not name any more go behind all that changes endpoints.
  auto before = ids_of(planned);
  for (const auto& step : all) before.push_back(step.id);
  for (const auto& host : remover.hosts()) {
    if (!is_node(host)) continue;
    auto [pools, profiles] = host == keeper
                                 ? std::pair(kept.pools, kept.profiles)
                                 : std::pair(seen.made_on(host).pools, seen.made_on(host).profiles);
    profiles.erase(want.profile);
    std::erase_if(pools, [&](const auto& one) {
      const auto cidr = Cidr::parse(one.second);
      const bool swapped = host == keeper && cidr && cidr->overlaps(want.pool);
      return one.second == want.pool.text() ||
             (swapped && seen.cluster && seen.cluster->pools.contains(one.second));
    });
    remover.push_cluster(host, "former-remove", profiles, pools, before, all);
  }
  for (const auto& [host, ip] : seen.forgotten) {
    const bool known =
        !seen.cluster || std::any_of(seen.cluster->nodes.begin(),
                                     seen.cluster->nodes.end(),
                                     [&](const auto& one) { return one.second == ip; });
    if (!known) continue;
    const bool shared = seen.shared.contains(ip);
    auto step = remover.make(StepId(fmt::format("calico/{}/forget", host)),
                             keeper,
                             fmt::format("take {} out of Calico", host));
    step.reason = "the host is given up";
    step.diff = {{Change::remove, shared ? "endpoints of" : "node in etcd", ip, ""}};
    std::vector<std::string> addresses;
    for (const auto& one : want.hosts) {
      for (const auto& server : one.servers) addresses.push_back(server.address.text());
    }
    step.apply.line(
        "mrc_calico_dead_host {} {} {}", ip, shared ? "yes" : "no", shell::words(addresses));
    step.needs.push_back(milestone::host_ready(keeper));
    step.gives = {milestone::host_emptied(host)};
    step.timeout = seconds(180);
    all.push_back(std::move(step));
  }
  return all;
}

}  // namespace mrc::systems::calico::v0
