#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/id.hpp"
#include "mrc/base/net.hpp"
#include "mrc/topology/topology.hpp"
#include "systems/dnat/probe.hpp"
#include "systems/dnat/rule.hpp"

namespace mrc::systems::dnat {

/// One port of a host's address at which the outside shall reach a server.
struct Exposure {
  ServerId server;
  std::string name;  ///< "mysql-master"; the port for writers has "mysql-master:writer"
  HostId host;
  Ipv4 host_ip;
  Port port;              ///< on the host
  std::string to;         ///< "10.77.0.50:3306"
  std::string interface;  ///< empty: the one that carries `host_ip`
  std::string mark;       ///< "mrc:orders:mysql-master"
  bool operator==(const Exposure&) const = default;
};

/// All exposures, in the file's order.
std::vector<Exposure> desired(const topology::Topology& topology);

/// The port for writers of each server's host, as it would be were the server the master.
std::vector<Exposure> for_writers(const topology::Topology& topology);

/// Of an exposure's name.
bool is_for_writers(std::string_view name);
ServerId server_of(std::string_view name);

/// What every mark of this deployment begins with.
std::string mark_prefix(const std::string& deployment);

/// Where the outside comes in on this host; empty when no interface carries the address.
std::string interface_of(const Exposure& want, const Observed& seen);

/// What comes from outside, and what comes from the host itself.
Flow flow_from_outside(const Exposure& want, const std::string& interface);
Flow flow_from_host(const Exposure& want);

/// The two rules, as iptables-save would show them.
std::vector<Rule> rules(const Exposure& want, const std::string& interface);

/// A rule that `--adopt` may delete: of nobody's chain, and of the iptables that we use.
bool is_removable(const Rule& rule, const Observed& seen);

/// "-I PREROUTING 1 ...": the rule as an order to put it first.
std::string insertion(const Rule& rule);

/// How the exposure stands on its host.
struct Standing {
  std::vector<const Rule*> ours;       ///< with our mark, wherever they are
  std::vector<const Rule*> wrong;      ///< those of them that are not wanted, or too many
  std::vector<Rule> missing;           ///< wanted and not there
  bool exact = false;                  ///< each wanted rule is there, once, and no other of ours
  std::vector<const Rule*> shadowing;  ///< foreign ones that win over ours, or would lose to it
};
Standing standing(const Exposure& want, const Observed& seen);

}  // namespace mrc::systems::dnat
