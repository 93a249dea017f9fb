#include <algorithm>
#include <nlohmann/json.hpp>

#include "mrc/plan/milestone.hpp"
#include "systems/calico/v3/parts.hpp"
#include "systems/calico/v3/scripts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::DiffLine;
using plan::Step;
using std::chrono::seconds;
using Json = nlohmann::json;

/// A program is put on the host.
Result<std::optional<Step>> file_step(const Desired& want,
                                      const HostWant& host,
                                      const std::string& file,
                                      const Reading& seen) {
  const auto& artefact = file == "cni" ? want.cni : want.calicoctl;
  const auto reason = file_fault(want, host, file, seen);
  const auto& files = seen.host(host.id).files;
  const auto now = files.find(file);
  const bool there = now != files.end();
  // One that was there before stays, for the preflight to judge.
  const bool ours = seen.made_on(host.id).files.contains(file);
  if (reason.empty() || !artefact || (there && !ours && !want.adopt)) return std::optional<Step>();
  auto packed = artefact->pack();
  if (!packed) return fail(std::move(packed).error());
  Step step;
  step.id = host_step(host.id, file);
  step.host = host.id;
  step.title = file == "cni" ? "put Calico's CNI program" : "put calicoctl";
  step.goal = fmt::format("{} sha256 {}", want.version, packed->sha256);
  if (there) step.reason = reason;
  step.change = there ? Change::update : Change::create;
  step.diff = {{step.change,
                path_of(file),
                there ? "sha256 " + now->second.sha256.substr(0, 12) : "",
                "sha256 " + packed->sha256.substr(0, 12)}};
  step.apply = make_script(want);
  const auto bytes = step.apply.attach(packed->bytes);
  if (file == "cni") {
    step.apply.line("mrc_calico3_put_cni {} {} {}", packed->sha256, want.version, bytes);
  } else {
    step.apply.line("mrc_calico3_put calicoctl {} {} {} {}",
                    path_of(file),
                    packed->sha256,
                    want.version,
                    bytes);
  }
  step.needs = {milestone::host_ready(host.id)};
  step.timeout = seconds(600);
  return std::optional<Step>(std::move(step));
}

Result<std::optional<Step>> image_step(const Desired& want,
                                       const HostWant& host,
                                       const HostSeen& seen) {
  const auto found = seen.images.find(want.node_image);
  if (found != seen.images.end() && found->second) return std::optional<Step>();
  Step step;
  step.id = host_step(host.id, "image");
  step.host = host.id;
  step.title = want.node_archive ? "load Calico's image" : "fetch Calico's image";
  step.goal = "image " + want.node_image;
  step.diff = {{Change::create, "image", "", want.node_image}};
  step.apply = make_script(want);
  if (want.node_archive) {
    auto packed = want.node_archive->pack();
    if (!packed) return fail(std::move(packed).error());
    step.apply.line("mrc_calico3_image {} {}", want.node_image, step.apply.attach(packed->bytes));
  } else {
    step.apply.line("mrc_calico3_image {}", want.node_image);
  }
  step.needs = {milestone::host_ready(host.id)};
  step.timeout = seconds(900);
  return std::optional<Step>(std::move(step));
}

bool forwards(const HostSeen& seen) {
  const auto found = seen.sysctls.find("net/ipv4/ip_forward");
  return found == seen.sysctls.end() || found->second != "0";
}

Step prepare_step(const Desired& want, const HostWant& host, const HostSeen& seen) {
  Step step;
  step.id = host_step(host.id, "sysctl");
  step.host = host.id;
  step.title = "prepare the kernel for Calico";
  step.change = Change::update;
  step.reason = "the settings that Calico changes are noted first";
  if (!forwards(seen)) {
    step.diff = {{Change::update, "net.ipv4.ip_forward", "0", "1"}};
    step.reason = "without forwarding, no container is reached";
  }
  step.goal = "ip_forward 1";
  step.apply = make_script(want);
  step.apply.line("mrc_calico3_prepare");
  step.needs = {milestone::host_ready(host.id)};
  return step;
}

