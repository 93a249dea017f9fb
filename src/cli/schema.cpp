#include <ostream>

#include "cli/commands.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::cli {

void add_schema(CLI::App& root, Env& env) {
  root.add_subcommand("schema", "Print the JSON Schema of the topology file")->callback([&env] {
    env.out << topology::render_schema();
  });
}

}  // namespace mrc::cli
