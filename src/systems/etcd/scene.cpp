#include "systems/etcd/scene.hpp"

#include <algorithm>

namespace mrc::systems::etcd {

bool has_member(const std::map<std::string, std::string>& record) {
  return record.contains("etcd/config") || record.contains("etcd/data") ||
         record.contains("etcd/unit");
}

std::string_view url_host(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.rfind(':'));
}

bool Scene::is_recorded(const HostId& host) const { return has_member(records.record(host)); }

bool Scene::is_ours(const HostId& host) const {
  if (is_recorded(host)) return true;
  const auto one = seen.find(host);
  return one != seen.end() && one->second.config_mark == want.deployment;
}

bool Scene::is_adopted(const HostId& host) const {
  return adopt && !is_ours(host) && at(host).unit.running();
}

std::optional<std::string> Scene::owner(const HostId& host) const {
  if (is_recorded(host)) return {};
  for (const auto& [name, record] : records.others(host)) {
    if (has_member(record)) return name;
  }
  return {};
}

std::optional<HostId> Scene::known(const Member& member) const {
  const auto address = url_host(member.peer_urls.front());
  for (const auto& host : want.hosts) {
    if (want.ips.at(host).text() == address) return host;
  }
  for (const auto* hosts : {&records.departed(), &records.forgotten()}) {
    for (const auto& [host, how] : *hosts) {
      if (how.ip == address) return host;
    }
  }
  const HostId name(member.name);
  if (want.ips.contains(name) || records.departed().contains(name) ||
      records.forgotten().contains(name)) {
    return name;
  }
  return {};
}

bool Scene::is_renamed(const HostId& host) const {
  const auto found = records.departed().find(host);
  if (found == records.departed().end()) return false;
  return std::any_of(want.ips.begin(), want.ips.end(), [&](const auto& one) {
    return one.second.text() == found->second.ip;
  });
}

std::vector<HostId> Scene::former() const {
  std::vector<HostId> out;
  for (const auto& host : records.hosts()) {
    if (want.member(host) != nullptr || is_renamed(host)) continue;
    const auto& record = records.record(host);
    if (has_member(record) || record.contains("etcd/package") || record.contains(k_uses_key)) {
      out.push_back(host);
    }
  }
  return out;
}

}  // namespace mrc::systems::etcd
