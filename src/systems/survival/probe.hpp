#pragma once

#include <map>
#include <string>
#include <string_view>

#include "mrc/base/error.hpp"
#include "mrc/base/id.hpp"
#include "mrc/shell/script.hpp"

namespace mrc::systems::survival {

/// One server's unit as it stands.
struct Unit {
  std::string owner;    ///< the deployment whose mark its file has; empty: none
  std::string file;     ///< cksum of it
  std::string script;   ///< cksum of what it runs; empty: not there
  std::string enabled;  ///< systemd's UnitFileState
  std::string active;   ///< systemd's ActiveState
  bool whole = false;   ///< since its last start the server has all that is its own
  std::string state;    ///< in its own words
  bool operator==(const Unit&) const = default;
};

struct Observed {
  bool systemd = false;
  std::map<ServerId, Unit> units;
  bool operator==(const Observed&) const = default;
};

shell::Script probe_script(const std::string& deployment);

/// Reads what `probe_script` printed. Errors: `unreadable`.
Result<Observed> parse_probe(std::string_view text);

}  // namespace mrc::systems::survival
