#include <algorithm>

#include "systems/dnat/steps.hpp"

namespace mrc::systems::dnat {
namespace {

using Level = Verdict::Level;

std::string deletion(const Rule& rule) { return "iptables -t nat -D" + rule.text.substr(2); }

void check_shadow(const Exposure& want,
                  const Observed& seen,
                  bool adopt,
                  std::vector<Finding>& out) {
  for (const auto* rule : standing(want, seen).shadowing) {
    // One of ours: the port moved from one server to another, and the steps will see to it.
    const auto prefix = want.mark.substr(0, want.mark.size() - want.name.size());
    if (rule->comment.starts_with(prefix)) continue;
    // Another deployment's is its own, whatever is taken over of strangers.
    const bool anothers = rule->comment.starts_with("mrc:");
    if (adopt && !anothers && is_removable(*rule, seen)) continue;
    Finding finding;
    finding.host = want.host;
    finding.title = fmt::format("another rule takes port {} of {}", want.port, want.host_ip);
    finding.detail = fmt::format("{} could not be reached beside it: {}", want.server, rule->text);
    finding.remedy = anothers ? "it is of another deployment: expose another port"
                     : rule->chain == "PREROUTING" || rule->chain == "OUTPUT"
                         ? "when it is not needed: " + deletion(*rule)
                         : "chain " + rule->chain +
                               " belongs to another program (a container that publishes the "
                               "port?): free it there, or expose another port";
    const bool told = std::any_of(out.begin(), out.end(), [&](const Finding& other) {
      return other.host == finding.host && other.detail == finding.detail;
    });
    if (!told) out.push_back(std::move(finding));
  }
}

}  // namespace

std::vector<Finding> findings(const std::vector<Exposure>& wanted,
                              const std::map<HostId, Observed>& seen,
                              bool adopt) {
  std::vector<Finding> out;
  for (const auto& want : wanted) {
    const auto& observed = seen.at(want.host);
    if (observed.iptables.empty()) {
      out.push_back({want.host,
                     Level::fail,
                     "iptables is not installed",
                     fmt::format("{} is exposed by its rules", want.server),
                     "install the package iptables"});
    } else if (interface_of(want, observed).empty()) {
      out.push_back({want.host,
                     Level::fail,
                     fmt::format("no interface carries {}", want.host_ip),
                     fmt::format("{} cannot be exposed there", want.server),
                     "name it: expose.interface, or hosts." + want.host.text() + ".interface"});
    } else {
      check_shadow(want, observed, adopt, out);
    }
  }
  return out;
}

}  // namespace mrc::systems::dnat
