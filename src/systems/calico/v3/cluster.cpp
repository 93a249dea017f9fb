#include "systems/calico/v3/cluster.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mrc::systems::calico::v3 {
namespace {

using Json = nlohmann::json;

constexpr std::string_view k_resources = "/calico/resources/v3/projectcalico.org/";
constexpr std::string_view k_blocks = "/calico/ipam/v2/assignment/ipv4/block/";
constexpr std::string_view k_ipam_config = "/calico/ipam/v2/config";

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

/// Base64 with its padding; empty when it is none.
std::optional<std::string> decode(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=') {
      if (text.find_first_not_of('=', i) != std::string_view::npos || text.size() - i > 2)
        return {};
      break;
    }
    const int digit = digit_of(text[i]);
    if (digit < 0) return {};
    bits = bits << 6U | static_cast<unsigned>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
  }
  return out;
}

std::optional<std::string> decode(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return "";  // the gateway leaves out what is empty
  if (!found->is_string()) return {};
  return decode(found->get_ref<const std::string&>());
}

std::string text_of(const Json& object, const char* key, const char* fallback = "") {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : fallback;
}

bool flag_of(const Json& object, const char* key) {
  return object.value(key, Json(false)) == Json(true);
}

/// Without it, none; what is no list of strings is empty as a whole.
std::optional<std::vector<std::string>> strings(const Json& object, const char* key) {
  std::vector<std::string> all;
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return all;
  if (!found->is_array()) return {};
  for (const auto& one : *found) {
    if (!one.is_string()) return {};
    all.push_back(one.get<std::string>());
  }
  return all;
}

std::string without_prefix(const std::string& address) {
  return address.substr(0, address.find('/'));
}

bool read_pool(const std::string& name, const Json& spec, Cluster& into) {
  const auto cidr = text_of(spec, "cidr");
  auto uses = strings(spec, "allowedUses");
  if (cidr.empty() || !uses) return false;
  if (uses->empty()) *uses = {"Tunnel", "Workload"};
  std::sort(uses->begin(), uses->end());
  Pool pool;
  pool.name = name;
  pool.ipip = text_of(spec, "ipipMode", "Never");
  pool.vxlan = text_of(spec, "vxlanMode", "Never");
  pool.nat_outgoing = flag_of(spec, "natOutgoing");
  pool.disabled = flag_of(spec, "disabled");
  pool.no_export = flag_of(spec, "disableBGPExport");
  const auto size = spec.value("blockSize", Json(26));
  if (!size.is_number_integer()) return false;
  pool.block_size = size.get<int>();
  pool.uses = std::move(*uses);
  pool.assignment = text_of(spec, "assignmentMode", "Automatic");
  pool.nodes = text_of(spec, "nodeSelector", "all()");
  if (Cidr::parse(cidr)) into.pools[cidr] = std::move(pool);  // those of IPv6 are no affair of ours
  return true;
}

bool read_endpoint(const Json& spec, Cluster& into) {
  auto profiles = strings(spec, "profiles");
  auto networks = strings(spec, "ipNetworks");
  if (!profiles || !networks) return false;
  for (auto& one : *networks) one = without_prefix(one);
  into.endpoints.push_back({text_of(spec, "node"),
                            text_of(spec, "containerID"),
                            text_of(spec, "endpoint"),
                            text_of(spec, "interfaceName"),
                            std::move(*profiles),
                            std::move(*networks)});
  return true;
}

bool read_resource(std::string_view path, const Json& value, Cluster& into) {
  const auto slash = path.find('/');
  const auto kind = path.substr(0, slash);
  const std::string name(path.substr(slash == std::string_view::npos ? path.size() : slash + 1));
  const auto found = value.find("spec");
  const auto spec = found != value.end() && found->is_object() ? *found : Json::object();
  if (kind == "ippools") return read_pool(name, spec, into);
  if (kind == "workloadendpoints") return read_endpoint(spec, into);
  if (kind == "profiles") {
    into.profiles[name] = spec.dump();
  } else if (kind == "nodes") {
    const auto bgp = spec.value("bgp", Json::object());
    into.nodes[name] = bgp.is_object() ? without_prefix(text_of(bgp, "ipv4Address")) : "";
  } else if (kind == "clusterinformations" && name == "default") {
    into.started = true;
    into.ready = flag_of(spec, "datastoreReady");
    into.version = text_of(spec, "calicoVersion");
  } else if (kind == "bgpconfigurations" && name == "default") {
    into.mesh = spec.value("nodeToNodeMeshEnabled", Json(true)) != Json(false);
  } else if (kind == "globalnetworkpolicies" || kind == "networkpolicies") {
    into.policies.push_back(fmt::format("{} {}", kind, name));
  }
  return true;
}

