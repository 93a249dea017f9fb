#include "systems/calico/v3/made.hpp"

#include <nlohmann/json.hpp>

#include "systems/calico/keeper.hpp"

namespace mrc::systems::calico::v3 {
namespace {

using Json = nlohmann::json;

std::string text_at(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// The rest of `key` behind "calico3/WHAT/"; empty when it is another one.
std::string rest_of(const std::string& key, std::string_view what) {
  const auto start = fmt::format("{}{}/", k_prefix, what);
  return key.starts_with(start) ? key.substr(start.size()) : "";
}

bool read_endpoint(const std::string& server, const Json& json, Made& made) {
  Made::Attached one{text_at(json, "address"),
                     text_at(json, "container"),
                     text_at(json, "node"),
                     text_at(json, "profile"),
                     text_at(json, "network")};
  if (one.network.empty()) one.network = one.profile;  // of a time when they were always the same
  if (one.address.empty() || one.container.empty() || one.node.empty() || one.profile.empty()) {
    return false;
  }
  made.endpoints[ServerId(server)] = std::move(one);
  return true;
}

bool read_sysctls(const Json& json, Made& made) {
  made.has_sysctls = true;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return false;
    made.sysctls.emplace_back(name, value.get<std::string>());
  }
  return true;
}

bool read_paths(const Json& json, Made& made) {
  if (!json.is_array()) return false;
  made.has_paths = true;
  for (const auto& path : json) {
    if (!path.is_string()) return false;
    made.absent_paths.push_back(path.get<std::string>());
  }
  return true;
}

bool read_entry(const std::string& key, const Json& json, Made& made) {
  if (key == "calico3/paths") return read_paths(json, made);
  if (const auto image = rest_of(key, "image"); !image.empty()) {
    made.images.push_back(image);
    return true;
  }
  if (const auto profile = rest_of(key, "profile"); !profile.empty()) {
    made.profiles.insert(profile);
    return true;
  }
  if (key == "calico3/cluster") {
    made.cluster = true;
    return true;
  }
  const bool known = key == "calico3/node" || key == "calico3/sysctl" ||
                     !rest_of(key, "file").empty() || !rest_of(key, "pool").empty() ||
                     !rest_of(key, "endpoint").empty();
  if (!known) return true;  // a key of a later mrc is none of ours
  if (!json.is_object()) return false;
  if (key == "calico3/sysctl") return read_sysctls(json, made);
  if (key == "calico3/node") {
    made.node = true;
    made.inherited_node = json.contains("inherited");
  } else if (const auto file = rest_of(key, "file"); !file.empty()) {
    made.files[file] = {
        text_at(json, "sha256"), text_at(json, "version"), json.contains("inherited")};
    return made.files[file].sha256.size() == 64;
  } else if (const auto pool = rest_of(key, "pool"); !pool.empty()) {
    made.pools[pool] = text_at(json, "cidr");
    return !made.pools[pool].empty();
  } else {
    return read_endpoint(rest_of(key, "endpoint"), json, made);
  }
  return true;
}

}  // namespace

Result<Made> parse_made(const std::map<std::string, std::string>& record) {
  Made made;
  made.goals = kept_goals(record);
  for (const auto& [key, text] : record) {
    if (!key.starts_with(k_prefix)) continue;
    made.anything = true;
    const auto json = Json::parse(text, nullptr, false);
    if (json.is_discarded() || !read_entry(key, json, made)) {
      return fail(ErrorKind::unreadable, "the record's {} is unreadable: {}", key, excerpt(text));
    }
  }
  return made;
}

}  // namespace mrc::systems::calico::v3
