#include <algorithm>

#include "systems/calico/v3/parts.hpp"
#include "systems/calico/v3/scripts.hpp"

namespace mrc::systems::calico::v3 {
namespace {

using Level = Verdict::Level;

Verdict failed(std::string detail, std::string remedy) {
  return {Level::fail, std::move(detail), std::move(remedy)};
}

/// The answer of a script that says by its status whether it holds, and else why.
auto by_status(std::string good, std::string remedy) {
  return [good = std::move(good), remedy = std::move(remedy)](const Observation& seen) -> Verdict {
    if (seen.status == 0) return {Level::ok, good, ""};
    return failed(excerpt(seen.err.empty() ? seen.out : seen.err, 300), remedy);
  };
}

/// Judges by what etcd holds; that it cannot be read is said as such.
template <class Judge>
auto by_cluster(Judge judge) {
  return [judge](const Observation& seen) -> Verdict {
    if (seen.status != 0) {
      return failed("etcd does not answer: " + excerpt(seen.err, 200), "see to etcd first");
    }
    const auto cluster = parse_cluster(seen.out);
    if (!cluster) return failed(cluster.error().text(), "");
    return judge(*cluster);
  };
}

Check make_check(std::string_view code, const HostWant& host, std::string title) {
  Check check;
  check.id = code;
  check.group = "calico";
  check.host = host.id;
  check.title = std::move(title);
  return check;
}

Check node_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V221", host, "the Calico node runs");
  check.ask = ask_script(want);
  check.ask.line("mrc_calico3_container {} {} {}",
                 "image=" + want.node_image,
                 "IP=" + host.ip.text(),
                 shell::Text("\"NODENAME=$(mrc_calico3_me)\""));
  check.judge = by_status("up", "docker logs calico-node; mrc apply starts it anew");
  return check;
}

Check registered_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V222", host, "etcd knows the node by its name and address");
  check.ask = ask_script(want);
  check.ask.line("mrc_calico3_registered {}", host.ip.text());
  check.judge = by_status(host.ip.text(), "mrc apply starts the node anew");
  return check;
}

Check peers_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V223", host, "all BGP peers are Established");
  std::vector<std::string> peers;
  for (const auto* other : want.nodes()) {
    if (other->id != host.id) peers.push_back(other->ip.text());
  }
  check.ask = ask_script(want);
  check.ask.line("mrc_calico3_peers {}", shell::words(peers));
  check.judge = by_status(fmt::format("{} peers", peers.size()),
                          "TCP 179 must pass between the hosts; /var/log/calico/bird/current");
  return check;
}

Check pool_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V224", host, "the address pool is as wanted");
  check.subject = want.cidr.text();
  check.ask = ask_script(want);
  check.ask.line("mrc_calico3_tree");
  check.judge = by_cluster([want](const Cluster& cluster) -> Verdict {
    const auto found = cluster.pools.find(want.cidr.text());
    if (found == cluster.pools.end()) {
      return failed("there is no such pool: nothing is announced", "mrc apply adds it");
    }
    std::vector<std::string> lines;
    const bool by_us = found->second.name == want.pool.name;
    for (const auto& one : pool_differences(want, found->second, by_us)) {
      lines.push_back(fmt::format("{} is {}, not {}", one.field, one.before, one.after));
    }
    if (lines.empty()) return {Level::ok, found->second.name, ""};
    return failed(fmt::format("{}", fmt::join(lines, "; ")), "mrc apply sets them");
  });
  return check;
}

Check profile_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V225", host, "the profile's rules are just those wanted");
  check.subject = want.profile;
  check.ask = ask_script(want);
  check.ask.line("mrc_calico3_tree");
  check.judge = by_cluster([want](const Cluster& cluster) -> Verdict {
    const auto found = cluster.profiles.find(want.profile);
    if (found == cluster.profiles.end()) {
      return failed("there is no such profile: all is dropped", "mrc apply makes it");
    }
    std::vector<std::string> lines;
    for (const auto& one : profile_differences(want, found->second)) {
      if (!one.before.empty()) lines.push_back(fmt::format("{} has {}", one.field, one.before));
      if (!one.after.empty()) lines.push_back(fmt::format("{} lacks {}", one.field, one.after));
    }
    if (lines.empty()) return {Level::ok, "exact", ""};
    return failed(fmt::format("{}", fmt::join(lines, "; ")), "mrc apply sets them");
  });
  return check;
}

