#pragma once

#include "mrc/plan/plan.hpp"

namespace CLI {
class App;
}

namespace mrc::cli {

/// Hangs `--detail summary|normal|full` on a command that shows a plan.
void add_detail(CLI::App& command, plan::Detail& detail);

}  // namespace mrc::cli
