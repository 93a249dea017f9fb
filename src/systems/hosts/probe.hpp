#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/base/net.hpp"
#include "mrc/shell/script.hpp"

namespace mrc::systems::hosts {

struct Address {
  std::string interface;
  Ipv4 ip;
  auto operator<=>(const Address&) const = default;
};

/// One host as it describes itself.
struct Observed {
  std::string hostname;  ///< the kernel's, on which Calico keys everything
  int uid = 0;
  std::int64_t clock_ms = 0;
  std::int64_t asked_ms = 0;   ///< when that was, on the workstation's clock
  bool whole_seconds = false;  ///< its `date` knows no finer unit
  std::string boot_id;
  std::string netns;
  std::string os;
  std::vector<Address> addresses;
  bool operator==(const Observed&) const = default;
};

shell::Script probe_script();

/// Reads what `probe_script` printed. Errors: `unreadable`.
Result<Observed> parse_probe(std::string_view text);

}  // namespace mrc::systems::hosts
