#include "cli/detail.hpp"

#include <CLI/CLI.hpp>

namespace mrc::cli {

void add_detail(CLI::App& command, plan::Detail& detail) {
  command.add_option("--detail", detail, "How much of the plan is shown")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, plan::Detail>{{"summary", plan::Detail::summary},
                                              {"normal", plan::Detail::normal},
                                              {"full", plan::Detail::full}}))
      ->type_name("summary|normal|full");
}

}  // namespace mrc::cli
