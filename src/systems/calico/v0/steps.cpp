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

constexpr std::string_view k_unknown = "etcd does not answer yet: what it holds is looked at then";

StepId host_step(const HostId& host, std::string_view what) {
  return StepId(fmt::format("calico/{}/{}", host, what));
}

std::optional<Step> calicoctl_step(const Desired& want, const HostWant& host, const Reading& seen) {
  if (!want.calicoctl) return {};
  const auto& now = seen.host(host.id).calicoctl;
  const bool ours = seen.made_on(host.id).calicoctl_sha256.has_value();
  if (now && (now->sha256 == want.calicoctl->sha256 || !ours)) return {};
  Step step;
  step.id = host_step(host.id, "calicoctl");
  step.host = host.id;
  step.title = "put calicoctl";
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
  step.apply = make_script(want);
  step.apply.line("mrc_calico_prepare");
  step.needs = {milestone::host_ready(host.id)};
  return step;
}

std::optional<Step> pool_step(const Desired& want, const HostWant& host, const Reading& seen) {
  Step step;
  step.id = StepId("calico/pool");
  step.host = host.id;
  step.title = fmt::format("add the address pool {}", want.pool.text());
  const auto options = want.pool_options();
  if (seen.cluster) {
    const auto found = seen.cluster->pools.find(want.pool.text());
    if (found == seen.cluster->pools.end()) {
      step.diff.push_back({Change::create, "pool", "", want.pool.text()});
      if (!options.empty()) step.diff.push_back({Change::create, "options", "", options});
    } else {
      if (found->second == Pool{options, false}) return {};
      step.title = fmt::format("set the options of the address pool {}", want.pool.text());
      step.change = Change::update;
      const auto now = found->second.options + (found->second.disabled ? " (disabled)" : "");
      step.diff.push_back({Change::update, "options", now, options});
    }
  } else {
    step.reason = k_unknown;
    step.diff.push_back({Change::create, "pool", "", want.pool.text()});
  }
  std::vector<std::string> flags;
  if (want.ipip) flags.emplace_back("--ipip");
  if (want.nat_outgoing) flags.emplace_back("--nat-outgoing");
  step.apply = make_script(want);
  step.apply.line("mrc_calico_pool {} {} {}", want.pool.text(), options, shell::words(flags));
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

std::optional<Step> node_step(const Desired& want, const HostWant& host, const Reading& seen) {
  const auto& now = seen.host(host.id);
  Step step;
  step.id = host_step(host.id, "node");
  step.host = host.id;
  step.title = "start the Calico node";
  step.reason = node_difference(want, host, seen);
  if (step.reason.empty()) {
    if (seen.cluster || !seen.made_on(host.id).node) return {};
    step.reason = k_unknown;
  }
  if (now.node) {
    step.change = Change::replace;
    if (now.node->running && seen.cluster) step.risk = plan::Risk::disruptive;
  }
  step.diff.push_back(
      {step.change, "calico-node", now.node ? now.node->image : "", want.node_image});
  if (!want.libnetwork_image.empty()) {
    step.diff.push_back({now.libnetwork ? Change::replace : Change::create,
                         "calico-libnetwork",
                         now.libnetwork ? now.libnetwork->image : "",
                         want.libnetwork_image});
  }
  step.apply = make_script(want);
  step.apply.line(
      "mrc_calico_node {} {} {}", host.ip.text(), want.node_image, want.libnetwork_image);
  step.needs = {milestone::host_ready(host.id), milestone::etcd_healthy()};
  step.timeout = seconds(420);
  return step;
}

Step peers_step(const Desired& want, const HostWant& host) {
  std::vector<std::string> peers;
  for (const auto* other : want.nodes()) {
    if (other->id != host.id) peers.push_back(other->ip.text());
  }
  Step step;
  step.id = host_step(host.id, "peers");
  step.host = host.id;
  step.title = peers.empty() ? "wait for BIRD" : "wait for the BGP peers";
  step.change = Change::run;
  for (const auto& peer : peers) step.diff.push_back({Change::run, "peer", "", peer});
  step.apply = make_script(want);
  step.apply.line("mrc_calico_await_peers 240 {}", shell::words(peers));
  step.gives = {milestone::network_ready(host.id)};
  step.timeout = seconds(300);
  return step;
}

/// Adds the step after those of the given ids that are in the plan.
void push(std::vector<Step>& all, std::optional<Step> step, const std::vector<StepId>& after) {
  if (!step) return;
  for (const auto& id : after) {
    const bool planned =
        std::any_of(all.begin(), all.end(), [&](const Step& one) { return one.id == id; });
    if (planned) step->after.push_back(id);
  }
  all.push_back(std::move(*step));
}

}  // namespace

