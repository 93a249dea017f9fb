#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mrc/transport/openssh.hpp"

namespace mrc::transport {

/// A command on a host that has this process's own streams, as long as it lasts.
struct Foreground {
  shell::Text command;                    ///< none: the login shell
  bool terminal = false;                  ///< it gets a terminal there
  std::optional<std::string> input = {};  ///< its stdin; empty: ours
};

/// What ssh is started with for it. Errors: io.
Result<std::vector<std::string>> foreground_arguments(const Target& target,
                                                      const OpenSshOptions& options,
                                                      const Foreground& what);

/// Runs it and waits for its end. Its status; 255 also where ssh itself failed, which has said why
/// on stderr. Errors: io.
Result<int> run_in_foreground(const Target& target,
                              const OpenSshOptions& options,
                              const Foreground& what);

}  // namespace mrc::transport
