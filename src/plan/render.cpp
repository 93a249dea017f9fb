#include <nlohmann/json.hpp>
#include <set>

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

std::string_view word(Cause cause) { return cause == Cause::drift ? "drift" : "change"; }

std::string render_step(const Plan& plan, std::size_t i, Detail detail) {
  const auto& step = plan.steps()[i];
  auto out = fmt::format("{:<3} {}  {}", symbol(step.change), step.id, step.title);
  if (step.risk != Risk::safe) out += fmt::format("  [{}]", word(step.risk));
  out += '\n';
  if (detail == Detail::summary) return out;
  if (!step.reason.empty()) out += fmt::format("      because {}\n", step.reason);
  for (const auto& line : step.diff) out += render_diff(line);
  if (!step.impact.empty()) out += fmt::format("      meanwhile {}\n", step.impact);
  if (detail == Detail::normal) return out;
  std::vector<std::string> before;
  for (const auto j : plan.before(i)) before.push_back(plan.steps()[j].id.text());
  if (!before.empty()) out += fmt::format("      after {}\n", fmt::join(before, ", "));
  if (!step.undoes.empty()) out += fmt::format("      undoes {}\n", fmt::join(step.undoes, ", "));
  return out + fmt::format("      on {}, at most {} s\n", step.host, step.timeout.count());
}

/// All steps with this cause, below a line that says so.
std::string render_part(const Plan& plan, Cause cause, std::string_view headline, Detail detail) {
  std::string out;
  for (std::size_t i = 0; i < plan.steps().size(); ++i) {
    if (plan.steps()[i].cause == cause) out += render_step(plan, i, detail);
  }
  return out.empty() ? out : fmt::format("{}\n", headline) + out;
}

std::size_t host_count(const Plan& plan) {
  std::set<HostId> hosts;
  for (const auto& step : plan.steps()) hosts.insert(step.host);
  return hosts.size();
}

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace

std::string render_text(const Plan& plan, Detail detail) {
  if (plan.empty()) return "Nothing to do: the hosts are as the file asks.\n";
  auto out = fmt::format("{} on {}: {} for what the file asks, {} for what drifted\n",
                         plural(plan.steps().size(), "step"),
                         plural(host_count(plan), "host"),
                         plan.count(Cause::change),
                         plan.count(Cause::drift));
  out +=
      render_part(plan, Cause::drift, "! drift: somebody changed this since the last run", detail);
  // With nothing that drifted there is no need to tell the two apart.
  const auto headline = plan.count(Cause::drift) == 0 ? "" : "changes: the file asks for this";
  auto changes = render_part(plan, Cause::change, headline, detail);
  if (changes.starts_with('\n')) changes.erase(0, 1);
  out += changes;
  for (const auto& step : plan.steps()) {
    if (!step.impact.empty()) out += fmt::format("Interrupts: {} ({})\n", step.impact, step.id);
  }
  return out +
         fmt::format("Plan: {} to create, {} to change, {} to replace, {} to remove, {} to run\n",
                     plan.count(Change::create),
                     plan.count(Change::update),
                     plan.count(Change::replace),
                     plan.count(Change::remove),
                     plan.count(Change::run));
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
         {"cause", word(step.cause)},
         {"risk", word(step.risk)},
         {"impact", step.impact.empty() ? ordered_json(nullptr) : ordered_json(step.impact)},
         {"reason", step.reason.empty() ? ordered_json(nullptr) : ordered_json(step.reason)},
         {"diff", std::move(diff)},
         {"after", std::move(after)}});
  }
  const ordered_json summary{{"create", plan.count(Change::create)},
                             {"update", plan.count(Change::update)},
                             {"replace", plan.count(Change::replace)},
                             {"remove", plan.count(Change::remove)},
                             {"run", plan.count(Change::run)},
                             {"drift", plan.count(Cause::drift)},
                             {"risk", word(plan.risk())}};
  return ordered_json{{"schema", "mrc/plan/1"}, {"summary", summary}, {"steps", std::move(steps)}}
             .dump(2) +
         "\n";
}

}  // namespace mrc::plan
