#include "systems/calico/v0/probe.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "calico_v0.sh.hpp"
#include "calico_v0_etcd.sh.hpp"
#include "calico_v0_probe.sh.hpp"
#include "routers.sh.hpp"
#include "systems/calico/keeper.hpp"

namespace mrc::systems::calico::v0 {
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

bool read_calicoctl(std::string_view rest, HostSeen& seen) {
  if (rest == "absent") return true;
  Binary binary;
  binary.path = take_word(rest);
  binary.sha256 = take_word(rest);
  binary.version = rest == "-" ? "" : rest;
  if (binary.sha256.size() != 64 || rest.empty()) return false;
  seen.calicoctl = std::move(binary);
  return true;
}

bool read_container(std::string_view rest, HostSeen& seen) {
  const auto name = take_word(rest);
  if (name != "calico-node" && name != "calico-libnetwork") return false;
  if (rest == "absent") return true;
  auto one = parse_container(rest);
  if (!one) return false;
  (name == "calico-node" ? seen.node : seen.libnetwork) = std::move(one);
  return true;
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
  } else if (what == "sysctl") {
    const std::string key(take_word(rest));
    seen.sysctls[key] = rest;
  } else if (what == "module") {
    const std::string name(take_word(rest));
    return parse_yes(rest, "yes", "no", seen.modules[name]);
  } else if (what == "bgp") {
    return parse_yes(rest, "taken", "free", seen.bgp_port_taken);
  } else if (what == "calicoctl") {
    return read_calicoctl(rest, seen);
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
  } else if (what == "eth1") {
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

/// A string, or what stands for one that is none.
std::optional<std::string> as_string(const Json& json) {
  if (!json.is_string()) return {};
  return json.get<std::string>();
}

std::string text_at(const Json& object, const char* field) {
  return as_string(object.value(field, Json())).value_or("");
}

bool is_inherited(const Json& json) { return json.is_object() && json.contains("inherited"); }

bool read_entry(const std::string& key, const Json& json, Made& made) {
  constexpr std::string_view pool = "calico/pool/";
  constexpr std::string_view profile = "calico/profile/";
  constexpr std::string_view endpoint = "calico/endpoint/";
  constexpr std::string_view image = "calico/image/";
  if (key.starts_with(endpoint)) {
    if (!json.is_object()) return false;
    const auto address = as_string(json.value("address", Json()));
    const auto container = as_string(json.value("container", Json()));
    if (!address || !container) return false;
    made.endpoints[ServerId(key.substr(endpoint.size()))] = {
        *address, *container, text_at(json, "host"), text_at(json, "profile")};
  } else if (key.starts_with(image)) {
    made.images.push_back(key.substr(image.size()));
  } else if (key == "calico/calicoctl") {
    made.inherited_calicoctl = is_inherited(json);
    made.calicoctl_sha256 = as_string(json.is_object() ? json.value("sha256", Json()) : Json());
    return made.calicoctl_sha256.has_value();
  } else if (key == "calico/node") {
    made.node = true;
    made.inherited_node = is_inherited(json);
  } else if (key == "calico/libnetwork") {
    made.libnetwork = true;
    made.inherited_libnetwork = is_inherited(json);
  } else if (key == "calico/sysctl_file") {
    made.has_sysctls = true;
  } else if (key == "calico/sysctl") {
    if (!json.is_object()) return false;
    made.has_sysctls = true;
    for (const auto& [name, value] : json.items()) {
      if (!value.is_string()) return false;
      made.sysctls.emplace_back(name, value.get<std::string>());
    }
  } else if (key == "calico/paths") {
    if (!json.is_array()) return false;
    made.has_paths = true;
    for (const auto& path : json) {
      if (!path.is_string()) return false;
      made.absent_paths.push_back(path.get<std::string>());
    }
  } else if (key.starts_with(pool)) {
    const auto cidr = key.substr(pool.size());  // Calico has no other name for it
    made.pools[cidr] = cidr;
  } else if (key.starts_with(profile)) {
    made.profiles.insert(key.substr(profile.size()));
  } else if (key == "calico/cluster") {
    made.cluster = true;
  }
  return true;  // a key of a later mrc is none of ours
}

}  // namespace

std::set<std::string> Reading::attached_ids(const ServerId& server) const {
  std::set<std::string> ids;
  for (const auto& [host, one] : made) {
    const auto found = one.endpoints.find(server);
    if (found != one.endpoints.end()) ids.insert(found->second.container);
  }
  return ids;
}

std::vector<std::string> Reading::former_names(const HostWant& host) const {
  std::vector<std::string> names;
  const auto& now = hosts.at(host.id);
  const auto& ours = made.at(host.id);
  if (!cluster || !ours.node) return names;
  const auto was_ours = [&](const std::string& name) {
    if (now.node) {
      const auto env = now.node->env.find("HOSTNAME");
      if (env != now.node->env.end() && env->second == name) return true;
    }
    return std::any_of(ours.endpoints.begin(), ours.endpoints.end(), [&](const auto& one) {
      return one.second.node == name;
    });
  };
  for (const auto& [name, address] : cluster->nodes) {
    if (address == host.ip.text() && name != now.kernel_name && was_ours(name)) {
      names.push_back(name);
    }
  }
  return names;
}

bool Reading::is_forgotten(std::string_view name) const {
  if (!cluster) return false;
  const auto known = cluster->nodes.find(std::string(name));
  return known != cluster->nodes.end() &&
         std::any_of(forgotten.begin(), forgotten.end(), [&](const auto& one) {
           return one.second == known->second;
         });
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
  script.use(embedded::calico_v0_sh)
      .use(embedded::calico_v0_etcd_sh)
      .use(embedded::calico_v0_probe_sh)
      .use(embedded::routers_sh)
      .line("mrc_calico_endpoints={}", want.endpoints)
      .line("mrc_calico_routers {}", shell::words(others))
      .line("mrc_calico_probe {} {} {} {} {}",
            want.calicoctl ? want.calicoctl->sha256 : "-",
            reads_etcd ? "yes" : "no",
            want.node_image,
            want.libnetwork_image,
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
      if (!text.empty()) break;
      if (seen.kernel_name.empty()) break;
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

Result<Made> parse_made(const std::map<std::string, std::string>& record) {
  Made made;
  made.goals = kept_goals(record);
  for (const auto& [key, text] : record) {
    if (!key.starts_with("calico/")) continue;
    made.anything = true;
    const auto json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !read_entry(key, json, made)) {
      return fail(ErrorKind::unreadable, "the record's {} is unreadable: {}", key, excerpt(text));
    }
  }
  return made;
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

}  // namespace mrc::systems::calico::v0
