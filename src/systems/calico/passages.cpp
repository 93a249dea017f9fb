#include "systems/calico/passages.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace mrc::systems::calico {
namespace {

using plan::Passage;
using Protocol = Passage::Protocol;

constexpr Port k_bgp{179};
constexpr Port k_vxlan{4789};

std::string name_of(const std::string& address, const std::vector<NodePlace>& hosts) {
  const auto found = std::find_if(
      hosts.begin(), hosts.end(), [&](const NodePlace& one) { return one.ip.text() == address; });
  return found == hosts.end() ? address : found->host.text();
}

void add_etcd(const NodePlace& here,
              const std::vector<NodePlace>& hosts,
              const std::string& endpoints,
              std::vector<Passage>& out) {
  std::istringstream list(endpoints);
  for (std::string url; std::getline(list, url, ',');) {
    const auto start = url.find("://");
    const auto colon = url.rfind(':');
    if (start == std::string::npos || colon <= start)
      continue;  // of another shape: not ours to try
    const auto address = url.substr(start + 3, colon - start - 3);
    std::uint16_t number = 0;
    std::from_chars(url.data() + colon + 1, url.data() + url.size(), number);
    if (number == 0 || address == here.ip.text()) continue;
    out.push_back({here.host,
                   name_of(address, hosts),
                   address,
                   Protocol::tcp,
                   Port(number),
                   "Calico's way to etcd"});
  }
}

}  // namespace

std::vector<Passage> node_passages(const NodePlace& here,
                                   const std::vector<NodePlace>& nodes,
                                   const std::vector<NodePlace>& hosts,
                                   const std::string& endpoints,
                                   Carriage carriage) {
  std::vector<Passage> out;
  const auto both_ways =
      [&](const NodePlace& there, Protocol protocol, Port port, const char* use) {
        out.push_back({here.host, there.host.text(), there.ip.text(), protocol, port, use});
        out.push_back({there.host, here.host.text(), here.ip.text(), protocol, port, use});
      };
  for (const auto& one : nodes) {
    if (one.host == here.host) continue;
    both_ways(one, Protocol::tcp, k_bgp, "BGP between Calico's nodes");
    if (carriage == Carriage::vxlan) both_ways(one, Protocol::udp, k_vxlan, "calico.mode vxlan");
    if (carriage == Carriage::ipip) both_ways(one, Protocol::ipip, Port(), "calico.mode ipip");
  }
  add_etcd(here, hosts, endpoints, out);
  return out;
}

}  // namespace mrc::systems::calico
