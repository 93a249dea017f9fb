#include <algorithm>
#include <array>
#include <memory>
#include <ostream>

#include "apply.json.hpp"
#include "cli/commands.hpp"
#include "destroy.json.hpp"
#include "history.json.hpp"
#include "mrc/base/bug.hpp"
#include "mrc/topology/topology.hpp"
#include "plan.json.hpp"
#include "show.json.hpp"
#include "status.json.hpp"
#include "validate.json.hpp"
#include "verify.json.hpp"

namespace mrc::cli {
namespace {

struct Published {
  std::string_view name;  // of the command whose --json it is
  std::string_view text;
};

/// All but the topology's, which is made from its table of keys.
constexpr std::array k_records{Published{"validate", embedded::validate_json},
                               Published{"plan", embedded::plan_json},
                               Published{"apply", embedded::apply_json},
                               Published{"verify", embedded::verify_json},
                               Published{"status", embedded::status_json},
                               Published{"promote", embedded::apply_json},
                               Published{"destroy", embedded::destroy_json},
                               Published{"history", embedded::history_json},
                               Published{"show", embedded::show_json}};

std::string schema_of(const std::string& name) {
  if (name == "topology") return topology::render_schema();
  const auto found = std::find_if(
      k_records.begin(), k_records.end(), [&](const Published& one) { return one.name == name; });
  MRC_CHECK(found != k_records.end());
  return std::string(found->text);
}

std::vector<std::string> names() {
  std::vector<std::string> out{"topology"};
  for (const auto& one : k_records) out.emplace_back(one.name);
  return out;
}

}  // namespace

void add_schema(CLI::App& root, Env& env) {
  auto name = std::make_shared<std::string>("topology");
  auto* command = root.add_subcommand(
      "schema", "Print the JSON Schema of the topology file, or of what a command prints as JSON");
  command->add_option("of", *name, "topology (default), or the command")
      ->check(CLI::IsMember(names()));
  command->callback([name, &env] { env.out << schema_of(*name); });
}

}  // namespace mrc::cli
