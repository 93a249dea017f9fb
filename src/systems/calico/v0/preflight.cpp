#include <algorithm>
#include <iterator>

#include "systems/calico/motion.hpp"
#include "systems/calico/v0/parts.hpp"

namespace mrc::systems::calico::v0 {
namespace {

using Level = Verdict::Level;

bool right_version(const Binary& binary) { return binary.version.starts_with("0.22."); }

void judge_calicoctl(const Desired& want,
                     const HostWant& host,
                     const Reading& seen,
                     std::vector<Finding>& all) {
  const auto& now = seen.host(host.id).calicoctl;
  constexpr auto remedy =
      "name one in the topology: calico.calicoctl, a path or a url with its sha256";
  if (!now) {
    if (!want.calicoctl) {
      all.push_back({host.id, Level::fail, "there is no calicoctl", "mrc was given none", remedy});
    }
    return;
  }
  const bool wanted = want.calicoctl && now->sha256 == want.calicoctl->sha256;
  const bool replaced =
      want.calicoctl && (want.adopt || seen.made_on(host.id).calicoctl_sha256.has_value());
  if (wanted || replaced || right_version(*now)) return;
  all.push_back(
      {host.id,
       Level::fail,
       "another calicoctl is in the way",
       fmt::format("{} is not of mrc's making and says version '{}'", now->path, now->version),
       "move it away, or put calicoctl v0.22.0 in its place"});
}

void judge_foreign_node(const Desired& want,
                        const HostWant& host,
                        const Reading& seen,
                        std::vector<Finding>& all) {
  const auto& now = seen.host(host.id);
  if (!now.node || seen.made_on(host.id).node) return;
  const auto difference = node_difference(want, host, seen).reason;
  if (difference.empty()) return;
  all.push_back({host.id,
                 Level::fail,
                 "a Calico node that mrc did not start is in the way",
                 same_etcd(want, host, *now.node)
                     ? difference
                     : "it belongs to another cluster: its etcd is not that of the topology",
                 "remove it (calicoctl node stop, docker rm calico-node), or start it as the "
                 "topology says"});
}

bool lacks_module(const HostSeen& now, const char* module) {
  const auto found = now.modules.find(module);
  return found != now.modules.end() && !found->second;
}

/// v0.22 knows one tunnel; today's Calico another one, which all kernels have.
constexpr auto k_other_tunnel =
    "take today's Calico (docs/calico.md), calico.version: v3.32.1, with calico.mode: "
    "vxlan-cross-subnet";

std::vector<Finding> apart(const Desired& want, const Reading& seen, const std::string& remedy) {
  std::vector<NodePlace> places;
  std::map<HostId, Routers> routers;
  for (const auto* host : want.nodes()) {
    places.push_back({host->id, host->ip});
    routers[host->id] = seen.host(host->id).routers;
  }
  return hosts_apart(places, routers, remedy);
}

void judge_networks(const Desired& want, const Reading& seen, std::vector<Finding>& all) {
  if (want.ipip) return;
  const auto hosts = want.nodes();
  const auto without = std::find_if(hosts.begin(), hosts.end(), [&](const auto* host) {
    return lacks_module(seen.host(host->id), "ipip");
  });
  auto found = apart(want,
                     seen,
                     without == hosts.end()
                         ? "calico.ipip: true"
                         : fmt::format("calico.ipip: true, when {} has the kernel's module ipip; "
                                       "or {}",
                                       (*without)->id,
                                       k_other_tunnel));
  std::move(found.begin(), found.end(), std::back_inserter(all));
}

void judge_kernel(const Desired& want,
                  const HostWant& host,
                  const Reading& seen,
                  std::vector<Finding>& all) {
  const auto& now = seen.host(host.id);
  if (lacks_module(now, "xt_set")) {
    all.push_back({host.id,
                   Level::warn,
                   "the kernel's xt_set cannot be seen",
                   "Felix needs it for its rules; it may be built in",
                   "modprobe xt_set"});
  }
  if (want.ipip && lacks_module(now, "ipip")) {
    all.push_back({host.id,
                   Level::fail,
                   "the kernel has no IP-in-IP",
                   "calico.ipip is on, and no module ipip can be loaded",
                   apart(want, seen, "").empty()
                       ? "turn calico.ipip off, as the hosts share a network"
                       : fmt::format("install the kernel's module ipip, or {}", k_other_tunnel)});
  }
  const bool ours = now.node && now.node->running;
  if (now.bgp_port_taken && !ours) {
    all.push_back({host.id,
                   Level::fail,
                   "TCP port 179 is taken",
                   "BIRD listens there for its BGP peers, and something else does",
                   "stop what listens: ss -ltnp sport = :179"});
  }
}

/// Our own pool goes for one that overlaps it: nobody may be left outside.
void judge_swap(const Desired& want,
                const HostWant& first,
                const Cidr& old,
                const Reading& seen,
                std::vector<Finding>& all) {
  for (const auto& endpoint : seen.cluster->endpoints) {
    for (const auto& text : endpoint.addresses) {
      const auto address = Ipv4::parse(text);
      if (!address || !old.contains(*address) || want.pool.contains(*address)) continue;
      const bool ours = std::any_of(seen.made.begin(), seen.made.end(), [&](const auto& one) {
        return std::any_of(
            one.second.endpoints.begin(), one.second.endpoints.end(), [&](const auto& made) {
              return made.second.container == endpoint.workload;
            });
      });
      if (ours) continue;
      all.push_back({first.id,
                     Level::fail,
                     fmt::format("the pool {} is still used", old.text()),
                     fmt::format("{} of the container {} on {} is outside {}",
                                 text,
                                 endpoint.workload.substr(0, 12),
                                 endpoint.host,
                                 want.pool.text()),
                     "choose a pool that has it, or that does not overlap " + old.text()});
    }
  }
}

void judge_cluster(const Desired& want,
                   const HostWant& first,
                   const Reading& seen,
                   std::vector<Finding>& all) {
  if (!seen.cluster) {
    if (want.own_etcd) return;  // the steps of etcd bring it up
    all.push_back({first.id,
                   Level::fail,
                   "etcd does not answer",
                   seen.etcd_why,
                   "see to the cluster at etcd.endpoints; its v2 API must be on"});
    return;
  }
  for (const auto& [text, pool] : seen.cluster->pools) {
    const auto cidr = Cidr::parse(text);
    if (!cidr || !cidr->overlaps(want.pool)) continue;
    if (*cidr != want.pool && seen.made_pool(text)) {
      judge_swap(want, first, *cidr, seen, all);
    } else if (*cidr != want.pool) {
      all.push_back(
          {first.id,
           Level::fail,
           "another address pool overlaps",
           fmt::format("Calico has the pool {}, and would refuse {}", text, want.pool.text()),
           "use that pool in the topology, or remove it: calicoctl pool remove " + text});
    } else if (!seen.made_pool(text) && pool != Pool{want.pool_options(), false}) {
      all.push_back({first.id,
                     Level::fail,
                     "the address pool has other options",
                     fmt::format("mrc did not make {}, which has '{}'{}, not '{}'",
                                 text,
                                 pool.options,
                                 pool.disabled ? " and is disabled" : "",
                                 want.pool_options()),
                     "set calico.nat_outgoing and calico.ipip as that pool has them"});
    }
  }
}

void judge_profile(const Desired& want,
                   const HostWant& first,
                   const Reading& seen,
                   std::vector<Finding>& all) {
  if (!seen.cluster) return;
  const auto found = seen.cluster->profiles.find(want.profile);
  if (seen.made_profile(want.profile) || found == seen.cluster->profiles.end() ||
      profile_differences(want, found->second).empty()) {
    return;
  }
  all.push_back({first.id,
                 Level::fail,
                 fmt::format("the profile {} has other rules", want.profile),
                 fmt::format("mrc did not make it, and its rules are {}", found->second.rules),
                 "give another name to calico.profile"});
}

void judge_names(const Desired& want, const Reading& seen, std::vector<Finding>& all) {
  std::map<std::string, HostId> names;
  for (const auto* host : want.nodes()) {
    const auto& name = seen.host(host->id).kernel_name;
    const auto [other, fresh] = names.emplace(name, host->id);
    if (!fresh) {
      all.push_back(
          {host->id,
           Level::fail,
           "two hosts have one name",
           fmt::format(
               "{} calls itself {} as well; Calico tells hosts apart by it", other->second, name),
           "hostnamectl set-hostname"});
    }
    if (name.find('/') != std::string::npos) {
      all.push_back({host->id, Level::fail, "the host's name has a slash", name, "change it"});
    }
    if (!seen.cluster) continue;
    const auto former = seen.former_names(*host);
    for (const auto& [known, address] : seen.cluster->nodes) {
      const bool renamed = std::find(former.begin(), former.end(), known) != former.end();
      if (address == host->ip.text() && known != name && !renamed) {
        all.push_back(
            {host->id,
             Level::fail,
             "another Calico node has this host's address",
             fmt::format("etcd has {} for {}", address, known),
             fmt::format("if that host is gone: calicoctl node remove --hostname={}", known)});
      }
    }
  }
}

}  // namespace

std::vector<Finding> findings(const Desired& want, const Reading& seen) {
  std::vector<Finding> all;
  const auto hosts = want.nodes();
  for (const auto* host : hosts) {
    judge_calicoctl(want, *host, seen, all);
    judge_foreign_node(want, *host, seen, all);
    judge_kernel(want, *host, seen, all);
    for (const auto& server : host->servers) {
      const auto* holder = foreign_holder(server, seen.host(host->id), seen);
      if (holder == nullptr || want.adopt) continue;
      const bool here = holder->host == seen.host(host->id).kernel_name &&
                        seen.made_on(host->id).endpoints.contains(server.id);
      all.push_back({host->id,
                     Level::fail,
                     fmt::format("the address of {} is taken", server.id),
                     fmt::format("{} belongs to the container {} on {}, which mrc did not attach{}",
                                 server.address,
                                 holder->workload.substr(0, 12),
                                 holder->host,
                                 here ? k_maybe_moving : ""),
                     fmt::format("{}give the server another address, or detach it there: calicoctl "
                                 "container remove {}",
                                 here ? k_wait_first : "",
                                 holder->workload)});
    }
  }
  judge_networks(want, seen, all);
  if (!hosts.empty()) {
    judge_cluster(want, *hosts.front(), seen, all);
    judge_profile(want, *hosts.front(), seen, all);
  }
  judge_names(want, seen, all);
  return all;
}

}  // namespace mrc::systems::calico::v0
