#include <algorithm>
#include <nlohmann/json.hpp>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/v0/parts.hpp"
#include "systems/calico/v0/scripts.hpp"

namespace mrc::systems::calico::v0 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::DiffLine;
using plan::Step;
using std::chrono::seconds;

std::optional<Step> calicoctl_step(const Desired& want, const HostWant& host, const Reading& seen) {
  if (!want.calicoctl) return {};
  const auto& now = seen.host(host.id).calicoctl;
  const auto& made = seen.made_on(host.id);
  const bool ours = made.calicoctl_sha256.has_value();
  const auto wanted = want.calicoctl->sha256;
  // One that a former deployment put there is as good as one that was there before.
  const bool inherited = now && made.inherited_calicoctl && now->sha256 == *made.calicoctl_sha256;
  if (now && (now->sha256 == wanted || inherited || !(ours || want.adopt))) return {};
  Step step;
  step.id = host_step(host.id, "calicoctl");
  step.host = host.id;
  step.title = "put calicoctl";
  step.goal = "sha256 " + wanted;
  if (now && ours && *made.calicoctl_sha256 != now->sha256) {
    step.reason = "it is not the one that mrc put there";
  }
  step.change = now ? Change::update : Change::create;
  step.diff = {{step.change,
                "/usr/local/bin/calicoctl",
                now ? "sha256 " + now->sha256.substr(0, 12) : "",
                "sha256 " + want.calicoctl->sha256.substr(0, 12)}};
  step.apply = make_script(want);
  step.apply.line(
      "mrc_calico_put {} {}", want.calicoctl->sha256, step.apply.attach(want.calicoctl->bytes));
  step.needs = {milestone::host_ready(host.id)};
  step.timeout = seconds(120);
  return step;
}

std::optional<Step> image_step(const Desired& want, const HostWant& host, const HostSeen& seen) {
  Step step;
  step.id = host_step(host.id, "image");
  step.host = host.id;
  step.title = "fetch Calico's images";
  step.apply = make_script(want);
  for (const auto& image : {want.node_image, want.libnetwork_image}) {
    const auto found = seen.images.find(image);
    if (image.empty() || (found != seen.images.end() && found->second)) continue;
    step.diff.push_back({Change::create, "image", "", image});
    step.apply.line("mrc_calico_image {}", image);
  }
  if (step.diff.empty()) return {};
  step.goal = fmt::format("images {} {}", want.node_image, want.libnetwork_image);
  step.needs = {milestone::host_ready(host.id)};
  step.timeout = seconds(900);
  return step;
}

Step prepare_step(const Desired& want, const HostWant& host, const HostSeen& seen) {
  Step step;
  step.id = host_step(host.id, "sysctl");
  step.host = host.id;
  step.title = "prepare the kernel for Calico";
  step.change = Change::update;
  const auto filter = seen.sysctls.find("net/ipv4/conf/all/rp_filter");
  if (filter != seen.sysctls.end() && filter->second == "2") {
    step.diff = {{Change::update, "net.ipv4.conf.all.rp_filter", "2", "1"}};
    step.reason = "Felix does not run with 2";
  } else {
    step.reason = "the settings that Calico changes are noted first";
  }
  const auto forward = seen.sysctls.find("net/ipv4/ip_forward");
  if (forward != seen.sysctls.end() && forward->second == "0") {
    step.diff.push_back({Change::update, "net.ipv4.ip_forward", "0", "1"});
    step.reason = "without forwarding, no container is reached";
  }
  step.goal = "rp_filter other than 2, ip_forward 1";
  step.apply = make_script(want);
  step.apply.line("mrc_calico_prepare");
  step.needs = {milestone::host_ready(host.id)};
  return step;
}

/// Our own pools that must go before the wanted one can come, as no two may overlap.
std::vector<std::string> pools_in_the_way(const Desired& want, const Reading& seen) {
  std::vector<std::string> out;
  if (!seen.cluster) return out;
  for (const auto& [text, pool] : seen.cluster->pools) {
    const auto cidr = Cidr::parse(text);
    if (cidr && *cidr != want.pool && cidr->overlaps(want.pool) && seen.made_pool(text)) {
      out.push_back(text);
    }
  }
  return out;
}

/// Addresses of servers that hang on other hosts, each with the host they are reached by. One that
/// loses its interface meanwhile, or has none, has no route to wait for.
std::vector<std::string> routes_from(const Desired& want,
                                     const HostWant& host,
                                     const Reading& seen) {
  std::vector<std::string> pairs;
  for (const auto* other : want.nodes()) {
    if (other->id == host.id) continue;
    const auto& there = seen.host(other->id);
    for (const auto& server : other->servers) {
      const auto* endpoint = seen.cluster->find_by_address(server.address.text());
      const auto container = there.servers.find(server.id);
      if (endpoint == nullptr || endpoint->host != there.kernel_name ||
          seen.losing.contains(server.id) || container == there.servers.end() ||
          container->second.route != endpoint->interface) {
        continue;
      }
      pairs.push_back(server.address.text());
      pairs.push_back(other->ip.text());
    }
  }
  return pairs;
}

