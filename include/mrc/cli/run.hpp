#pragma once

#include <string>
#include <vector>

#include "mrc/cli/env.hpp"

namespace mrc::cli {

/// The whole program but for the process: parses the arguments (without argv[0]) and runs one
/// command. Throws Bug only.
ExitCode run(const std::vector<std::string>& args, Env& env);

}  // namespace mrc::cli