/// Our own pools that must go before the wanted one can come, as no two may overlap.
std::vector<std::string> pools_in_the_way(const Desired& want, const Reading& seen) {
  std::vector<std::string> out;
  if (!seen.cluster) return out;
  for (const auto& [text, pool] : seen.cluster->pools) {
    const auto cidr = Cidr::parse(text);
    if (cidr && *cidr != want.cidr && cidr->overlaps(want.cidr) && seen.made_pool(pool.name)) {
      out.push_back(pool.name);
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
      if (endpoint == nullptr || endpoint->node != there.node_name() ||
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
  const auto text = want.cidr.text();
  step.title = fmt::format("add the address pool {}", text);
  step.goal = want.pool_resource();
  const auto in_the_way = pools_in_the_way(want, seen);
  for (const auto& one : in_the_way) step.diff.push_back({Change::remove, "pool", one, ""});
  const auto* now =
      seen.cluster && seen.cluster->pools.contains(text) ? &seen.cluster->pools.at(text) : nullptr;
  bool tunnel = false;
  if (now == nullptr) {
    if (!seen.cluster) step.reason = k_unknown;
    step.diff.push_back({Change::create, "pool", "", text});
    for (auto& line : pool_differences(want, Pool{}, false)) step.diff.push_back(std::move(line));
  } else {
    const bool ours = seen.made_pool(now->name);
    auto diff = pool_differences(want, *now, ours);
    if ((diff.empty() || !ours) && in_the_way.empty()) return {};
    step.title = fmt::format("set the options of the address pool {}", text);
    step.change = Change::update;
    tunnel = now->ipip != want.pool.ipip || now->vxlan != want.pool.vxlan;
    std::move(diff.begin(), diff.end(), std::back_inserter(step.diff));
  }
  step.apply = make_script(want);
  const auto resource = step.apply.attach(want.pool_resource());
  if (!in_the_way.empty()) {
    step.title = fmt::format(
        "put the address pool {} in the place of {}", text, fmt::join(in_the_way, ", "));
    step.change = Change::replace;
    step.reason = "pools may not overlap, so the old one goes first; servers keep their addresses";
    step.apply.line("mrc_calico3_pool_swap {} {} {} {}",
                    fmt::format("{}", fmt::join(in_the_way, " ")),
                    want.pool.name,
                    text,
                    resource);
  } else {
    step.apply.line("mrc_calico3_pool {} {} {}", want.pool.name, text, resource);
  }
  if (tunnel && want.tunnels()) {
    for (const auto* node : want.nodes()) {
      auto ways = passages(want, *node, seen);
      std::move(ways.begin(), ways.end(), std::back_inserter(step.passages));
    }
  }
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
    step.apply.line("mrc_wait 60 {} mrc_calico3_routed {}",
                    "the routes",
                    shell::words(routes_from(want, host, seen)));
  }
  step.needs = {milestone::host_ready(host.id), milestone::etcd_healthy()};
  step.timeout = seconds(240);
  return step;
}

/// Without what says nothing: Calico writes some empty objects where mrc writes none.
Json without_empty(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const auto& one : value) out.push_back(without_empty(one));
    return out;
  }
  if (!value.is_object()) return value;
  Json out = Json::object();
  for (const auto& [key, one] : value.items()) {
    auto inner = without_empty(one);
    const bool empty =
        inner.is_null() || ((inner.is_object() || inner.is_array()) && inner.empty());
    if (!empty) out[key] = std::move(inner);
  }
  return out;
}

