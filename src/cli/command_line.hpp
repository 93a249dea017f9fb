#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/permits.hpp"

namespace mrc::cli {

/// A command as the operator types it, quoted for his shell where it must be. `flags` whose second
/// is false are left out.
std::string command_line(std::string_view command,
                         const std::string& file,
                         const Permits& permits,
                         const std::vector<std::pair<std::string_view, bool>>& flags = {});

}  // namespace mrc::cli
