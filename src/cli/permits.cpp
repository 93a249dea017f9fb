#include "cli/permits.hpp"

#include <CLI/CLI.hpp>

namespace mrc::cli {

void add_adopt(CLI::App& command, Permits& permits) {
  command.add_flag("--adopt",
                   permits.adopt,
                   "Take over containers, directories and etcd members that mrc has not made");
}

void add_forget(CLI::App& command, Permits& permits) {
  command
      .add_option("--forget",
                  permits.forget,
                  "A host that left the file and is gone for good: do not try to clean it")
      ->type_name("HOST");
}

}  // namespace mrc::cli
