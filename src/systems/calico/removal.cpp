#include "systems/calico/removal.hpp"

#include <algorithm>

#include "mrc/base/net.hpp"
#include "mrc/plan/milestone.hpp"

namespace mrc::systems::calico {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;
using std::chrono::seconds;

Step Remover::make(StepId id, const HostId& host, std::string title) const {
  Step step;
  step.id = std::move(id);
  step.host = host;
  step.title = std::move(title);
  step.change = Change::remove;
  step.apply = script();
  // While a member is added to etcd, it may not answer for some seconds.
  step.needs = {milestone::etcd_healthy()};
  return step;
}

std::string Remover::heir(const HostId& host) const {
  const auto found = m_owners.others.find(host);
  return found == m_owners.others.end() ? std::string() : found->second.begin()->first;
}

std::optional<Remover::Heir> Remover::find_heir(
    const std::function<bool(const Made&)>& uses) const {
  for (const auto& [host, all] : m_owners.others) {
    for (const auto& [name, made] : all) {
      if (uses(*made)) return Heir{host, name};
    }
  }
  return {};
}

std::optional<Remover::Heir> Remover::heir_of_pool(const std::string& text) const {
  const auto cidr = Cidr::parse(text);
  return find_heir([&](const Made& other) {
    return std::any_of(other.endpoints.begin(), other.endpoints.end(), [&](const auto& one) {
      const auto address = Ipv4::parse(one.second.address);
      return cidr && address && cidr->contains(*address);
    });
  });
}

std::optional<Remover::Heir> Remover::heir_of_profile(const std::string& name) const {
  return find_heir([&](const Made& other) {
    return std::any_of(other.endpoints.begin(), other.endpoints.end(), [&](const auto& one) {
      return one.second.profile == name;
    });
  });
}

Step Remover::endpoint(const HostId& host,
                       const ServerId& server,
                       const Made::Attached& attached) const {
  auto step = make(StepId(fmt::format("calico/{}/{}/endpoint-remove", host, server)),
                   host,
                   fmt::format("take the address {} from {}", attached.address, server));
  step.diff = {{Change::remove, "address", attached.address, ""}};
  detach(step.apply, server, attached);
  step.needs.push_back(milestone::survival_gone(server));
  step.needs.push_back(milestone::exposure_gone(server));
  step.gives = {milestone::endpoint_gone(server)};
  step.forgets = {fmt::format("calico/{}/", server)};
  step.risk = plan::Risk::disruptive;
  step.impact = fmt::format("{} is reached at {} no more", server, attached.address);
  step.timeout = seconds(240);
  return step;
}

Step Remover::node(const HostId& host) const {
  const auto& made = made_on(host);
  auto step =
      make(StepId(fmt::format("calico/{}/node-remove", host)), host, "remove the Calico node");
  const auto other = heir(host);
  if (other.empty()) {
    if (made.node) step.diff.push_back({Change::remove, "calico-node", m_owners.node_image, ""});
    for (const auto& image : made.images) step.diff.push_back({Change::remove, "image", image, ""});
    const auto& sysctls = m_owners.sysctls.at(host);
    for (const auto& [name, value] : made.sysctls) {
      const auto now = sysctls.find(name);
      if (now == sysctls.end() || now->second == value) continue;
      step.diff.push_back({Change::update, name, now->second, value});
    }
    if (made.node) {
      step.risk = plan::Risk::disruptive;
      step.impact = fmt::format("Calico ends on {}", host);
    }
  } else {
    step.title = "leave the Calico node to " + other;
    step.change = Change::update;
    step.diff.push_back({Change::update, "owner", m_owners.deployment, other});
  }
  remove_node(step.apply, host);
  for (const auto& [server, attached] : made.endpoints) {
    step.needs.push_back(milestone::endpoint_gone(server));
  }
  step.gives = {milestone::network_gone(host)};
  step.forgets = {fmt::format("calico/{}/", host)};
  step.timeout = seconds(300);
  return step;
}

/// The heir's record gets the entry, on the heir's host; ours loses it with the step that would
/// remove the thing.
Step Remover::gift(const HostId& from,
                   const Heir& to,
                   const std::string& what,
                   const std::string& key,
                   const std::string& value) const {
  auto step = make(StepId(fmt::format("calico/{}/give-{}", from, what)),
                   to.host,
                   fmt::format("leave {} to {}", key, to.deployment));
  step.change = Change::update;
  step.reason = fmt::format("{} uses it as well", to.deployment);
  step.diff = {{Change::update, "owner", m_owners.deployment, to.deployment}};
  give(step.apply, to.deployment, key, value);
  return step;
}

void Remover::push_cluster(const HostId& host,
                           std::string_view what,
                           const std::set<std::string>& profiles,
                           const Pools& pools,
                           const std::vector<StepId>& after,
                           std::vector<Step>& all) const {
  if (profiles.empty() && pools.empty()) return;
  auto step = make(StepId(fmt::format("calico/{}/{}", host, what)),
                   host,
                   profiles.empty() ? "remove the address pool"
                   : pools.empty()  ? "remove the profile"
                                    : "remove the profile and the address pool");
  step.after = after;
  const auto leave =
      [&](const std::optional<Heir>& to, const std::string& thing, const std::string& value) {
        if (!to) return;
        all.push_back(gift(host, *to, thing, fmt::format("{}{}", prefix(), thing), value));
        step.after.push_back(all.back().id);
      };
  for (const auto& one : profiles) {
    step.diff.push_back({Change::remove, "profile", one, ""});
    remove_profile(step.apply, one);
    leave(heir_of_profile(one), "profile/" + one, std::string(k_made));
  }
  for (const auto& [name, cidr] : pools) {
    step.diff.push_back({Change::remove, "pool", cidr, ""});
    remove_pool(step.apply, name, cidr);
    leave(heir_of_pool(cidr), "pool/" + name, pool_entry(cidr));
  }
  step.gives = {milestone::network_gone(host)};
  step.timeout = seconds(240);
  all.push_back(std::move(step));
}

void Remover::push_keys(const HostId& host, std::vector<Step>& all) const {
  auto step = make(
      StepId(fmt::format("calico/{}/keys-remove", host)), host, "remove Calico's keys from etcd");
  step.diff = {{Change::remove, "etcd keys", "/calico", ""}};
  step.after = ids_of(all);
  if (const auto to = find_heir([](const Made& other) { return other.anything; })) {
    all.push_back(
        gift(host, *to, "keys", fmt::format("{}cluster", prefix()), std::string(k_no_keys)));
    step.after.push_back(all.back().id);
  }
  remove_keys(step.apply);
  step.gives = {milestone::network_gone(host)};
  step.timeout = seconds(240);
  all.push_back(std::move(step));
}

std::vector<Step> Remover::everything() const {
  std::vector<Step> all;
  std::map<HostId, std::vector<StepId>> on_host;  // what a host's calicoctl must outlive
  for (const auto& host : hosts()) {
    for (const auto& [server, attached] : made_on(host).endpoints) {
      all.push_back(endpoint(host, server, attached));
      on_host[host].push_back(all.back().id);
    }
  }
  for (const auto& host : hosts()) {
    if (!m_owners.with_node.contains(host)) continue;
    all.push_back(node(host));
    all.back().after = on_host[host];
    on_host[host].push_back(all.back().id);
  }
  const auto before = ids_of(all);
  for (const auto& host : hosts()) {
    const auto& made = made_on(host);
    const auto start = all.size();
    push_cluster(host, "cluster-remove", made.profiles, made.pools, before, all);
    if (made.cluster) push_keys(host, all);
    for (auto i = start; i < all.size(); ++i) on_host[all[i].host].push_back(all[i].id);
  }
  for (const auto& host : hosts()) {
    auto step = programs(host);
    if (!step) continue;
    step->after = on_host[host];
    all.push_back(std::move(*step));
  }
  return all;
}

std::vector<Step> Remover::leaving(
    const std::function<bool(const HostId&, const ServerId&)>& is_wanted,
    const std::function<bool(const HostId&)>& is_node) const {
  std::vector<Step> all;
  for (const auto& host : hosts()) {
    std::vector<StepId> here;
    for (const auto& [server, attached] : made_on(host).endpoints) {
      if (is_wanted(host, server)) continue;
      all.push_back(endpoint(host, server, attached));
      all.back().reason = "the file does not have it here";
      here.push_back(all.back().id);
    }
    if (is_node(host)) continue;
    const auto add = [&](Step step) {
      step.reason = "the host has no server any more";
      step.after = here;
      here.push_back(step.id);
      all.push_back(std::move(step));
    };
    if (m_owners.with_node.contains(host)) add(node(host));
    if (auto step = programs(host)) add(std::move(*step));
  }
  return all;
}

std::vector<std::string> flattened(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<std::string> words;
  for (const auto& [name, value] : pairs) words.insert(words.end(), {name, value});
  return words;
}

std::vector<StepId> ids_of(const std::vector<Step>& steps) {
  std::vector<StepId> ids;
  for (const auto& one : steps) ids.push_back(one.id);
  return ids;
}

}  // namespace mrc::systems::calico
