#include "systems/calico/v0/cluster.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mrc::systems::calico::v0 {
namespace {

using Json = nlohmann::json;

/// The leaves of an etcd v2 tree by full key. False when a node has no key.
bool flatten(const Json& node, std::map<std::string, std::string>& into) {
  if (!node.is_object() || !node.contains("key") || !node["key"].is_string()) return false;
  if (node.contains("value")) {
    if (!node["value"].is_string()) return false;
    into[node["key"].get<std::string>()] = node["value"].get<std::string>();
    return true;
  }
  if (!node.contains("nodes")) return true;  // an empty directory
  return node["nodes"].is_array() &&
         std::all_of(node["nodes"].begin(), node["nodes"].end(), [&](const Json& child) {
           return flatten(child, into);
         });
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(by);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool matches(const std::vector<std::string>& path, const std::vector<std::string_view>& shape) {
  return std::equal(path.begin(), path.end(), shape.begin(), shape.end(), [](auto& is, auto want) {
    return want == "*" || is == want;
  });
}

std::optional<std::vector<std::string>> strings(const Json& object, const char* key) {
  std::vector<std::string> all;
  if (!object.contains(key)) return all;
  if (!object[key].is_array()) return {};
  for (const auto& one : object[key]) {
    if (!one.is_string()) return {};
    all.push_back(one.get<std::string>());
  }
  return all;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool read_endpoint(const std::vector<std::string>& path, const Json& json, Cluster& into) {
  auto profiles = strings(json, "profile_ids");
  auto nets = strings(json, "ipv4_nets");
  if (!profiles || !nets) return false;
  for (auto& net : *nets) net = net.substr(0, net.find('/'));
  into.endpoints.push_back({path[4],
                            path[6],
                            path[7],
                            path[9],
                            text_of(json, "state"),
                            text_of(json, "name"),
                            std::move(*profiles),
                            std::move(*nets)});
  return true;
}

/// False when the value is not of its key's kind. `path` starts with "" (keys begin with '/').
bool read_key(const std::vector<std::string>& path, const std::string& value, Cluster& into) {
  if (matches(path, {"", "calico", "v1", "config", "ClusterGUID"})) {
    into.started = true;
    return true;
  }
  if (matches(path, {"", "calico", "bgp", "v1", "host", "*", "ip_addr_v4"})) {
    into.nodes[path[5]] = value;
    return true;
  }
  const bool pool = matches(path, {"", "calico", "v1", "ipam", "v4", "pool", "*"});
  const bool rules = matches(path, {"", "calico", "v1", "policy", "profile", "*", "rules"});
  const bool tags = matches(path, {"", "calico", "v1", "policy", "profile", "*", "tags"});
  const bool endpoint =
      matches(path, {"", "calico", "v1", "host", "*", "workload", "*", "*", "endpoint", "*"});
  if (!pool && !rules && !tags && !endpoint) return true;
  const auto json = Json::parse(value, nullptr, false);
  if (tags) {
    if (!json.is_array()) return false;
    for (const auto& tag : json) {
      if (!tag.is_string()) return false;
      into.profiles[path[5]].tags.insert(tag.get<std::string>());
    }
    return true;
  }
  if (!json.is_object()) return false;
  if (rules) into.profiles[path[5]].rules = json.dump();
  if (endpoint) return read_endpoint(path, json, into);
  if (pool) {
    const auto cidr = text_of(json, "cidr");
    if (cidr.empty()) return false;
    std::string options = json.contains("ipip") ? "ipip" : "";
    if (json.value("masquerade", Json(false)) == Json(true)) {
      options += options.empty() ? "nat-outgoing" : ",nat-outgoing";
    }
    into.pools[cidr] = {options, json.value("disabled", Json(false)) == Json(true)};
  }
  return true;
}

}  // namespace

const Endpoint* Cluster::find_by_address(std::string_view address) const {
  const auto found = std::find_if(endpoints.begin(), endpoints.end(), [&](const Endpoint& one) {
    return std::find(one.addresses.begin(), one.addresses.end(), address) != one.addresses.end();
  });
  return found == endpoints.end() ? nullptr : &*found;
}

const Endpoint* Cluster::find_by_workload(std::string_view host, std::string_view workload) const {
  const auto found = std::find_if(endpoints.begin(), endpoints.end(), [&](const Endpoint& one) {
    return one.host == host && one.workload == workload;
  });
  return found == endpoints.end() ? nullptr : &*found;
}

bool Cluster::uses(std::string_view profile) const {
  return std::any_of(endpoints.begin(), endpoints.end(), [&](const Endpoint& one) {
    return std::find(one.profiles.begin(), one.profiles.end(), profile) != one.profiles.end();
  });
}

Result<Cluster> parse_cluster(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return fail(ErrorKind::unreadable, "etcd's answer does not parse: {}", excerpt(text));
  }
  Cluster cluster;
  if (json.contains("errorCode")) {
    if (json["errorCode"] == Json(100)) return cluster;
    return fail(ErrorKind::unreadable, "etcd answers with an error: {}", excerpt(text, 200));
  }
  std::map<std::string, std::string> keys;
  if (!json.contains("node") || !flatten(json["node"], keys)) {
    return fail(ErrorKind::unreadable, "etcd's answer is no tree of keys: {}", excerpt(text));
  }
  for (const auto& [key, value] : keys) {
    if (!read_key(split(key, '/'), value, cluster)) {
      return fail(ErrorKind::unreadable, "etcd's {} is unreadable: {}", key, excerpt(value));
    }
  }
  return cluster;
}

}  // namespace mrc::systems::calico::v0
