#include <nlohmann/json.hpp>

#include "mrc/plan/plan.hpp"

namespace mrc::plan {
namespace {

std::string_view symbol(Change change) {
  switch (change) {
    case Change::create:
      return "+";
    case Change::update:
      return "~";
    case Change::remove:
      return "-";
    case Change::replace:
      return "-/+";
    case Change::run:
      return ">";
  }
  return "?";
}

std::string_view word(Change change) {
  switch (change) {
    case Change::create:
      return "create";
    case Change::update:
      return "update";
    case Change::remove:
      return "remove";
    case Change::replace:
      return "replace";
    case Change::run:
      return "run";
  }
  return "?";
}

std::string_view word(Risk risk) {
  switch (risk) {
    case Risk::safe:
      return "safe";
    case Risk::disruptive:
      return "disruptive";
    case Risk::destructive:
      return "destructive";
  }
  return "?";
}

std::string render_diff(const DiffLine& line) {
  std::string value = line.after;
  if (!line.before.empty()) {
    value = line.after.empty() ? line.before : fmt::format("{} → {}", line.before, line.after);
  }
  return fmt::format(
      "      {:<3} {}{}{}\n", symbol(line.change), line.field, value.empty() ? "" : "  ", value);
}

}  // namespace

std::string render_text(const Plan& plan) {
  if (plan.empty()) return "Nothing to do: the hosts are as the file asks.\n";
  std::string out;
  for (const auto& step : plan.steps()) {
    out += fmt::format("{:<3} {}  {}", symbol(step.change), step.id, step.title);
    if (step.risk != Risk::safe) out += fmt::format("  [{}]", word(step.risk));
    out += '\n';
    if (!step.reason.empty()) out += fmt::format("      because {}\n", step.reason);
    for (const auto& line : step.diff) out += render_diff(line);
  }
  out += fmt::format("Plan: {} to create, {} to change, {} to replace, {} to remove, {} to run\n",
                     plan.count(Change::create),
                     plan.count(Change::update),
                     plan.count(Change::replace),
                     plan.count(Change::remove),
                     plan.count(Change::run));
  return out;
}

std::string render_json(const Plan& plan) {
  using nlohmann::ordered_json;
  auto steps = ordered_json::array();
  for (std::size_t i = 0; i < plan.steps().size(); ++i) {
    const auto& step = plan.steps()[i];
    auto diff = ordered_json::array();
    for (const auto& line : step.diff) {
      const auto value = [](const std::string& text) {
        return text.empty() ? ordered_json(nullptr) : ordered_json(text);
      };
      diff.push_back({{"change", word(line.change)},
                      {"field", line.field},
                      {"before", value(line.before)},
                      {"after", value(line.after)}});
    }
    auto after = ordered_json::array();
    for (const auto j : plan.before(i)) after.push_back(plan.steps()[j].id.text());
    steps.push_back(
        {{"id", step.id.text()},
         {"host", step.host.text()},
         {"title", step.title},
         {"change", word(step.change)},
         {"risk", word(step.risk)},
         {"reason", step.reason.empty() ? ordered_json(nullptr) : ordered_json(step.reason)},
         {"diff", std::move(diff)},
         {"after", std::move(after)}});
  }
  return ordered_json{{"schema", "mrc/plan/1"}, {"steps", std::move(steps)}}.dump(2) + "\n";
}

}  // namespace mrc::plan
