#include "cli/verdicts.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mrc::cli {
namespace {

using Level = systems::Verdict::Level;
using nlohmann::ordered_json;

std::string_view word(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::warn:
      return "warn";
    case Level::fail:
      return "FAIL";
  }
  return "?";
}

ordered_json or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

}  // namespace

bool all_hold(const std::vector<engine::CheckResult>& results) {
  return std::none_of(results.begin(), results.end(), [](const auto& one) {
    return one.verdict.level == Level::fail;
  });
}

std::string render_checks(const std::vector<engine::CheckResult>& results, bool only_failures) {
  std::string out;
  std::size_t failed = 0;
  for (const auto& [check, verdict] : results) {
    failed += verdict.level == Level::fail ? 1 : 0;
    if (only_failures && verdict.level == Level::ok) continue;
    out += fmt::format("{:<4} {} {:<12} {:<10} {}{}\n",
                       word(verdict.level),
                       check.id,
                       check.group,
                       check.host.text(),
                       check.subject.empty() ? "" : check.subject + ": ",
                       check.title);
    if (!verdict.detail.empty()) out += fmt::format("     found: {}\n", verdict.detail);
    if (!verdict.remedy.empty()) out += fmt::format("     mend:  {}\n", verdict.remedy);
  }
  return out +
         fmt::format("verify: {} of {} checks hold\n", results.size() - failed, results.size());
}

std::string render_checks_json(const std::string& deployment,
                               const std::vector<engine::CheckResult>& results) {
  auto checks = ordered_json::array();
  for (const auto& [check, verdict] : results) {
    checks.push_back({{"id", check.id},
                      {"group", check.group},
                      {"host", check.host.text()},
                      {"subject", or_null(check.subject)},
                      {"title", check.title},
                      {"level", verdict.level == Level::fail ? "fail" : word(verdict.level)},
                      {"detail", or_null(verdict.detail)},
                      {"remedy", or_null(verdict.remedy)}});
  }
  const ordered_json record{{"schema", "mrc/verify/1"},
                            {"deployment", deployment},
                            {"holds", all_hold(results)},
                            {"checks", std::move(checks)}};
  return record.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mrc::cli