/// One line of the plan for each rule that differs.
void diff_rules(const Json& now, const Json& wanted, std::vector<DiffLine>& diff) {
  for (const auto* way : {"ingress", "egress"}) {
    const auto old_rules = now.value(way, Json::array());
    const auto has = [](const Json& list, const Json& rule) {
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
  const auto labels = now.value("labelsToApply", Json::object());
  if (labels != wanted["labelsToApply"]) {
    diff.push_back({Change::update, "labels", labels.dump(), wanted["labelsToApply"].dump()});
  }
}

std::optional<Step> profile_step(const Desired& want, const HostWant& host, const Reading& seen) {
  Step step;
  step.id = StepId("calico/profile");
  step.host = host.id;
  step.title = fmt::format("create the profile {}", want.profile);
  step.goal = want.profile_resource();
  const bool there = seen.cluster && seen.cluster->profiles.contains(want.profile);
  step.diff = profile_differences(want, there ? seen.cluster->profiles.at(want.profile) : "{}");
  if (there) {
    step.title = fmt::format("set the rules of the profile {}", want.profile);
    step.change = Change::update;
    if (step.diff.empty()) return {};
  } else {
    if (!seen.cluster) step.reason = k_unknown;
    step.diff.insert(step.diff.begin(), {Change::create, "profile", "", want.profile});
  }
  step.apply = make_script(want);
  step.apply.line(
      "mrc_calico3_profile {} {}", want.profile, step.apply.attach(want.profile_resource()));
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
  step.apply.line("mrc_calico3_await_peers 240 {}", shell::words(peers));
  return step;
}

/// What a host's node comes after: also the pool and the profile, as the first `apply` sets up what
/// Calico keeps of the cluster.
std::vector<StepId> before_node(const HostId& host) {
  return {StepId("calico/pool"),
          StepId("calico/profile"),
          host_step(host, "calicoctl"),
          host_step(host, "sysctl"),
          host_step(host, "image")};
}

/// The programs of all hosts, then pool and profile.
Result<std::vector<Step>> shared_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> all;
  const auto hosts = want.nodes();
  for (const auto* host : hosts) {
    for (const auto* file : {"calicoctl", "cni"}) {
      auto step = file_step(want, *host, file, seen);
      if (!step) return fail(std::move(step).error());
      push(all, std::move(*step), {});
    }
  }
  const auto& keeper = want.host(seen.keeper);
  push(all, pool_step(want, keeper, seen), {host_step(keeper.id, "calicoctl")});
  // The pool's step notes whether etcd held anything of Calico before: it must come first.
  push(all,
       profile_step(want, keeper, seen),
       {host_step(keeper.id, "calicoctl"), StepId("calico/pool")});
  return all;
}

}  // namespace

std::vector<DiffLine> pool_differences(const Desired& want, const Pool& now, bool ours) {
  std::vector<DiffLine> diff;
  const auto compare = [&](const char* field, const std::string& is, const std::string& wanted) {
    if (is != wanted) diff.push_back({Change::update, field, is, wanted});
  };
  const auto word = [](bool value) { return std::string(value ? "true" : "false"); };
  compare("ipipMode", now.ipip, want.pool.ipip);
  compare("vxlanMode", now.vxlan, want.pool.vxlan);
  compare("natOutgoing", word(now.nat_outgoing), word(want.pool.nat_outgoing));
  compare("disabled", word(now.disabled), "false");
  compare("disableBGPExport", word(now.no_export), "false");
  if (!ours) return diff;
  compare("allowedUses",
          fmt::format("{}", fmt::join(now.uses, ",")),
          fmt::format("{}", fmt::join(want.pool.uses, ",")));
  compare("assignmentMode", now.assignment, want.pool.assignment);
  compare("nodeSelector", now.nodes, want.pool.nodes);
  return diff;
}

std::vector<DiffLine> profile_differences(const Desired& want, const std::string& now) {
  std::vector<DiffLine> diff;
  diff_rules(
      without_empty(Json::parse(now)), without_empty(Json::parse(want.profile_spec())), diff);
  return diff;
}

std::vector<Step> note_steps(const Desired& want, const Reading& seen) {
  std::vector<Step> all;
  for (const auto& [host, entries] : seen.unnoted) {
    std::string lines;
    auto step = note_step(host, entries, seen.lost.contains(host), lines);
    step.apply = make_script(want);
    step.apply.line("mrc_calico3_note {} {}", entries.begin()->first, lines);
    all.push_back(std::move(step));
  }
  return all;
}

Result<std::vector<Step>> node_steps(const Desired& want, const Reading& seen) {
  const auto hosts = want.nodes();
  if (hosts.empty()) return std::vector<Step>();
  auto shared = shared_steps(want, seen);
  if (!shared) return shared;
  auto all = std::move(*shared);
  std::vector<StepId> started;
  std::vector<Step> restarts;
  for (const auto* host : hosts) {
    const auto& now = seen.host(host->id);
    auto node = node_step(want, *host, seen);
    if (node || !forwards(now))
      push(all, prepare_step(want, *host, now), {host_step(host->id, "cni")});
    if (!node) continue;
    auto image = image_step(want, *host, now);
    if (!image) return fail(std::move(image).error());
    push(all, std::move(*image), {});
    if (node->risk != plan::Risk::safe) {
      restarts.push_back(std::move(*node));
      continue;
    }
    started.push_back(node->id);
    push(all, std::move(node), before_node(host->id));
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

}  // namespace mrc::systems::calico::v3
