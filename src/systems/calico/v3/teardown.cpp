#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/v3/parts.hpp"
#include "systems/calico/v3/scripts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;
using std::chrono::seconds;
using Pools = std::map<std::string, std::string>;  // name → CIDR

constexpr auto k_made = R"("made")";
constexpr auto k_no_keys = R"("etcd had no calico keys")";

std::string pool_entry(const std::string& cidr) { return nlohmann::json{{"cidr", cidr}}.dump(); }

/// Makes the steps that take things away, for the end of it all or of a part.
class Remover {
 public:
  Remover(const Desired& want, const Reading& seen, bool everything)
      : m_want(want), m_seen(seen), m_everything(everything) {}

  /// All hosts that were read, those of the file first.
  std::vector<HostId> hosts() const {
    std::vector<HostId> all;
    for (const auto& host : m_want.hosts) all.push_back(host.id);
    all.insert(all.end(), m_seen.departed.begin(), m_seen.departed.end());
    return all;
  }

  Step make(StepId id, const HostId& host, std::string title) const {
    Step step;
    step.id = std::move(id);
    step.host = host;
    step.title = std::move(title);
    step.change = Change::remove;
    step.apply = gone_script(m_want, m_everything && m_want.own_etcd);
    return step;
  }

  /// Another deployment that uses Calico on this host; empty: none does.
  std::string heir(const HostId& host) const {
    const auto found = m_seen.others.find(host);
    return found == m_seen.others.end() ? std::string() : found->second.begin()->first;
  }

  Step endpoint(const HostId& host, const ServerId& server, const Made::Attached& made) const {
    auto step = make(StepId(fmt::format("calico/{}/{}/endpoint-remove", host, server)),
                     host,
                     fmt::format("take the address {} from {}", made.address, server));
    step.diff = {{Change::remove, "address", made.address, ""}};
    step.apply.line("mrc_calico3_endpoint_gone {} {} {} {} {}",
                    server,
                    made.address,
                    made.node,
                    made.container,
                    made.profile);
    step.needs = {milestone::exposure_gone(server)};
    step.gives = {milestone::endpoint_gone(server)};
    step.forgets = {fmt::format("calico/{}/", server)};
    step.risk = plan::Risk::disruptive;
    step.impact = fmt::format("{} is reached at {} no more", server, made.address);
    step.timeout = seconds(240);
    return step;
  }

  Step node(const HostId& host, const Made& made) const {
    auto step =
        make(StepId(fmt::format("calico/{}/node-remove", host)), host, "remove the Calico node");
    const auto other = heir(host);
    if (other.empty()) {
      if (made.node) step.diff.push_back({Change::remove, "calico-node", m_want.node_image, ""});
      for (const auto& image : made.images) {
        step.diff.push_back({Change::remove, "image", image, ""});
      }
      for (const auto& [name, value] : made.sysctls) {
        const auto& now = m_seen.host(host).sysctls;
        const auto found = now.find(name);
        if (found == now.end() || found->second == value) continue;
        step.diff.push_back({Change::update, name, found->second, value});
      }
      if (made.node) {
        step.risk = plan::Risk::disruptive;
        step.impact = fmt::format("Calico ends on {}", host);
      }
    } else {
      step.title = "leave the Calico node to " + other;
      step.change = Change::update;
      step.diff.push_back({Change::update, "owner", m_want.deployment, other});
    }
    step.apply.line("mrc_calico3_node_gone {}", m_want.node_image);
    for (const auto& image : made.images) step.apply.line("mrc_calico3_image_gone {}", image);
    std::vector<std::string> words;
    for (const auto& [name, value] : made.sysctls) {
      words.push_back(name);
      words.push_back(value);
    }
    step.apply.line("mrc_calico3_sysctl_gone {}", shell::words(words));
    for (const auto& [server, attached] : made.endpoints) {
      step.needs.push_back(milestone::endpoint_gone(server));
    }
    step.gives = {milestone::network_gone(host)};
    step.forgets = {fmt::format("calico/{}/", host)};
    step.timeout = seconds(300);
    return step;
  }

