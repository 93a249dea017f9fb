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

ordered_json ids(const std::vector<StepId>& steps) {
  auto list = ordered_json::array();
  for (const auto& one : steps) list.push_back(one.text());
  return list;
}

ordered_json failures(const std::vector<Failure>& all) {
  auto list = ordered_json::array();
  for (const auto& failure : all) {
    auto steps = ordered_json::array();
    for (const auto& one : failure.troubles) {
      steps.push_back({{"step", one.step.text()},
                       {"host", one.host.text()},
                       {"error", one.cause},
                       {"evidence", or_null(one.evidence)},
                       {"mend", or_null(one.remedy)},
                       {"note", or_null(one.note)},
                       {"look", or_null(one.look)}});
    }
    list.push_back({{"cause", failure.cause},
                    {"steps", std::move(steps)},
                    {"not_reached", ids(failure.not_reached)}});
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
                   {"failures", nullptr},
                   {"not_begun", nullptr},
                   {"next", nullptr},
                   {"verify", nullptr}};
  if (record.performed != nullptr) {
    const auto& [report, aftermath, next] = *record.performed;
    out["outcomes"] = outcomes(*record.plan, report);
    if (!report.complete()) {
      out["failures"] = failures(aftermath.failures);
      out["not_begun"] = ids(aftermath.not_begun);
      out["next"] = {{"again", next.again}, {"show", next.show}};
    }
  }
  if (record.results != nullptr) {
    out["verify"] = ordered_json::parse(render_checks_json(record.deployment, *record.results));
  }
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mrc::cli
