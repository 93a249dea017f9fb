#include "mrc/engine/engine.hpp"

namespace mrc::engine {
namespace {

using Outputs = std::map<std::string, shell::SectionOutput>;

systems::Verdict judge(const systems::Check& check,
                       const Result<transport::Answer>& answer,
                       const Outputs& outputs,
                       const std::string& section) {
  using Level = systems::Verdict::Level;
  if (!answer) return {Level::fail, "cannot be asked: " + answer.error().text(), {}};
  const auto found = outputs.find(section);
  if (found == outputs.end()) {
    return {Level::fail, "the host's answer is cut off: " + excerpt(answer->err), {}};
  }
  return check.judge({found->second.status, found->second.out, found->second.err});
}

}  // namespace

std::vector<CheckResult> run_checks(std::vector<systems::Check> checks,
                                    const RunAll& run_all,
                                    const AskOutside& ask_outside) {
  std::map<HostId, shell::Script> scripts;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (!checks[i].dial) scripts[checks[i].host].section(fmt::format("{}", i), checks[i].ask);
  }
  const auto answers = run_all(scripts);
  std::map<HostId, Outputs> outputs;
  for (const auto& [host, answer] : answers) {
    if (!answer) continue;
    for (auto& section : shell::parse_sections(answer->out)) {
      auto name = section.name;
      outputs[host][std::move(name)] = std::move(section);
    }
  }
  std::vector<CheckResult> results;
  results.reserve(checks.size());
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const auto& host = checks[i].host;
    auto verdict = checks[i].dial
                       ? checks[i].judge(ask_outside(*checks[i].dial))
                       : judge(checks[i], answers.at(host), outputs[host], fmt::format("{}", i));
    results.push_back({std::move(checks[i]), std::move(verdict)});
  }
  return results;
}

}  // namespace mrc::engine
