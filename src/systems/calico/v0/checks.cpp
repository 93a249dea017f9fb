#include <algorithm>
#include <nlohmann/json.hpp>

#include "systems/calico/v0/parts.hpp"
#include "systems/calico/v0/scripts.hpp"
#include "systems/calico/v0/table.hpp"

namespace mrc::systems::calico::v0 {
namespace {

using Level = Verdict::Level;

Verdict failed(std::string detail, std::string remedy) {
  return {Level::fail, std::move(detail), std::move(remedy)};
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
  auto check = make_check("MRC-V201", host, "the Calico node runs");
  check.ask = ask_script(want);
  check.ask.line("mrc_calico_container calico-node {} {} {}",
                 "image=" + want.node_image,
                 "IP=" + host.ip.text(),
                 shell::Text("\"HOSTNAME=$(uname -n)\""));
  if (!want.libnetwork_image.empty()) {
    check.ask.line("mrc_calico_container calico-libnetwork {}", "image=" + want.libnetwork_image);
  }
  check.judge = [](const Observation& seen) -> Verdict {
    if (seen.status == 0) return {Level::ok, "up", ""};
    const auto why = seen.out.empty() ? seen.err : seen.out;
    return failed("the container is missing, stopped or another: " + excerpt(why, 200),
                  "docker logs calico-node; mrc apply starts it anew");
  };
  return check;
}

Check registered_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V202", host, "etcd knows the node by its name and address");
  check.ask = ask_script(want);
  check.ask.line("uname -n").line("mrc_calico_tree");
  check.judge = [ip = host.ip.text()](const Observation& seen) -> Verdict {
    const auto end = seen.out.find('\n');
    const auto name = seen.out.substr(0, end);
    if (end == std::string::npos) return failed("no answer: " + excerpt(seen.err), "");
    return by_cluster([&](const Cluster& cluster) -> Verdict {
      const auto found = cluster.nodes.find(name);
      if (found == cluster.nodes.end()) {
        return failed(fmt::format("no node {} in etcd", name), "mrc apply starts it anew");
      }
      if (found->second != ip) {
        return failed(fmt::format("{} stands there with {}", name, found->second),
                      "another host may have the same name");
      }
      return {Level::ok, name + " " + ip, ""};
    })({seen.status, seen.out.substr(end + 1), seen.err});
  };
  return check;
}

Check peers_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V203", host, "all BGP peers are Established");
  std::vector<std::string> peers;
  for (const auto* other : want.nodes()) {
    if (other->id != host.id) peers.push_back(other->ip.text());
  }
  check.ask = ask_script(want);
  // Its return code says nothing about BIRD or the peers.
  check.ask.line("mrc_calicoctl 20 status || :");
  check.judge = [peers](const Observation& seen) -> Verdict {
    const auto table = parse_table(seen.out, "Peer address");
    if (!table) {
      return failed("BIRD does not tell of its peers: " + excerpt(seen.out, 200),
                    "docker logs calico-node; /var/log/calico/bird/current");
    }
    std::vector<std::string> down;
    for (const auto& peer : peers) {
      std::string state = "unknown";
      for (std::size_t row = 0; row < table->rows.size(); ++row) {
        if (table->cell(row, "Peer address") == peer) state = table->cell(row, "Info");
      }
      if (!state.starts_with("Established")) down.push_back(fmt::format("{}: {}", peer, state));
    }
    if (down.empty()) return {Level::ok, fmt::format("{} peers", peers.size()), ""};
    return failed(fmt::format("{}", fmt::join(down, "; ")),
                  "TCP 179 must pass between the hosts; /var/log/calico/bird/current");
  };
  return check;
}

Check pool_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V204", host, "the address pool is as wanted");
  check.subject = want.pool.text();
  check.ask = ask_script(want);
  check.ask.line("mrc_calico_tree");
  check.judge = by_cluster([pool = want.pool.text(),
                            options = want.pool_options()](const Cluster& cluster) -> Verdict {
    const auto found = cluster.pools.find(pool);
    if (found == cluster.pools.end()) {
      return failed("there is no such pool: BIRD announces nothing", "mrc apply adds it");
    }
    if (found->second.disabled) return failed("the pool is disabled", "mrc apply enables it");
    if (found->second.options != options) {
      return failed(fmt::format("its options are '{}', not '{}'", found->second.options, options),
                    "mrc apply sets them");
    }
    return {Level::ok, options.empty() ? "no options" : options, ""};
  });
  return check;
}

