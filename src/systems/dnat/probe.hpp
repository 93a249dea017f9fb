#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/net.hpp"
#include "mrc/shell/script.hpp"
#include "systems/dnat/rule.hpp"

namespace mrc::systems::dnat {

struct Address {
  std::string interface;
  Ipv4 ip;
  bool operator==(const Address&) const = default;
};

struct Observed {
  std::string iptables;  ///< "iptables v1.8.11 (nf_tables)"; empty: not installed
  std::vector<Address> addresses;
  std::vector<Rule> rules;         ///< of the table nat, in order
  std::vector<Rule> legacy_rules;  ///< of the other kind of iptables, when both are in use
  bool operator==(const Observed&) const = default;
};

shell::Script probe_script();

/// Reads what `probe_script` printed. Errors: `unreadable`.
Result<Observed> parse_probe(std::string_view text);

}  // namespace mrc::systems::dnat
