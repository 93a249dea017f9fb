#include <algorithm>
#include <set>

#include "etcd_probe.sh.hpp"
#include "systems/etcd/steps.hpp"

namespace mrc::systems::etcd {
namespace {

using Level = Verdict::Level;
using Judge = Verdict (*)(const Desired&, const WantedMember&, const Observed&);

Verdict unreadable(const Error& error, const Observation& answer) {
  return {Level::fail, error.text() + (answer.err.empty() ? "" : ": " + excerpt(answer.err)), {}};
}

Verdict judge_unit(const Desired&, const WantedMember&, const Observed& seen) {
  if (seen.unit.active != "active") {
    return {Level::fail,
            "the unit is " + (seen.unit.active.empty() ? "unknown" : seen.unit.active),
            "look at: journalctl -u etcd; mrc apply starts it"};
  }
  if (seen.unit.file != "enabled") {
    return {Level::fail,
            "it will not start at boot: the unit is " + seen.unit.file,
            "systemctl enable etcd, or mrc apply"};
  }
  return {Level::ok, "active, enabled", {}};
}

Verdict judge_config(const Desired& want, const WantedMember& member, const Observed& seen) {
  for (const auto& [key, value] : kept_settings(want, member, seen)) {
    const auto found = seen.config.find(key);
    const auto now = found == seen.config.end() ? std::string("absent") : found->second;
    if (now != value) {
      return {Level::fail,
              fmt::format("{}: {} is {}, wanted {}",
                          seen.config_path.empty() ? "no file" : seen.config_path,
                          key,
                          now,
                          value),
              "mrc apply writes it"};
    }
  }
  return {Level::ok, seen.config_path, {}};
}

Verdict judge_health(const Desired&, const WantedMember&, const Observed& seen) {
  if (seen.healthy) return {};
  return {Level::fail,
          seen.health_error.empty() ? "the unit is " + seen.unit.active : seen.health_error,
          "look at: journalctl -u etcd, and whether the members reach one another's peer port"};
}

Verdict judge_members(const Desired& want, const WantedMember&, const Observed& seen) {
  if (!seen.cluster) {
    return {Level::fail, seen.cluster_error.empty() ? "it does not run" : seen.cluster_error, {}};
  }
  std::set<std::string> wanted;
  std::set<std::string> found;
  for (const auto& one : want.members) wanted.insert(one.host.text() + "=" + one.peer_url);
  for (const auto& one : seen.cluster->members) found.insert(one.name + "=" + one.peer_urls[0]);
  std::string detail;
  for (const auto& one : found) {
    if (!wanted.contains(one)) detail += (detail.empty() ? "" : "; ") + ("not wanted: " + one);
  }
  for (const auto& one : wanted) {
    if (!found.contains(one)) detail += (detail.empty() ? "" : "; ") + ("missing: " + one);
  }
  if (detail.empty()) return {Level::ok, fmt::format("{} members", found.size()), {}};
  return {Level::fail, std::move(detail), "look at: etcdctl member list"};
}

Check about(const Desired& want,
            const WantedMember& member,
            const char* id,
            const char* title,
            Judge judge) {
  Check check;
  check.id = id;
  check.group = "etcd";
  check.host = member.host;
  check.title = title;
  check.ask = probe_script(want, member);
  check.judge = [want, member, judge](const Observation& answer) -> Verdict {
    const auto seen = parse_probe(answer.out);
    if (!seen) return unreadable(seen.error(), answer);
    if (!seen->systemd) return {Level::fail, "no systemd there", {}};
    return judge(want, member, *seen);
  };
  return check;
}

/// Each member is asked by itself, as two clusters of the same names would each be healthy. One
/// that does not answer fails a check of its own.
Check one_cluster(const Desired& want) {
  Check check;
  check.id = "MRC-V105";
  check.group = "etcd";
  check.host = want.members.front().host;
  check.title = "all members are in one cluster";
  check.ask.use(embedded::etcd_probe_sh);
  for (const auto& member : want.members) {
    check.ask.line("mrc_etcd_ctl --endpoints={} member list -w json || :", member.client_url);
  }
  check.judge = [](const Observation& answer) -> Verdict {
    std::set<std::uint64_t> ids;
    for (std::string_view rest = answer.out; !rest.empty();) {
      const auto stop = rest.find('\n');
      const auto cluster = parse_members(rest.substr(0, stop));
      if (!cluster) return unreadable(cluster.error(), answer);
      ids.insert(cluster->id);
      rest.remove_prefix(stop == std::string_view::npos ? rest.size() : stop + 1);
    }
    if (ids.empty()) return {Level::fail, "no member tells its cluster", {}};
    if (ids.size() == 1) return {Level::ok, fmt::format("cluster {:x}", *ids.begin()), {}};
    std::string detail = "cluster ids";
    for (const auto id : ids) detail += fmt::format(" {:x}", id);
    return {Level::fail,
            std::move(detail),
            "the members formed more than one cluster: all but one must give up their data"};
  };
  return check;
}

Check v2_api(const WantedMember& member) {
  Check check;
  check.id = "MRC-V106";
  check.group = "etcd";
  check.host = member.host;
  check.title = "etcd serves the v2 API";
  check.ask.line("ETCDCTL_API=2 etcdctl --timeout 5s --endpoints {} ls /", member.client_url);
  check.judge = [](const Observation& answer) -> Verdict {
    if (answer.status == 0) return {};
    return {Level::fail,
            "it does not: " + excerpt(answer.err.empty() ? answer.out : answer.err, 200),
            "ETCD_ENABLE_V2=true in its configuration, and an etcd older than 3.6"};
  };
  return check;
}

Check reachable(const Desired& want, const HostId& host) {
  Check check;
  check.id = "MRC-V107";
  check.group = "etcd";
  check.host = host;
  check.title = "etcd's endpoints answer";
  check.ask = endpoints_script(want);
  check.judge = [want](const Observation& answer) -> Verdict {
    const auto seen = parse_endpoints(answer.out, want);
    if (!seen) return unreadable(seen.error(), answer);
    for (const auto& [endpoint, why] : *seen) {
      if (!why.empty()) return {Level::fail, endpoint + ": " + why, {}};
    }
    return {};
  };
  return check;
}

}  // namespace

std::vector<Check> checks(const Desired& want) {
  std::vector<Check> all;
  for (const auto& member : want.members) {
    all.push_back(about(want, member, "MRC-V101", "the etcd member runs, and at boot", judge_unit));
    all.push_back(about(want, member, "MRC-V102", "its configuration is as wanted", judge_config));
    all.push_back(about(want, member, "MRC-V103", "the etcd member is healthy", judge_health));
    all.push_back(
        about(want, member, "MRC-V104", "it knows exactly the wanted members", judge_members));
    if (want.v2) all.push_back(v2_api(member));
  }
  if (!want.members.empty()) {
    all.push_back(one_cluster(want));
  } else {
    for (const auto& host : want.hosts) all.push_back(reachable(want, host));
  }
  return all;
}

}  // namespace mrc::systems::etcd
