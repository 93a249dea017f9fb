#include "systems/calico/v3/probe.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "calico_v3.sh.hpp"
#include "calico_v3_etcd.sh.hpp"
#include "calico_v3_probe.sh.hpp"
#include "routers.sh.hpp"

namespace mrc::systems::calico::v3 {
namespace {

using Json = nlohmann::json;

std::string_view take_word(std::string_view& text) {
  const auto end = text.find(' ');
  const auto word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

std::optional<NodeContainer> parse_container(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("image") || !json["image"].is_string() ||
      !json.contains("running") || !json["running"].is_boolean() || !json.contains("restart") ||
      !json["restart"].is_string() || !json.contains("env")) {
    return {};
  }
  NodeContainer one{json["image"].get<std::string>(),
                    {},
                    json["running"].get<bool>(),
                    json["restart"].get<std::string>()};
  for (const auto& entry : json["env"]) {
    if (!entry.is_string()) return {};
    const auto text_of = entry.get<std::string>();
    const auto equals = text_of.find('=');
    if (equals == std::string::npos) return {};
    one.env[text_of.substr(0, equals)] = text_of.substr(equals + 1);
  }
  return one;
}

bool parse_yes(std::string_view text, std::string_view yes, std::string_view no, bool& into) {
  into = text == yes;
  return into || text == no;
}

bool read_file(std::string_view rest, HostSeen& seen) {
  const std::string name(take_word(rest));
  if (rest == "absent") return true;
  File file;
  file.sha256 = take_word(rest);
  file.version = rest == "-" ? "" : rest;
  if (file.sha256.size() != 64 || rest.empty()) return false;
  seen.files[name] = std::move(file);
  return true;
}

bool read_nodename(std::string_view rest, HostSeen& seen) {
  if (rest == "absent") return true;
  constexpr std::string_view digits = "0123456789abcdef";
  if (!rest.starts_with('=') || rest.size() % 2 != 1) return false;
  seen.nodename = "";
  for (std::size_t i = 1; i < rest.size(); i += 2) {
    const auto high = digits.find(rest[i]);
    const auto low = digits.find(rest[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    *seen.nodename += static_cast<char>(high * 16 + low);
  }
  return true;
}

bool read_container(std::string_view rest, HostSeen& seen) {
  if (take_word(rest) != "calico-node") return false;
  if (rest == "absent") return true;
  seen.node = parse_container(rest);
  return seen.node.has_value();
}

bool read_server(std::string_view rest, HostSeen& seen) {
  const ServerId name{std::string(take_word(rest))};
  auto& server = seen.servers[name];
  if (rest == "absent") return true;
  server.container = take_word(rest);
  const auto running = take_word(rest);
  return server.container.size() == 64 && !rest.empty() &&
         parse_yes(running, "true", "false", server.running);
}

bool read_etcd(std::string_view rest, HostSeen& seen, Error& error) {
  const auto how = take_word(rest);
  if (how == "down") {
    seen.etcd_why = rest.empty() ? "no answer" : rest;
    return true;
  }
  if (how != "json") return false;
  auto cluster = parse_cluster(rest);
  if (!cluster) {
    error = std::move(cluster).error();
    return false;
  }
  seen.cluster = std::move(*cluster);
  return true;
}

bool read_line(std::string_view line, HostSeen& seen, Error& error) {
  auto rest = line;
  const auto what = take_word(rest);
  if (rest.empty()) return false;
  if (what == "kernel") {
    seen.kernel_name = rest;
  } else if (what == "machine") {
    seen.machine = rest;
  } else if (what == "sysctl") {
    const std::string key(take_word(rest));
    seen.sysctls[key] = rest;
  } else if (what == "module") {
    const std::string name(take_word(rest));
    return parse_yes(rest, "yes", "no", seen.modules[name]);
  } else if (what == "bgp") {
    return parse_yes(rest, "taken", "free", seen.bgp_port_taken);
  } else if (what == "firewalld") {
    return parse_yes(rest, "yes", "no", seen.firewalld);
  } else if (what == "network") {
    seen.networks.emplace_back(rest);
  } else if (what == "iptables") {
    seen.iptables = rest;
  } else if (what == "file") {
    return read_file(rest, seen);
  } else if (what == "nodename") {
    return read_nodename(rest, seen);
  } else if (what == "router") {
    const std::string address(take_word(rest));
    seen.routers[address] = rest;
    return !rest.empty();
  } else if (what == "docker") {
    const auto how = take_word(rest);
    seen.docker_why = rest;
    return parse_yes(how, "up", "down", seen.docker_up);
  } else if (what == "container") {
    return read_container(rest, seen);
  } else if (what == "image") {
    const std::string name(take_word(rest));
    return parse_yes(rest, "present", "absent", seen.images[name]);
  } else if (what == "server") {
    return read_server(rest, seen);
  } else if (what == "address") {
    const ServerId name{std::string(take_word(rest))};
    seen.servers[name].addresses.emplace(rest);
  } else if (what == "route") {
    const ServerId name{std::string(take_word(rest))};
    seen.servers[name].route = rest;
  } else if (what == "etcd") {
    return read_etcd(rest, seen, error);
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string HostSeen::node_name() const {
  auto name = kernel_name;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

std::vector<Made::Attached> Reading::attached(const ServerId& server) const {
  std::vector<Made::Attached> all;
  for (const auto& [host, one] : made) {
    const auto found = one.endpoints.find(server);
    if (found != one.endpoints.end()) all.push_back(found->second);
  }
  return all;
}

std::vector<std::string> Reading::former_names(const HostWant& host) const {
  std::vector<std::string> names;
  const auto& now = hosts.at(host.id);
  const auto& ours = made.at(host.id);
  if (!cluster || !ours.node) return names;
  const auto was_ours = [&](const std::string& name) {
    if (now.node) {
      const auto env = now.node->env.find("NODENAME");
      if (env != now.node->env.end() && env->second == name) return true;
    }
    return std::any_of(ours.endpoints.begin(), ours.endpoints.end(), [&](const auto& one) {
      return one.second.node == name;
    });
  };
  for (const auto& [name, address] : cluster->nodes) {
    if (address == host.ip.text() && name != now.node_name() && was_ours(name)) {
      names.push_back(name);
    }
  }
  return names;
}

shell::Script probe_script(const Desired& want, const HostId& host) {
  const auto nodes = want.nodes();
  const bool reads_etcd = !nodes.empty() && nodes.front()->id == host;
  std::vector<std::string> servers;
  if (const auto* wanted = want.find(host)) {
    for (const auto& server : wanted->servers) {
      servers.push_back(server.id.text());
      servers.push_back(server.address.text());
    }
  }
  std::vector<std::string> others;
  for (const auto* node : nodes) {
    if (node->id != host) others.push_back(node->ip.text());
  }
  shell::Script script;
  script.use(embedded::calico_v3_sh)
      .use(embedded::calico_v3_etcd_sh)
      .use(embedded::calico_v3_probe_sh)
      .use(embedded::routers_sh)
      .line("mrc_calico3_name={}", want.deployment)
      .line("mrc_calico3_endpoints={}", want.endpoints)
      .line("mrc_calico_routers {}", shell::words(others))
      .line("mrc_calico3_probe {} {} {}",
            reads_etcd ? "yes" : "no",
            want.node_image,
            shell::words(servers));
  return script;
}

Result<HostSeen> parse_probe(std::string_view text) {
  HostSeen seen;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) break;
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line == "end") {
      if (!text.empty() || seen.kernel_name.empty()) break;
      return seen;
    }
    Error error{ErrorKind::unreadable,
                fmt::format("an unknown line of the probe of calico: {}", excerpt(line)),
                {},
                0,
                {}};
    if (!read_line(line, seen, error)) return fail(std::move(error));
  }
  return fail(ErrorKind::unreadable, "the answer to the probe of calico is cut off");
}

Result<Reading> read(const Desired& want, const Observations& seen, bool claiming) {
  auto reading = read_hosts<Reading>(want, seen, parse_probe, parse_made);
  if (!reading || !claiming) return reading;
  for (const auto* host : want.nodes()) {
    if (is_record_lost(*host, *reading)) reading->lost.insert(host->id);
  }
  reading->unnoted = claims(want, *reading);
  if (auto done = count_unnoted(seen, parse_made, *reading); !done) return fail(done.error());
  return reading;
}

}  // namespace mrc::systems::calico::v3
