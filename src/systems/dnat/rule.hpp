#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/net.hpp"

namespace mrc::systems::dnat {

/// A condition's value, and whether it is negated.
struct Condition {
  std::string value;
  bool negated = false;
  bool operator==(const Condition&) const = default;
};

/// One rule of the table nat, as iptables-save shows it.
struct Rule {
  std::string chain;
  std::optional<Condition> destination;
  std::optional<Condition> in_interface;
  std::optional<Condition> out_interface;
  std::optional<Condition> protocol;
  std::optional<Condition> port;  ///< --dport or --dports: "3306", "3000:4000", "80,443"
  std::string comment;
  std::string target;  ///< of -j or -g
  std::string to;      ///< --to-destination
  std::string others;  ///< conditions that we do not weigh, as words: "-m mark --mark 0x1"
  std::string text;    ///< the line itself
  bool operator==(const Rule&) const = default;
};

/// Errors: `unreadable`, when the line is no "-A CHAIN ...".
Result<Rule> parse_rule(std::string_view line);

/// A new connection to a server's port at the host's address.
struct Flow {
  Ipv4 address;
  Port port;
  std::string in_interface;   ///< empty: comes from the host itself
  std::string out_interface;  ///< empty: comes from outside
};

/// The rules that would decide on this flow, in the order in which the kernel meets them: those of
/// `chain` and of the chains it jumps to. The first one wins. Conditions that we do not weigh count
/// as met, when the rule names the port.
std::vector<const Rule*> catchers(const std::vector<Rule>& rules,
                                  const std::string& chain,
                                  const Flow& flow);

}  // namespace mrc::systems::dnat
