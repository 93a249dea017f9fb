#include <nlohmann/json.hpp>

#include "mrc/systems/system.hpp"

namespace mrc::systems {
namespace {

using nlohmann::json;

Error odd(const std::string& text) {
  return {ErrorKind::unreadable,
          fmt::format("the list of hosts in it is odd: {}", excerpt(text)),
          {},
          0,
          {}};
}

}  // namespace

Result<std::map<HostId, RecordedHost>> recorded_hosts(
    const std::map<std::string, std::string>& record) {
  std::map<HostId, RecordedHost> out;
  const auto found = record.find(std::string(k_hosts_key));
  if (found == record.end()) return out;
  const auto list = json::parse(found->second, nullptr, false);
  if (!list.is_array()) return fail(odd(found->second));
  for (const auto& one : list) {
    try {
      out[HostId(one.at("id").get<std::string>())] = {one.at("address").get<std::string>(),
                                                      one.at("ip").get<std::string>(),
                                                      one.at("user").get<std::string>(),
                                                      one.at("port").get<int>(),
                                                      one.at("host_key").get<std::string>()};
    } catch (const json::exception&) {
      return fail(odd(found->second));
    }
  }
  return out;
}

std::string render_recorded_hosts(const std::map<HostId, RecordedHost>& hosts) {
  auto list = json::array();
  for (const auto& [id, host] : hosts) {
    list.push_back({{"id", id.text()},
                    {"address", host.address},
                    {"ip", host.ip},
                    {"user", host.user},
                    {"port", host.port},
                    {"host_key", host.host_key}});
  }
  return list.dump();
}

}  // namespace mrc::systems