bool same_etcd(const Desired& want, const HostWant& host, const NodeContainer& node) {
  const auto value = [&](const char* name) {
    const auto found = node.env.find(name);
    return found == node.env.end() ? std::string() : found->second;
  };
  const auto endpoints = value("ETCD_ENDPOINTS");
  const auto authority = value("ETCD_AUTHORITY");
  const auto all = want.endpoints + ",";
  if (!endpoints.empty()) {
    return all.find(endpoints.substr(0, endpoints.find(',')) + ",") != std::string::npos;
  }
  const bool local = authority.empty() || authority.starts_with("127.0.0.1:") ||
                     authority.starts_with("localhost:");
  if (local) return host.etcd_member;
  return all.find("//" + authority + ",") != std::string::npos;
}

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

std::string node_difference(const Desired& want, const HostWant& host, const Reading& seen) {
  const auto& now = seen.host(host.id);
  const bool ours = seen.made_on(host.id).node;
  const auto has = [](const NodeContainer& one, const char* name, const std::string& value) {
    const auto found = one.env.find(name);
    return found != one.env.end() && found->second == value;
  };
  const auto differs = [&](const std::optional<NodeContainer>& one,
                           std::string_view name,
                           const std::string& image) -> std::string {
    if (!one) return fmt::format("{} is not there", name);
    if (!one->running) return fmt::format("{} does not run", name);
    if (one->image != image) return fmt::format("{} has the image {}", name, one->image);
    if (one->restart != "always") return fmt::format("{} would not start again by itself", name);
    if (!has(*one, "HOSTNAME", now.kernel_name)) {
      return fmt::format("{} goes by another host name", name);
    }
    if (ours ? !has(*one, "ETCD_ENDPOINTS", want.endpoints) : !same_etcd(want, host, *one)) {
      return fmt::format("{} has other etcd endpoints", name);
    }
    return {};
  };
  if (!now.docker_up) return "what runs is not known: Docker does not answer";
  auto reason = differs(now.node, "calico-node", want.node_image);
  if (reason.empty() && !has(*now.node, "IP", host.ip.text())) {
    reason = "calico-node has another address";
  }
  if (reason.empty() && !want.libnetwork_image.empty()) {
    reason = differs(now.libnetwork, "calico-libnetwork", want.libnetwork_image);
  }
  if (!reason.empty() || !seen.cluster) return reason;
  const auto known = seen.cluster->nodes.find(now.kernel_name);
  if (known == seen.cluster->nodes.end()) {
    return fmt::format("etcd does not know the node {}", now.kernel_name);
  }
  if (known->second != host.ip.text()) {
    return fmt::format("etcd has it with the address {}", known->second);
  }
  return {};
}

std::vector<Step> node_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> all;
  const auto hosts = want.nodes();
  if (hosts.empty()) return all;
  const auto& first = *hosts.front();
  for (const auto* host : hosts) push(all, calicoctl_step(want, *host, seen), {});
  push(all, pool_step(want, first, seen), {host_step(first.id, "calicoctl")});
  push(all, profile_step(want, first, seen), {host_step(first.id, "calicoctl")});

  std::vector<StepId> started;
  const bool first_alone = !seen.cluster || !seen.cluster->started;
  for (const auto* host : hosts) {
    const auto& now = seen.host(host->id);
    auto node = node_step(want, *host, seen);
    const auto filter = now.sysctls.find("net/ipv4/conf/all/rp_filter");
    const bool felix_dies = filter != now.sysctls.end() && filter->second == "2";
    if (node || felix_dies) push(all, prepare_step(want, *host, now), {});
    if (!node) continue;
    push(all, image_step(want, *host, now), {});
    // The pool comes first: a node that finds none makes Calico's default one. Two first nodes at
    // once can fail on the cluster's GUID.
    std::vector<StepId> after = {StepId("calico/pool"),
                                 host_step(host->id, "calicoctl"),
                                 host_step(host->id, "sysctl"),
                                 host_step(host->id, "image")};
    if (first_alone && !started.empty()) after.push_back(started.front());
    started.push_back(node->id);
    push(all, std::move(node), after);
  }
  if (!started.empty()) {
    for (const auto* host : hosts) {
      auto after = started;
      after.push_back(host_step(host->id, "calicoctl"));
      push(all, peers_step(want, *host), after);
    }
  }
  return all;
}

}  // namespace mrc::systems::calico::v0
