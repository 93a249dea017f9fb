#include "systems/etcd/probe.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "etcd_probe.sh.hpp"
#include "systems/facts.hpp"

namespace mrc::systems::etcd {
namespace {

/// "3.5.16-4+b3" → 3.5. What does not start so is 0.0.
Version to_version(std::string_view text) {
  Version version;
  const auto* const stop = text.data() + text.size();
  const auto [dot, bad] = std::from_chars(text.data(), stop, version.major);
  if (bad != std::errc{} || dot == stop || *dot != '.') return {};
  std::from_chars(dot + 1, stop, version.minor);
  return version;
}

Result<Unit> read_unit(const Facts& facts) {
  std::map<std::string, std::string> properties;
  for (const auto& line : facts.all("unit")) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) {
      return fail(ErrorKind::unreadable, "odd property of the unit: {}", excerpt(line));
    }
    properties[line.substr(0, equals)] = line.substr(equals + 1);
  }
  Unit unit{properties["LoadState"],
            properties["ActiveState"],
            properties["UnitFileState"],
            properties["ExecStart"]};
  if (unit.load.empty() || unit.active.empty()) {
    return fail(ErrorKind::unreadable, "systemd did not tell the state of etcd.service");
  }
  return unit;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::map<std::string, std::string> read_config(const std::vector<std::string>& lines) {
  std::map<std::string, std::string> config;
  for (const auto& line : lines) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;  // systemd passes over it too
    auto value = trim(std::string_view(line).substr(equals + 1));
    if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
        value.back() == value.front()) {
      value = value.substr(1, value.size() - 2);
    }
    config[std::string(trim(std::string_view(line).substr(0, equals)))] = value;
  }
  return config;
}

std::vector<std::string> strings(const nlohmann::json& object, const char* key) {
  std::vector<std::string> out;
  const auto list = object.find(key);
  if (list == object.end() || !list->is_array()) return out;
  for (const auto& one : *list) {
    if (one.is_string()) out.push_back(one.get<std::string>());
  }
  return out;
}

Result<void> read_cluster(const Facts& facts, Observed& seen) {
  if (facts.has("members")) {
    auto cluster = parse_members(facts.first("members"));
    if (!cluster) return fail(std::move(cluster).error());
    seen.cluster = std::move(*cluster);
  } else {
    auto error = facts.need("members-error");
    if (!error) return fail(std::move(error).error());
    seen.cluster_error = std::move(*error);
  }
  auto health = facts.need("health");
  if (!health) return fail(std::move(health).error());
  seen.healthy = *health == "ok";
  if (!seen.healthy) seen.health_error = std::move(*health);
  return {};
}

}  // namespace

shell::Script probe_script(const Desired& want, const WantedMember& member) {
  shell::Script script;
  return script.use(embedded::etcd_probe_sh)
      .line(
          "mrc_etcd_probe {} {} {} {}", member.ip, want.client_port, want.peer_port, want.data_dir);
}

shell::Script former_probe_script(const Desired& want, const HostId& host) {
  // Of a host that left the file only its own address is known for sure.
  const auto ip = want.ips.find(host);
  shell::Script script;
  return script.use(embedded::etcd_probe_sh)
      .line("mrc_etcd_probe_former {} {} {} {} {}",
            want.deployment,
            ip == want.ips.end() ? std::string("127.0.0.1") : ip->second.text(),
            want.client_port,
            want.peer_port,
            want.data_dir);
}

Result<Cluster> parse_members(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto odd = [&] {
    return fail(ErrorKind::unreadable, "odd answer of etcdctl member list: {}", excerpt(text));
  };
  if (!json.is_object() || !json.contains("header") || !json["header"].is_object() ||
      !json.contains("members") || !json["members"].is_array()) {
    return odd();
  }
  Cluster cluster;
  const auto number = [](const nlohmann::json& object, const char* key) -> std::uint64_t {
    const auto found = object.find(key);
    return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  };
  cluster.id = number(json["header"], "cluster_id");
  if (cluster.id == 0) return odd();
  for (const auto& one : json["members"]) {
    if (!one.is_object()) return odd();
    Member member;
    member.id = number(one, "ID");
    const auto name = one.find("name");
    if (name != one.end() && name->is_string()) member.name = name->get<std::string>();
    member.peer_urls = strings(one, "peerURLs");
    member.client_urls = strings(one, "clientURLs");
    if (member.id == 0 || member.peer_urls.empty()) return odd();
    cluster.members.push_back(std::move(member));
  }
  return cluster;
}

Result<Observed> parse_probe(std::string_view text) {
  const auto facts = Facts::parse(text);
  if (!facts) return fail(facts.error());
  Observed seen;
  auto systemd = facts->need("systemd");
  if (!systemd) return fail(std::move(systemd).error());
  seen.systemd = *systemd == "yes";
  if (!seen.systemd) return seen;
  seen.manager = facts->first("manager");
  if (facts->has("etcd")) seen.etcd = to_version(facts->first("etcd"));
  if (facts->has("etcdctl")) seen.etcdctl = to_version(facts->first("etcdctl"));
  if (const auto next = to_version(facts->first("candidate")); next != Version{}) {
    seen.candidate = next;
  }
  auto unit = read_unit(*facts);
  if (!unit) return fail(std::move(unit).error());
  seen.unit = std::move(*unit);
  seen.config_path = facts->first("config-path");
  seen.config_mark = facts->first("config-mark");
  seen.config = read_config(facts->all("config"));
  auto data = facts->need("data");
  if (!data) return fail(std::move(data).error());
  seen.data = *data != "absent";
  seen.log = *data == "present";
  seen.listeners = facts->all("listen");
  if (seen.unit.active == "active") {
    if (auto read = read_cluster(*facts, seen); !read) return fail(read.error());
  }
  return seen;
}

shell::Script endpoints_script(const Desired& want) {
  shell::Script script;
  return script.use(embedded::etcd_probe_sh)
      .line("mrc_etcd_probe_endpoints {}", shell::words(want.endpoints));
}

Result<std::map<std::string, std::string>> parse_endpoints(std::string_view text,
                                                           const Desired& want) {
  const auto facts = Facts::parse(text);
  if (!facts) return fail(facts.error());
  std::map<std::string, std::string> out;
  for (const auto& line : facts->all("endpoint")) {
    const auto space = line.find(' ');
    const auto why = space == std::string::npos ? std::string() : line.substr(space + 1);
    out[line.substr(0, space)] = why == "ok" ? std::string() : why.empty() ? "no answer" : why;
  }
  for (const auto& endpoint : want.endpoints) {
    if (!out.contains(endpoint)) {
      return fail(ErrorKind::unreadable, "the host did not say whether {} answers", endpoint);
    }
  }
  return out;
}

}  // namespace mrc::systems::etcd