/// `allocations` has the index of an attribute for each address of the block that is taken.
bool read_block(const Json& block, Cluster& into) {
  const auto cidr = Cidr::parse(text_of(block, "cidr"));
  const auto allocations = block.value("allocations", Json::array());
  const auto attributes = block.value("attributes", Json::array());
  if (!cidr || !allocations.is_array() || !attributes.is_array()) return false;
  for (std::size_t i = 0; i < allocations.size(); ++i) {
    if (allocations[i].is_null()) continue;
    if (!allocations[i].is_number_unsigned()) return false;
    const auto index = allocations[i].get<std::size_t>();
    const auto handle = index < attributes.size() && attributes[index].is_object()
                            ? text_of(attributes[index], "handle_id")
                            : "";
    into.assigned[Ipv4(cidr->base().bits() + static_cast<std::uint32_t>(i)).text()] = handle;
  }
  return true;
}

/// False when the value is not of its key's kind.
bool read_key(std::string_view key, const std::string& value, Cluster& into) {
  const bool resource = key.starts_with(k_resources);
  const bool block = key.starts_with(k_blocks);
  if (!resource && !block && key != k_ipam_config) return true;
  const auto json = Json::parse(value, nullptr, false);
  if (!json.is_object()) return false;
  if (resource) return read_resource(key.substr(k_resources.size()), json, into);
  if (block) return flag_of(json, "deleted") || read_block(json, into);
  into.strict_affinity = flag_of(json, "strict_affinity");
  return true;
}

bool has(const std::vector<std::string>& list, std::string_view what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

}  // namespace

const Endpoint* Cluster::find_by_address(std::string_view address) const {
  const auto found = std::find_if(endpoints.begin(), endpoints.end(), [&](const Endpoint& one) {
    return has(one.addresses, address);
  });
  return found == endpoints.end() ? nullptr : &*found;
}

const Endpoint* Cluster::find_by_container(std::string_view node,
                                           std::string_view container) const {
  const auto found = std::find_if(endpoints.begin(), endpoints.end(), [&](const Endpoint& one) {
    return one.node == node && one.container == container;
  });
  return found == endpoints.end() ? nullptr : &*found;
}

bool Cluster::uses(std::string_view profile) const {
  return std::any_of(endpoints.begin(), endpoints.end(), [&](const Endpoint& one) {
    return has(one.profiles, profile);
  });
}

Result<Cluster> parse_cluster(std::string_view text) {
  const auto json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return fail(ErrorKind::unreadable, "etcd's answer does not parse: {}", excerpt(text));
  }
  if (!json.contains("header")) {
    return fail(ErrorKind::unreadable, "etcd answers with an error: {}", excerpt(text, 200));
  }
  Cluster cluster;
  const auto pairs = json.value("kvs", Json::array());
  if (!pairs.is_array()) {
    return fail(ErrorKind::unreadable, "etcd's answer has no list of keys: {}", excerpt(text));
  }
  for (const auto& pair : pairs) {
    const auto key = pair.is_object() ? decode(pair, "key") : std::nullopt;
    const auto value = pair.is_object() ? decode(pair, "value") : std::nullopt;
    if (!key || !value) {
      return fail(ErrorKind::unreadable, "etcd's answer has no key or value: {}", excerpt(text));
    }
    if (!read_key(*key, *value, cluster)) {
      return fail(ErrorKind::unreadable, "etcd's {} is unreadable: {}", *key, excerpt(*value));
    }
  }
  return cluster;
}

}  // namespace mrc::systems::calico::v3