Check profile_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V205", host, "the profile's rules are just those wanted");
  check.subject = want.profile;
  check.ask = ask_script(want);
  check.ask.line("mrc_calico_tree");
  check.judge = by_cluster([want](const Cluster& cluster) -> Verdict {
    const auto found = cluster.profiles.find(want.profile);
    if (found == cluster.profiles.end()) {
      return failed("there is no such profile", "mrc apply makes it");
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
  auto check = make_check("MRC-V206", host, "the endpoint has its address, profile and host");
  check.subject = server.id.text();
  check.ask = ask_script(want);
  check.ask.line("uname -n")
      .line(
          "docker container inspect --format {} {} 2>/dev/null || echo none", "{{.Id}}", server.id)
      .line("mrc_calico_tree");
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
      if (endpoint->workload != container) {
        return failed(
            "the endpoint is that of another container, " + endpoint->workload.substr(0, 12),
            remedy);
      }
      if (endpoint->host != name) {
        return failed(fmt::format("the endpoint is on {}, not {}", endpoint->host, name), remedy);
      }
      if (endpoint->profiles != std::vector<std::string>{profile}) {
        return failed(fmt::format("its profiles are '{}'", fmt::join(endpoint->profiles, ",")),
                      remedy);
      }
      if (endpoint->state != "active") return failed("its state is " + endpoint->state, remedy);
      return {Level::ok, address, ""};
    })({seen.status, seen.out.substr(second + 1), seen.err});
  };
  return check;
}

Check interface_check(const Desired& want, const HostWant& host, const ServerWant& server) {
  auto check = make_check("MRC-V207", host, "the container has the interface, the host the route");
  check.subject = server.id.text();
  check.ask = make_script(want);
  check.ask.line("pid=$(docker container inspect --format {} {})", "{{.State.Pid}}", server.id)
      .line("mrc_calico_attached \"$pid\" {} || mrc_die {}",
            server.address.text(),
            "eth1 in the container is missing or lacks the address")
      .line("mrc_calico_served {}", server.address.text());
  check.judge = [](const Observation& seen) -> Verdict {
    if (seen.status == 0) return {Level::ok, "attached", ""};
    const auto why = seen.err.empty() ? seen.out : seen.err;
    return failed(excerpt(why, 200),
                  "a restart of the container or of Docker takes eth1 away: mrc apply brings it");
  };
  return check;
}

Check routes_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V208", host, "the other hosts' servers are routed there");
  check.ask = ask_script(want);
  std::vector<std::pair<std::string, std::string>> wanted;
  for (const auto* other : want.nodes()) {
    if (other->id == host.id) continue;
    for (const auto& server : other->servers) {
      wanted.emplace_back(server.address.text(), other->ip.text());
      check.ask.line("ip -4 -o route get {} || :", server.address.text());
    }
  }
  // `ip route get`: "192.168.0.51 via 10.0.0.2 dev eth0 src 10.0.0.1 uid 0".
  check.judge = [wanted](const Observation& seen) -> Verdict {
    std::vector<std::string> missing;
    for (const auto& [address, via] : wanted) {
      const auto line = fmt::format("{} via {} ", address, via);
      if (("\n" + seen.out).find("\n" + line) == std::string::npos) {
        missing.push_back(fmt::format("{} not via {}", address, via));
      }
    }
    if (missing.empty()) return {Level::ok, fmt::format("{} routes", wanted.size()), ""};
    return failed(fmt::format("{}", fmt::join(missing, "; ")),
                  "ip route; the pool must hold the addresses, the peers be Established");
  };
  return check;
}

Check felix_check(const Desired& want, const HostWant& host) {
  auto check = make_check("MRC-V209", host, "the kernel lets Felix run");
  check.ask = ask_script(want);
  check.ask.line("cat /proc/sys/net/ipv4/conf/all/rp_filter /proc/sys/net/ipv4/ip_forward");
  check.judge = [](const Observation& seen) -> Verdict {
    if (seen.out == "2\n1\n" || seen.out == "2\n0\n") {
      return failed("net.ipv4.conf.all.rp_filter is 2: Felix dies at its start, again and again",
                    "sysctl net.ipv4.conf.all.rp_filter=1");
    }
    if (seen.out == "1\n0\n" || seen.out == "0\n0\n") {
      return failed("net.ipv4.ip_forward is 0: no container is reached from outside its host",
                    "sysctl net.ipv4.ip_forward=1");
    }
    if (seen.status != 0) return failed("not readable: " + excerpt(seen.err), "");
    return {Level::ok, "rp_filter and ip_forward fit", ""};
  };
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
    all.push_back(felix_check(want, *host));
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
    }
  }
  return all;
}

}  // namespace mrc::systems::calico::v0
