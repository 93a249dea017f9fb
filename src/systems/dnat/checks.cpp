#include "systems/dnat/steps.hpp"

namespace mrc::systems::dnat {
namespace {

using Level = Verdict::Level;

Check about(const Exposure& want, std::string id, std::string title) {
  Check check;
  check.id = std::move(id);
  check.group = "exposure";
  check.host = want.host;
  check.subject = want.server.text();
  check.title = std::move(title);
  check.ask = probe_script();
  return check;
}

Verdict unreadable(const Error& error, const Observation& answer) {
  return {Level::fail, error.text() + (answer.err.empty() ? "" : ": " + excerpt(answer.err)), {}};
}

Check once(const Exposure& want) {
  auto check = about(want, "MRC-V601", "its rules are there, each once");
  check.judge = [want](const Observation& answer) -> Verdict {
    const auto seen = parse_probe(answer.out);
    if (!seen) return unreadable(seen.error(), answer);
    const auto now = standing(want, *seen);
    if (now.exact) return {Level::ok, fmt::format("{} rules", now.ours.size()), {}};
    std::string detail = fmt::format("{} rules are marked {}", now.ours.size(), want.mark);
    for (const auto* rule : now.ours) detail += "; " + rule->text;
    return {Level::fail, std::move(detail), "mrc apply puts them right"};
  };
  return check;
}

Check first(const Exposure& want) {
  auto check = about(want, "MRC-V602", "no other rule takes its port");
  check.judge = [want](const Observation& answer) -> Verdict {
    const auto seen = parse_probe(answer.out);
    if (!seen) return unreadable(seen.error(), answer);
    const auto now = standing(want, *seen);
    // Without our rules there is nothing to be before; the other check tells of that.
    if (now.ours.empty() || now.shadowing.empty()) return {};
    return {Level::fail,
            "it is met first: " + now.shadowing.front()->text,
            "remove that rule when it is not needed"};
  };
  return check;
}

}  // namespace

std::vector<Check> checks(const std::vector<Exposure>& wanted) {
  std::vector<Check> all;
  for (const auto& want : wanted) {
    all.push_back(once(want));
    all.push_back(first(want));
  }
  return all;
}

}  // namespace mrc::systems::dnat
