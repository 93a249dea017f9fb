#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "cli/commands.hpp"
#include "cli/input.hpp"

namespace mrc::cli {
namespace {

struct ValidateOptions {
  std::string file;
  bool json = false;
};

nlohmann::ordered_json to_json(const Diagnostic& one) {
  auto notes = nlohmann::ordered_json::array();
  for (const auto& note : one.notes) {
    notes.push_back({{"line", note.at.line}, {"column", note.at.column}, {"text", note.text}});
  }
  return {{"severity", one.severity == Severity::error ? "error" : "warning"},
          {"code", one.code},
          {"line", one.at.line},
          {"column", one.at.column},
          {"message", one.message},
          {"hint",
           one.hint.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(one.hint)},
          {"notes", std::move(notes)}};
}

ExitCode run_validate(const ValidateOptions& options, Env& env) {
  const auto path = topology_path(options.file, env);
  const auto source = read_source(path, env);
  if (!source) return ExitCode::usage;
  Diagnostics diags;
  const auto topology = topology::parse_topology(*source, folder_of(path), diags);
  if (options.json) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& one : diags.sorted()) list.push_back(to_json(one));
    env.out << nlohmann::ordered_json{{"schema", "mrc/validate/1"},
                                      {"file", source->name},
                                      {"valid", topology.has_value()},
                                      {"diagnostics", std::move(list)}}
                   .dump(2)
            << '\n';
  } else {
    env.err << render(diags, *source);
    if (topology) {
      env.out << fmt::format("{}: valid: {} on {} hosts, {} servers\n",
                             source->name,
                             topology->name,
                             topology->hosts.size(),
                             topology->mysql.servers.size());
    }
  }
  return topology ? ExitCode::done : ExitCode::usage;
}

}  // namespace

void add_validate(CLI::App& root, Env& env) {
  auto options = std::make_shared<ValidateOptions>();
  auto* command = root.add_subcommand("validate", "Check the topology file; asks no host");
  command->add_option("file", options->file, "Topology file");
  command->add_flag("--json", options->json, "Print the findings as one JSON record");
  command->callback([options, &env] { env.exit_code = run_validate(*options, env); });
}

}  // namespace mrc::cli
