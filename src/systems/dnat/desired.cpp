#include "systems/dnat/desired.hpp"

#include <algorithm>
#include <functional>

namespace mrc::systems::dnat {
namespace {

constexpr int k_server_port = 3306;  // inside a container it is always this one

bool same_rule(const Rule& a, const Rule& b) {
  return a.chain == b.chain && a.destination == b.destination && a.in_interface == b.in_interface &&
         a.out_interface == b.out_interface && a.protocol == b.protocol && a.port == b.port &&
         a.comment == b.comment && a.target == b.target && a.to == b.to && a.others == b.others;
}

/// The catchers before ours; all of them when ours is not there.
void add_foreign(const std::vector<const Rule*>& caught,
                 const std::string& mark,
                 std::vector<const Rule*>& out) {
  for (const auto* rule : caught) {
    if (rule->comment == mark) return;
    out.push_back(rule);
  }
}

Rule rule(const Exposure& want, const std::string& chain) {
  Rule made;
  made.chain = chain;
  made.destination = Condition{want.host_ip.text() + "/32", false};
  made.protocol = Condition{"tcp", false};
  made.port = Condition{fmt::format("{}", want.port.number()), false};
  made.comment = want.mark;
  made.target = "DNAT";
  made.to = want.to;
  return made;
}

Exposure exposure(const topology::Topology& topology,
                  const topology::Server& server,
                  Port port,
                  std::string name) {
  const auto& host = topology.host(server.host);
  Exposure one;
  one.server = server.id;
  one.host = host.id;
  one.host_ip = host.ip;
  one.port = port;
  one.to = fmt::format("{}:{}", server.address, k_server_port);
  one.interface =
      topology.expose && !topology.expose->interface.empty() ? topology.expose->interface : host.interface;
  one.mark = mark_prefix(topology.name) + name;
  one.name = std::move(name);
  return one;
}

// No server's name holds a colon.
constexpr std::string_view k_writer = ":writer";

std::string writer_name(const ServerId& server) { return fmt::format("{}{}", server, k_writer); }

}  // namespace

bool is_for_writers(std::string_view name) { return name.ends_with(k_writer); }

ServerId server_of(std::string_view name) {
  return ServerId(std::string(name.substr(0, name.find(':'))));
}

std::string mark_prefix(const std::string& deployment) {
  return fmt::format("mrc:{}:", deployment);
}

std::vector<Exposure> desired(const topology::Topology& topology) {
  std::vector<Exposure> all;
  for (const auto& server : topology.mysql.servers) {
    if (const auto port = topology.exposed_port(server)) {
      all.push_back(exposure(topology, server, *port, server.id.text()));
    }
  }
  for (auto& one : for_writers(topology)) {
    if (one.server == *topology.mysql.master) all.push_back(std::move(one));
  }
  return all;
}

std::vector<Exposure> for_writers(const topology::Topology& topology) {
  std::vector<Exposure> all;
  if (!topology.expose || !topology.expose->writer_port) return all;
  for (const auto& server : topology.mysql.servers) {
    all.push_back(
        exposure(topology, server, **topology.expose->writer_port, writer_name(server.id)));
  }
  return all;
}

std::string interface_of(const Exposure& want, const Observed& seen) {
  if (!want.interface.empty()) return want.interface;
  for (const auto& address : seen.addresses) {
    if (address.ip == want.host_ip) return address.interface;
  }
  return {};
}

Flow flow_from_outside(const Exposure& want, const std::string& interface) {
  return {want.host_ip, want.port, interface, {}};
}

Flow flow_from_host(const Exposure& want) { return {want.host_ip, want.port, {}, "lo"}; }

std::vector<Rule> rules(const Exposure& want, const std::string& interface) {
  auto outside = rule(want, "PREROUTING");
  outside.in_interface = Condition{interface, false};
  return {std::move(outside), rule(want, "OUTPUT")};
}

std::string insertion(const Rule& rule) {
  const auto interface =
      rule.in_interface ? fmt::format(" -i {}", rule.in_interface->value) : std::string();
  return fmt::format(
      "-I {} 1 -d {}{} -p tcp -m tcp --dport {} -m comment --comment \"{}\" -j DNAT "
      "--to-destination {}",
      rule.chain,
      rule.destination->value,
      interface,
      rule.port->value,
      rule.comment,
      rule.to);
}

bool is_removable(const Rule& rule, const Observed& seen) {
  const auto* end = seen.rules.data() + seen.rules.size();
  const bool same_kind = !std::less<>()(&rule, seen.rules.data()) && std::less<>()(&rule, end);
  return same_kind && (rule.chain == "PREROUTING" || rule.chain == "OUTPUT");
}

Standing standing(const Exposure& want, const Observed& seen) {
  Standing found;
  for (const auto& one : seen.rules) {
    if (one.comment == want.mark) found.ours.push_back(&one);
  }
  const auto interface = interface_of(want, seen);
  found.missing = rules(want, interface);
  for (const auto* ours : found.ours) {
    const auto one = std::find_if(found.missing.begin(),
                                  found.missing.end(),
                                  [&](const Rule& rule) { return same_rule(*ours, rule); });
    if (one == found.missing.end()) {
      found.wrong.push_back(ours);
    } else {
      found.missing.erase(one);
    }
  }
  found.exact = found.wrong.empty() && found.missing.empty();
  const auto outside = flow_from_outside(want, interface);
  const auto inside = flow_from_host(want);
  add_foreign(catchers(seen.rules, "PREROUTING", outside), want.mark, found.shadowing);
  add_foreign(catchers(seen.rules, "OUTPUT", inside), want.mark, found.shadowing);
  add_foreign(catchers(seen.legacy_rules, "PREROUTING", outside), want.mark, found.shadowing);
  add_foreign(catchers(seen.legacy_rules, "OUTPUT", inside), want.mark, found.shadowing);
  return found;
}

}  // namespace mrc::systems::dnat
