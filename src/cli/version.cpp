#include <ostream>

#include "cli/commands.hpp"

namespace mrc::cli {

void add_version(CLI::App& root, Env& env) {
  root.add_subcommand("version", "Print mrc's version")->callback([&env] {
    env.out << "mrc " MRC_VERSION "\n";
  });
}

}  // namespace mrc::cli
