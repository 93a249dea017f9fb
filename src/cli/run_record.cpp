#include "cli/run_record.hpp"

#include <nlohmann/json.hpp>

#include "cli/verdicts.hpp"
#include "mrc/exec/journal.hpp"

namespace mrc::cli {
namespace {

using nlohmann::ordered_json;

ordered_json or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json outcomes(const plan::Plan& plan, const exec::Report& report) {
  auto list = ordered_json::array();
  for (std::size_t i = 0; i < report.outcomes.size(); ++i) {
    const auto& one = report.outcomes[i];
    list.push_back({{"step", plan.steps()[i].id.text()},
                    {"state", exec::name(one.state)},
                    {"milliseconds", one.took.count()},
                    {"error", or_null(one.error.text())},
                    {"because", or_null(one.because.text())}});
  }
  return list;
}

}  // namespace

std::string render_json(const RunRecord& record) {
  ordered_json out{{"schema", "mrc/run/1"},
                   {"command", record.command},
                   {"deployment", record.deployment},
                   {"exit_code", static_cast<int>(record.exit_code)},
                   {"plan", ordered_json::parse(plan::render_json(*record.plan))},
                   {"outcomes", nullptr},
                   {"verify", nullptr}};
  if (record.report != nullptr) out["outcomes"] = outcomes(*record.plan, *record.report);
  if (record.results != nullptr) {
    out["verify"] = ordered_json::parse(render_checks_json(record.deployment, *record.results));
  }
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mrc::cli
