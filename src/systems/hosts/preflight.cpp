#include "systems/hosts/preflight.hpp"

#include <algorithm>
#include <cstdlib>

namespace mrc::systems::hosts {
namespace {

using Level = Verdict::Level;

std::string list_addresses(const Observed& seen) {
  std::string out;
  for (const auto& one : seen.addresses) {
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", one.ip, one.interface);
  }
  return out.empty() ? "none" : out;
}

void check_login(const topology::Host& host, const Observed& seen, std::vector<Finding>& out) {
  if (seen.uid == 0) return;
  out.push_back({host.id,
                 Level::fail,
                 "the login is not root",
                 fmt::format("commands run as user id {}", seen.uid),
                 "set ssh.user: root, or ssh.become: true for sudo"});
}

void check_address(const topology::Host& host, const Observed& seen, std::vector<Finding>& out) {
  const auto has = [&](auto test) {
    return std::any_of(seen.addresses.begin(), seen.addresses.end(), test);
  };
  if (!has([&](const Address& one) { return one.ip == host.ip; })) {
    out.push_back(
        {host.id,
         Level::fail,
         fmt::format("the host does not have the address {}", host.ip),
         fmt::format("it calls itself {} and has {}", seen.hostname, list_addresses(seen)),
         "check that this is the host meant; when it is reached through another address, "
         "give its own as hosts." +
             host.id.text() + ".ip"});
  }
  if (!host.interface.empty() &&
      !has([&](const Address& one) { return one.interface == host.interface; })) {
    out.push_back({host.id,
                   Level::fail,
                   fmt::format("no interface {} with an IPv4 address", host.interface),
                   "it has " + list_addresses(seen),
                   fmt::format("correct hosts.{}.interface, or leave it out", host.id)});
  }
}

void check_names(const topology::Topology& topology,
                 const std::map<HostId, Observed>& seen,
                 std::vector<Finding>& out) {
  for (const auto& host : topology.hosts) {
    const auto& name = seen.at(host.id).hostname;
    if (name.find('/') != std::string::npos) {
      out.push_back({host.id,
                     Level::fail,
                     "the host name holds a '/'",
                     "it calls itself " + name,
                     "give it a plain one: hostnamectl set-hostname " + host.id.text()});
    }
    for (const auto& other : topology.hosts) {
      if (other.id == host.id) break;  // each pair once, told of the later one
      if (seen.at(other.id).hostname != name) continue;
      out.push_back(
          {host.id,
           Level::fail,
           fmt::format("{} has the same host name", other.id),
           fmt::format("both call themselves {}; Calico would take them for one host", name),
           "give each its own: hostnamectl set-hostname " + host.id.text()});
    }
  }
}

void check_distinct(const topology::Topology& topology,
                    const std::map<HostId, Observed>& seen,
                    std::vector<Finding>& out) {
  for (const auto& host : topology.hosts) {
    const auto& mine = seen.at(host.id);
    for (const auto& other : topology.hosts) {
      if (other.id == host.id) break;
      const auto& theirs = seen.at(other.id);
      // A cloned machine may keep its machine-id; boot id and addresses differ all the same.
      if (mine.boot_id != theirs.boot_id || mine.netns != theirs.netns ||
          mine.addresses != theirs.addresses) {
        continue;
      }
      out.push_back(
          {host.id,
           Level::fail,
           fmt::format("{} and {} are one machine", other.id, host.id),
           fmt::format("both logins reach {} with {}", mine.hostname, list_addresses(mine)),
           "correct one of the two addresses"});
    }
  }
}

/// The hosts read their clocks when the probe reaches them, which one slow login may put off by
/// seconds, so each is compared with the workstation's at that moment; what both have in common is
/// the workstation's own error and does not count. Only what is clearly too much stops an apply.
void check_clocks(const topology::Topology& topology,
                  const std::map<HostId, Observed>& seen,
                  std::vector<Finding>& out) {
  constexpr std::int64_t k_wanted_ms = 500;
  constexpr std::int64_t k_reading_ms = 1000;
  if (seen.size() < 2) return;
  std::vector<std::int64_t> clocks;
  const auto ahead = [](const Observed& one) { return one.clock_ms - one.asked_ms; };
  for (const auto& [id, one] : seen) clocks.push_back(ahead(one));
  std::sort(clocks.begin(), clocks.end());
  const auto median = clocks[(clocks.size() - 1) / 2];
  for (const auto& host : topology.hosts) {
    const auto& one = seen.at(host.id);
    const auto off = ahead(one) - median;
    const auto allowed = k_wanted_ms + (one.whole_seconds ? 1000 : 0);
    if (std::abs(off) <= allowed) continue;
    out.push_back({host.id,
                   std::abs(off) > allowed + k_reading_ms ? Level::fail : Level::warn,
                   fmt::format("the clock is {}.{:03} s {} the others'",
                               std::abs(off) / 1000,
                               std::abs(off) % 1000,
                               off < 0 ? "behind" : "ahead of"),
                   fmt::format("more than {} ms from the median of all hosts", k_wanted_ms),
                   "run a time service there (chrony, systemd-timesyncd) and see that it is in "
                   "sync: timedatectl"});
  }
}

}  // namespace

std::vector<Finding> findings(const topology::Topology& topology,
                              const std::map<HostId, Observed>& seen) {
  std::vector<Finding> out;
  for (const auto& host : topology.hosts) {
    check_login(host, seen.at(host.id), out);
    check_address(host, seen.at(host.id), out);
  }
  check_distinct(topology, seen, out);
  check_names(topology, seen, out);
  check_clocks(topology, seen, out);
  return out;
}

}  // namespace mrc::systems::hosts