  /// The programs that mrc put there, and the folders that were not there before.
  Step files(const HostId& host, const Made& made) const {
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

  /// Pools and profiles that mrc noted on this host.
  Step cluster(const HostId& host,
               std::string_view what,
               const std::set<std::string>& profiles,
               const Pools& pools) const {
    auto step = make(StepId(fmt::format("calico/{}/{}", host, what)),
                     host,
                     profiles.empty() ? "remove the address pool"
                     : pools.empty()  ? "remove the profile"
                                      : "remove the profile and the address pool");
    for (const auto& one : profiles) {
      step.diff.push_back({Change::remove, "profile", one, ""});
      step.apply.line("mrc_calico3_profile_gone {}", one);
    }
    for (const auto& [name, cidr] : pools) {
      step.diff.push_back({Change::remove, "pool", cidr, ""});
      step.apply.line("mrc_calico3_pool_gone {} {}", name, cidr);
    }
    step.timeout = seconds(240);
    return step;
  }

  /// The host and the deployment there that some thing of the cluster serves as well.
  struct Heir {
    HostId host;
    std::string deployment;
  };
  template <class Uses>
  std::optional<Heir> find_heir(Uses uses) const {
    for (const auto& [host, all] : m_seen.others) {
      for (const auto& [name, made] : all) {
        if (uses(made)) return Heir{host, name};
      }
    }
    return {};
  }
  std::optional<Heir> heir_of_pool(const std::string& text) const {
    const auto cidr = Cidr::parse(text);
    return find_heir([&](const Made& other) {
      return std::any_of(other.endpoints.begin(), other.endpoints.end(), [&](const auto& one) {
        const auto address = Ipv4::parse(one.second.address);
        return cidr && address && cidr->contains(*address);
      });
    });
  }
  std::optional<Heir> heir_of_profile(const std::string& name) const {
    return find_heir([&](const Made& other) {
      return std::any_of(other.endpoints.begin(), other.endpoints.end(), [&](const auto& one) {
        return one.second.profile == name;
      });
    });
  }
  std::optional<Heir> heir_of_cluster() const {
    return find_heir([](const Made& other) { return other.anything; });
  }

  /// The heir's record gets the entry, on the heir's host; ours loses it with the step that would
  /// remove the thing.
  Step give(const HostId& from,
            const Heir& heir,
            std::string_view what,
            const std::string& key,
            const std::string& value) const {
    auto step = make(StepId(fmt::format("calico/{}/give-{}", from, what)),
                     heir.host,
                     fmt::format("leave {} to {}", key, heir.deployment));
    step.change = Change::update;
    step.reason = fmt::format("{} uses it as well", heir.deployment);
    step.diff = {{Change::update, "owner", m_want.deployment, heir.deployment}};
    step.apply.line("mrc_calico3_give {} {} {}", heir.deployment, key, value);
    return step;
  }

  const Desired& want() const { return m_want; }
  const Reading& seen() const { return m_seen; }

 private:
  const Desired& m_want;
  const Reading& m_seen;
  bool m_everything;
};

/// Removes these pools and profiles of a host's record, or leaves them to whom they serve as well.
void push_cluster(const Remover& remover,
                  const HostId& host,
                  std::string_view what,
                  const std::set<std::string>& profiles,
                  const Pools& pools,
                  const std::vector<StepId>& after,
                  std::vector<Step>& all) {
  if (profiles.empty() && pools.empty()) return;
  auto step = remover.cluster(host, what, profiles, pools);
  step.after = after;
  const auto give =
      [&](const Remover::Heir& heir, const std::string& key, const std::string& value) {
        auto gift = remover.give(host, heir, key, fmt::format("{}{}", k_prefix, key), value);
        step.after.push_back(gift.id);
        all.push_back(std::move(gift));
      };
  for (const auto& one : profiles) {
    if (const auto heir = remover.heir_of_profile(one)) give(*heir, "profile/" + one, k_made);
  }
  for (const auto& [name, cidr] : pools) {
    if (const auto heir = remover.heir_of_pool(cidr)) give(*heir, "pool/" + name, pool_entry(cidr));
  }
  step.gives = {milestone::network_gone(host)};
  all.push_back(std::move(step));
}

std::vector<StepId> ids_of(const std::vector<Step>& steps) {
  std::vector<StepId> ids;
  for (const auto& one : steps) ids.push_back(one.id);
  return ids;
}

}  // namespace

