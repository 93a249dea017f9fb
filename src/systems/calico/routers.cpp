#include "systems/calico/routers.hpp"

#include <set>

namespace mrc::systems::calico {
namespace {

/// The router on the way from one to the other, in whichever direction there is one.
const std::string* router_between(const NodePlace& one,
                                  const NodePlace& other,
                                  const std::map<HostId, Routers>& routers) {
  for (const auto& [from, to] : {std::pair(&one, &other), std::pair(&other, &one)}) {
    const auto ways = routers.find(from->host);
    if (ways == routers.end()) continue;
    const auto found = ways->second.find(to->ip.text());
    if (found != ways->second.end()) return &found->second;
  }
  return nullptr;
}

}  // namespace

std::vector<Finding> hosts_apart(const std::vector<NodePlace>& nodes,
                                 const std::map<HostId, Routers>& routers,
                                 const std::string& remedy) {
  std::vector<Finding> all;
  for (const auto& here : nodes) {
    std::vector<std::string> others;
    std::set<std::string> between;
    for (const auto& there : nodes) {
      if (there.host == here.host) break;  // each pair once, told of the later one
      const auto* router = router_between(there, here, routers);
      if (router == nullptr) continue;
      others.push_back(there.host.text());
      between.insert(*router);
    }
    if (others.empty()) continue;
    all.push_back({here.host,
                   Verdict::Level::fail,
                   "hosts of different networks, and a pool without a tunnel",
                   fmt::format("{} shares no network with {}: on the way, by {}, what containers "
                               "send is dropped, as nobody there knows their addresses",
                               here.host,
                               fmt::join(others, ", "),
                               fmt::join(between, ", ")),
                   remedy});
  }
  return all;
}

}  // namespace mrc::systems::calico