Check endpoint_check(const Desired& want, const HostWant& host, const ServerWant& server) {
  auto check = make_check("MRC-V226", host, "the endpoint has its address, profile and node");
  check.subject = server.id.text();
  check.ask = ask_script(want);
  check.ask.line("mrc_calico3_me")
      .line(
          "docker container inspect --format {} {} 2>/dev/null || echo none", "{{.Id}}", server.id)
      .line("mrc_calico3_tree");
  check.judge = [address = server.address.text(),
                 profile = want.profile](const Observation& seen) -> Verdict {
    const auto first = seen.out.find('\n');
    const auto second = first == std::string::npos ? first : seen.out.find('\n', first + 1);
    if (second == std::string::npos) return failed("no answer: " + excerpt(seen.err), "");
    const auto name = seen.out.substr(0, first);
    const auto container = seen.out.substr(first + 1, second - first - 1);
    return by_cluster([&](const Cluster& cluster) -> Verdict {
      constexpr auto remedy = "mrc apply attaches it anew";
      const auto* endpoint = cluster.find_by_address(address);
      if (endpoint == nullptr) return failed("no endpoint has " + address, remedy);
      if (endpoint->container != container) {
        return failed(
            "the endpoint is that of another container, " + endpoint->container.substr(0, 12),
            remedy);
      }
      if (endpoint->node != name) {
        return failed(fmt::format("the endpoint is on {}, not {}", endpoint->node, name), remedy);
      }
      if (endpoint->profiles != std::vector<std::string>{profile}) {
        return failed(fmt::format("its profiles are '{}'", fmt::join(endpoint->profiles, ",")),
                      remedy);
      }
      if (!cluster.assigned.contains(address)) {
        return failed("Calico's IPAM holds the address for free: another container may get it",
                      remedy);
      }
      return {Level::ok, address, ""};
    })({seen.status, seen.out.substr(second + 1), seen.err});
  };
  return check;
}

Check interface_check(const Desired& want, const HostWant& host, const ServerWant& server) {
  auto check = make_check("MRC-V227", host, "the container has the interface, the host the route");
  check.subject = server.id.text();
  check.ask = make_script(want);
  check.ask
      .line(
          "set -- $(docker container inspect --format {} {})", "{{.State.Pid}} {{.Id}}", server.id)
      .line("link=$(mrc_calico3_link \"$2\")")
      .line("mrc_calico3_attached \"$1\" {} \"$link\" || mrc_die {}",
            server.address.text(),
            "the interface in the container is missing or lacks the address")
      .line("ip -4 -o route show {} | grep -q \" dev $link \" || mrc_die {}",
            server.address.text() + "/32",
            "the host has no route to the container");
  check.judge = by_status(
      "attached", "a restart of the container or of Docker takes it away: mrc apply brings it");
  return check;
}

Check routes_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V228", host, "the other hosts' servers are routed there");
  std::vector<std::string> pairs;
  for (const auto* other : want.nodes()) {
    if (other->id == host.id) continue;
    for (const auto& server : other->servers) {
      pairs.push_back(server.address.text());
      pairs.push_back(other->ip.text());
    }
  }
  check.ask = ask_script(want);
  // A route that was just announced takes some seconds to come.
  check.ask.line("mrc_wait 15 routes mrc_calico3_routed {}", shell::words(pairs));
  check.judge = by_status(fmt::format("{} routes", pairs.size() / 2),
                          "ip route; the pool must hold the addresses, the peers be Established");
  return check;
}

/// What is outside of the profile is refused as long as Felix's rules stand before the server.
Check isolation_check(const Desired& want, const HostWant& host, const ServerWant& server) {
  auto check = make_check("MRC-V229", host, "Felix's rules stand before the server");
  check.subject = server.id.text();
  check.ask = make_script(want);
  check.ask
      .line("link=$(mrc_calico3_link \"$(docker container inspect --format {} {})\")",
            "{{.Id}}",
            server.id)
      .line("mrc_calico3_policed \"$link\"");
  check.judge = by_status("policed",
                          "docker logs calico-node; /var/log/calico/felix/current; something else "
                          "may have taken the rules away");
  return check;
}

}  // namespace

std::vector<Check> make_checks(const Desired& want) {
  std::vector<Check> all;
  const auto hosts = want.nodes();
  if (hosts.empty()) return all;
  for (const auto* host : hosts) {
    all.push_back(node_check(want, *host));
    all.push_back(registered_check(want, *host));
    if (hosts.size() > 1) {
      all.push_back(peers_check(want, *host));
      all.push_back(routes_check(want, *host));
    }
  }
  all.push_back(pool_check(want, *hosts.front()));
  all.push_back(profile_check(want, *hosts.front()));
  for (const auto* host : hosts) {
    for (const auto& server : host->servers) {
      all.push_back(endpoint_check(want, *host, server));
      all.push_back(interface_check(want, *host, server));
      all.push_back(isolation_check(want, *host, server));
    }
  }
  return all;
}

}  // namespace mrc::systems::calico::v3