std::optional<Step> pool_step(const Desired& want, const HostWant& host, const Reading& seen) {
  Step step;
  step.id = StepId("calico/pool");
  step.host = host.id;
  const auto text = want.pool.text();
  const auto options = want.pool_options();
  step.title = fmt::format("add the address pool {}", text);
  step.goal = fmt::format("pool {} with '{}'", text, options);
  const auto in_the_way = pools_in_the_way(want, seen);
  for (const auto& one : in_the_way) step.diff.push_back({Change::remove, "pool", one, ""});
  const auto* now =
      seen.cluster && seen.cluster->pools.contains(text) ? &seen.cluster->pools.at(text) : nullptr;
  if (now == nullptr) {
    if (!seen.cluster) step.reason = k_unknown;
    step.diff.push_back({Change::create, "pool", "", text});
    if (!options.empty()) step.diff.push_back({Change::create, "options", "", options});
  } else {
    if (*now == Pool{options, false} && in_the_way.empty()) return {};
    step.title = fmt::format("set the options of the address pool {}", text);
    step.change = Change::update;
    const auto is = now->options + (now->disabled ? " (disabled)" : "");
    step.diff.push_back({Change::update, "options", is, options});
  }
  std::vector<std::string> flags;
  if (want.ipip) flags.emplace_back("--ipip");
  if (want.nat_outgoing) flags.emplace_back("--nat-outgoing");
  step.apply = make_script(want);
  if (!in_the_way.empty()) {
    step.title = fmt::format(
        "put the address pool {} in the place of {}", text, fmt::join(in_the_way, ", "));
    step.change = Change::replace;
    step.reason = "pools may not overlap, so the old one goes first; servers keep their addresses";
    step.apply.line("mrc_calico_pool_swap {} {} {} {}",
                    fmt::format("{}", fmt::join(in_the_way, " ")),
                    text,
                    options,
                    shell::words(flags));
  } else {
    step.apply.line("mrc_calico_pool {} {} {}", text, options, shell::words(flags));
  }
  const bool tunnel =
      now != nullptr && (now->options.find("ipip") != std::string::npos) != want.ipip;
  if (!in_the_way.empty() || tunnel) {
    step.risk = plan::Risk::disruptive;
    step.impact =
        "servers on different hosts do not reach one another, some 10 s; each stays reachable at "
        "its own host";
    for (const auto* one : want.nodes()) {
      for (const auto& server : one->servers) {
        step.undoes.push_back(milestone::server_ready(server.id));
      }
    }
    step.apply.line("mrc_wait 60 {} mrc_calico_routed {}",
                    "the routes",
                    shell::words(routes_from(want, host, seen)));
  }
  step.needs = {milestone::host_ready(host.id), milestone::etcd_healthy()};
  step.timeout = seconds(180);
  return step;
}

/// One line of the plan for each rule that differs.
void diff_rules(const nlohmann::json& now,
                const nlohmann::json& wanted,
                std::vector<DiffLine>& diff) {
  for (const auto* way : {"inbound_rules", "outbound_rules"}) {
    const auto& old_rules = now.contains(way) ? now[way] : nlohmann::json::array();
    const auto has = [](const nlohmann::json& list, const nlohmann::json& rule) {
      return std::find(list.begin(), list.end(), rule) != list.end();
    };
    const auto before = diff.size();
    for (const auto& rule : old_rules) {
      if (!has(wanted[way], rule)) diff.push_back({Change::remove, way, rule.dump(), ""});
    }
    for (const auto& rule : wanted[way]) {
      if (!has(old_rules, rule)) diff.push_back({Change::create, way, "", rule.dump()});
    }
    if (before == diff.size() && old_rules != wanted[way]) {
      diff.push_back({Change::update, way, old_rules.dump(), wanted[way].dump()});
    }
  }
}

const Profile* find_profile(const Cluster& cluster, const std::string& name) {
  const auto found = cluster.profiles.find(name);
  return found == cluster.profiles.end() ? nullptr : &found->second;
}

