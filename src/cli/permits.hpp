#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mrc::cli {

/// What mrc does only when it is told to, for one run. A saved plan keeps them.
struct Permits {
  bool adopt = false;               ///< take over what mrc has not made
  std::vector<std::string> forget;  ///< hosts that left the file and will never be reached again
  bool operator==(const Permits&) const = default;
};

/// Hangs `--adopt` on a command.
void add_adopt(CLI::App& command, Permits& permits);
/// Hangs `--forget HOST` on a command.
void add_forget(CLI::App& command, Permits& permits);

}  // namespace mrc::cli
