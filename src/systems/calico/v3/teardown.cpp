#include <algorithm>
#include <nlohmann/json.hpp>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/removal.hpp"
#include "systems/calico/v3/parts.hpp"
#include "systems/calico/v3/scripts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;
using std::chrono::seconds;

class RemoverV3 final : public Remover {
 public:
  RemoverV3(const Desired& want, const Reading& seen, bool everything)
      : Remover(owners_of(want, seen)), m_want(want), m_seen(seen), m_everything(everything) {}

  std::string pool_entry(const std::string& cidr) const override {
    return nlohmann::json{{"cidr", cidr}}.dump();
  }

 protected:
  shell::Script script() const override {
    return gone_script(m_want, m_everything && m_want.own_etcd);
  }
  std::string_view prefix() const override { return k_prefix; }

  void detach(shell::Script& script,
              const ServerId& server,
              const Made::Attached& attached) const override {
    script.line("mrc_calico3_endpoint_gone {} {} {} {} {}",
                server,
                attached.address,
                attached.node,
                attached.container,
                attached.network);
  }
  void remove_node(shell::Script& script, const HostId& host) const override {
    const auto& made = m_seen.made_on(host);
    script.line("mrc_calico3_node_gone {}", m_want.node_image);
    for (const auto& image : made.images) script.line("mrc_calico3_image_gone {}", image);
    script.line("mrc_calico3_sysctl_gone {}", shell::words(flattened(made.sysctls)));
  }
  void remove_profile(shell::Script& script, const std::string& name) const override {
    script.line("mrc_calico3_profile_gone {}", name);
  }
  void remove_pool(shell::Script& script,
                   const std::string& name,
                   const std::string& cidr) const override {
    script.line("mrc_calico3_pool_gone {} {}", name, cidr);
  }
  void remove_keys(shell::Script& script) const override {
    script.line("mrc_calico3_cluster_gone");
  }
  void give(shell::Script& script,
            const std::string& deployment,
            const std::string& key,
            const std::string& value) const override {
    script.line("mrc_calico3_give {} {} {}", deployment, key, value);
  }
  /// The programs, and the folders that were not there before.
  std::optional<Step> programs(const HostId& host) const override {
    const auto& made = m_seen.made_on(host);
    if (made.files.empty() && !made.has_paths) return {};
    auto step = make(StepId(fmt::format("calico/{}/files-remove", host)),
                     host,
                     "remove Calico's programs and folders");
    const auto other = heir(host);
    if (!other.empty()) {
      step.title = "leave Calico's programs to " + other;
      step.change = Change::update;
      step.diff.push_back({Change::update, "owner", m_want.deployment, other});
    }
    for (const auto& [name, file] : made.files) {
      if (other.empty()) {
        step.diff.push_back(
            {Change::remove, path_of(name), "sha256 " + file.sha256.substr(0, 12), ""});
      }
      step.apply.line("mrc_calico3_file_gone {} {} {}", name, path_of(name), file.sha256);
    }
    step.apply.line("mrc_calico3_paths_gone {}", shell::words(made.absent_paths));
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
  return RemoverV3(want, seen, true).everything();
}

std::vector<Step> leaving_steps(const Desired& want,
                                const Reading& seen,
                                const std::vector<Step>& planned) {
  if (want.nodes().empty()) return {};
  const RemoverV3 remover(want, seen, false);
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
    for (const auto& one : made.profiles) move("calico3/profile/" + one, k_made);
    for (const auto& [name, cidr] : made.pools)
      move("calico3/pool/" + name, remover.pool_entry(cidr));
    kept.profiles.insert(made.profiles.begin(), made.profiles.end());
    kept.pools.insert(made.pools.begin(), made.pools.end());
    if (made.cluster) move("calico3/cluster", k_no_keys);
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
      const bool swapped = host == keeper && cidr && cidr->overlaps(want.cidr);
      return one.second == want.cidr.text() ||
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
        "mrc_calico3_dead_host {} {} {}", ip, shared ? "yes" : "no", shell::words(addresses));
    step.needs.push_back(milestone::host_ready(keeper));
    step.gives = {milestone::host_emptied(host)};
    step.timeout = seconds(180);
    all.push_back(std::move(step));
  }
  return all;
}

}  // namespace mrc::systems::calico::v3