std::optional<Step> profile_step(const Desired& want, const HostWant& host, const Reading& seen) {
  Step step;
  step.id = StepId("calico/profile");
  step.host = host.id;
  step.title = fmt::format("create the profile {}", want.profile);
  const auto rules = want.rules_json();
  step.goal = fmt::format("profile {} {}", want.profile, rules);
  const auto* now = seen.cluster ? find_profile(*seen.cluster, want.profile) : nullptr;
  if (now != nullptr) {
    step.title = fmt::format("set the rules of the profile {}", want.profile);
    step.change = Change::update;
    step.diff = profile_differences(want, *now);
    if (step.diff.empty()) return {};
  } else {
    if (!seen.cluster) step.reason = k_unknown;
    step.diff.push_back({Change::create, "profile", "", want.profile});
    diff_rules(nlohmann::json::object(), nlohmann::json::parse(rules), step.diff);
  }
  step.apply = make_script(want);
  step.apply.line("mrc_calico_profile {} {}", want.profile, step.apply.attach(rules + "\n"));
  step.needs = {milestone::host_ready(host.id), milestone::etcd_healthy()};
  step.gives = {milestone::profile_open()};
  step.timeout = seconds(180);
  return step;
}

Step await_peers(const Desired& want, const HostId& host) {
  std::vector<std::string> peers;
  for (const auto* other : want.nodes()) {
    if (other->id != host) peers.push_back(other->ip.text());
  }
  auto step = peers_step(host, peers);
  step.apply = make_script(want);
  step.apply.line("mrc_calico_await_peers 240 {}", shell::words(peers));
  return step;
}

/// What a host's node comes after.
std::vector<StepId> before_node(const HostId& host) {
  return {StepId("calico/pool"),
          host_step(host, "calicoctl"),
          host_step(host, "sysctl"),
          host_step(host, "image")};
}

}  // namespace

std::vector<DiffLine> profile_differences(const Desired& want, const Profile& now) {
  std::vector<DiffLine> diff;
  const auto rules =
      now.rules.empty() ? nlohmann::json::object() : nlohmann::json::parse(now.rules);
  diff_rules(rules, nlohmann::json::parse(want.rules_json()), diff);
  for (const auto& tag : now.tags) {
    if (tag != want.profile) diff.push_back({Change::remove, "tag", tag, ""});
  }
  if (!now.tags.contains(want.profile)) diff.push_back({Change::create, "tag", "", want.profile});
  return diff;
}

std::vector<Step> note_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> all;
  for (const auto& [host, entries] : seen.unnoted) {
    std::string lines;
    auto step = note_step(host, entries, seen.lost.contains(host), lines);
    step.apply = make_script(want);
    step.apply.line("mrc_calico_note {} {}", entries.begin()->first, lines);
    all.push_back(std::move(step));
  }
  return all;
}

std::vector<Step> node_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> all;
  const auto hosts = want.nodes();
  if (hosts.empty()) return all;
  const auto& keeper = want.host(seen.keeper);
  for (const auto* host : hosts) push(all, calicoctl_step(want, *host, seen), {});
  push(all, pool_step(want, keeper, seen), {host_step(keeper.id, "calicoctl")});
  // The pool's step notes whether etcd held anything of Calico before: it must come first.
  push(all,
       profile_step(want, keeper, seen),
       {host_step(keeper.id, "calicoctl"), StepId("calico/pool")});

  std::vector<StepId> started;
  std::vector<Step> restarts;
  const bool first_alone = !seen.cluster || !seen.cluster->started;
  for (const auto* host : hosts) {
    const auto& now = seen.host(host->id);
    auto node = node_step(want, *host, seen);
    const auto is = [&](const char* key, const char* value) {
      const auto found = now.sysctls.find(key);
      return found != now.sysctls.end() && found->second == value;
    };
    const bool stops_traffic =
        is("net/ipv4/conf/all/rp_filter", "2") || is("net/ipv4/ip_forward", "0");
    const bool starts = node && node->change != Change::update;
    if (starts || stops_traffic) push(all, prepare_step(want, *host, now), {});
    if (!node) continue;
    // It runs on, and only what is beside it goes.
    if (node->change == Change::update) {
      push(all, std::move(node), {host_step(host->id, "sysctl")});
      continue;
    }
    push(all, image_step(want, *host, now), {});
    if (node->risk != plan::Risk::safe) {
      restarts.push_back(std::move(*node));
      continue;
    }
    // The pool comes first: a node that finds none makes Calico's default one. Two first nodes at
    // once can fail on the cluster's GUID.
    auto after = before_node(host->id);
    if (first_alone && !started.empty()) after.push_back(started.front());
    started.push_back(node->id);
    push(all, std::move(node), after);
  }
  std::vector<HostId> ids;
  for (const auto* host : hosts) ids.push_back(host->id);
  push_rolling({std::move(ids),
                std::move(started),
                std::move(restarts),
                before_node,
                [&](const HostId& host) { return await_peers(want, host); }},
               all);
  return all;
}

}  // namespace mrc::systems::calico::v0