std::vector<Step> teardown_steps(const Desired& want, const Reading& seen) {
  const Remover remover(want, seen, true);
  std::vector<Step> all;
  std::map<HostId, std::vector<StepId>> on_host;  // what a host's calicoctl must outlive
  for (const auto& host : remover.hosts()) {
    for (const auto& [server, attached] : seen.made_on(host).endpoints) {
      all.push_back(remover.endpoint(host, server, attached));
      on_host[host].push_back(all.back().id);
    }
  }
  for (const auto& host : remover.hosts()) {
    const auto& made = seen.made_on(host);
    if (!made.host_things()) continue;
    all.push_back(remover.node(host, made));
    all.back().after = on_host[host];
    on_host[host].push_back(all.back().id);
  }
  const auto before = ids_of(all);
  for (const auto& host : remover.hosts()) {
    const auto& made = seen.made_on(host);
    const auto start = all.size();
    push_cluster(remover, host, "cluster-remove", made.profiles, made.pools, before, all);
    if (made.cluster) {
      auto step = remover.make(StepId(fmt::format("calico/{}/keys-remove", host)),
                               host,
                               "remove Calico's keys from etcd");
      step.diff = {{Change::remove, "etcd keys", "/calico", ""}};
      step.after = ids_of(all);
      if (const auto heir = remover.heir_of_cluster()) {
        all.push_back(remover.give(host, *heir, "keys", "calico3/cluster", k_no_keys));
        step.after.push_back(all.back().id);
      }
      step.apply.line("mrc_calico3_cluster_gone");
      step.gives = {milestone::network_gone(host)};
      step.timeout = seconds(240);
      all.push_back(std::move(step));
    }
    for (auto i = start; i < all.size(); ++i) on_host[all[i].host].push_back(all[i].id);
  }
  for (const auto& host : remover.hosts()) {
    const auto& made = seen.made_on(host);
    if (made.files.empty() && !made.has_paths) continue;
    all.push_back(remover.files(host, made));
    all.back().after = on_host[host];
  }
  return all;
}

std::vector<Step> leaving_steps(const Desired& want,
                                const Reading& seen,
                                const std::vector<Step>& planned) {
  const Remover remover(want, seen, false);
  std::vector<Step> all;
  if (want.nodes().empty()) return all;
  const auto& keeper = seen.keeper;
  const auto is_node = [&](const HostId& host) {
    const auto* one = want.find(host);
    return one != nullptr && one->has_node();
  };
  for (const auto& host : remover.hosts()) {
    const auto& made = seen.made_on(host);
    std::vector<StepId> here;
    for (const auto& [server, attached] : made.endpoints) {
      if (want.has(host, server)) continue;
      all.push_back(remover.endpoint(host, server, attached));
      all.back().reason = "the file does not have it here";
      here.push_back(all.back().id);
    }
    if (is_node(host)) continue;
    if (made.host_things()) {
      all.push_back(remover.node(host, made));
      all.back().reason = "the host has no server any more";
      all.back().after = here;
      here.push_back(all.back().id);
    }
    if (!made.files.empty() || made.has_paths) {
      all.push_back(remover.files(host, made));
      all.back().reason = "the host has no server any more";
      all.back().after = here;
    }
  }
  // What the deployment has in the cluster stays, and another host's record keeps it from now on.
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
    for (const auto& [name, cidr] : made.pools) move("calico3/pool/" + name, pool_entry(cidr));
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
    auto profiles = seen.made_on(host).profiles;
    profiles.erase(want.profile);
    auto pools = seen.made_on(host).pools;
    std::erase_if(pools, [&](const auto& one) {
      const auto cidr = Cidr::parse(one.second);
      const bool swapped = host == keeper && cidr && cidr->overlaps(want.cidr);
      return one.second == want.cidr.text() ||
             (swapped && seen.cluster && seen.cluster->pools.contains(one.second));
    });
    push_cluster(remover, host, "former-remove", profiles, pools, before, all);
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
    step.needs = {milestone::host_ready(keeper), milestone::etcd_healthy()};
    step.gives = {milestone::host_emptied(host)};
    step.timeout = seconds(180);
    all.push_back(std::move(step));
  }
  return all;
}

}  // namespace mrc::systems::calico::v3
