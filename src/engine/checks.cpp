#include "mrc/engine/engine.hpp"

namespace mrc::engine {
namespace {

/// A check waits for 15 s at the longest for what has to come; the rest is for slow hosts.
constexpr std::chrono::seconds k_limit_of_a_check{30};

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
  if (found->second.status == shell::k_section_late) {
    const auto& said = found->second.err;
    return {Level::fail,
            said.empty() ? "no answer in time" : "no answer in time: " + excerpt(said),
            "see what hangs on that host, or is slow: uptime, docker ps, dmesg"};
  }
  return check.judge({found->second.status, found->second.out, found->second.err});
}

/// One round: the checks for which `wanted` holds, those of a host in one script.
template <class Wanted>
void ask(const std::vector<systems::Check>& checks,
         const RunAll& run_all,
         Wanted wanted,
         std::vector<systems::Verdict>& verdicts) {
  std::map<HostId, shell::Script> scripts;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (wanted(checks[i])) {
      scripts[checks[i].host].section(fmt::format("{}", i), checks[i].ask, k_limit_of_a_check);
    }
  }
  if (scripts.empty()) return;
  const auto answers = run_all(scripts);
  std::map<HostId, Outputs> outputs;
  for (const auto& [host, answer] : answers) {
    if (!answer) continue;
    for (auto& section : shell::parse_sections(answer->out)) {
      auto name = section.name;
      outputs[host][std::move(name)] = std::move(section);
    }
  }
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (!wanted(checks[i])) continue;
    const auto& host = checks[i].host;
    verdicts[i] = judge(checks[i], answers.at(host), outputs[host], fmt::format("{}", i));
  }
}

}  // namespace

std::vector<CheckResult> run_checks(std::vector<systems::Check> checks,
                                    const RunAll& run_all,
                                    const AskOutside& ask_outside) {
  std::vector<systems::Verdict> verdicts(checks.size());
  using systems::Check;
  ask(
      checks, run_all, [](const Check& one) { return !one.dial && !one.late; }, verdicts);
  ask(
      checks, run_all, [](const Check& one) { return !one.dial && one.late; }, verdicts);
  std::vector<CheckResult> results;
  results.reserve(checks.size());
  for (std::size_t i = 0; i < checks.size(); ++i) {
    if (checks[i].dial) verdicts[i] = checks[i].judge(ask_outside(*checks[i].dial));
    results.push_back({std::move(checks[i]), std::move(verdicts[i])});
  }
  return results;
}

}  // namespace mrc::engine
