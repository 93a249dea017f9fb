#include "systems/conditions.hpp"
#include "systems/survival/steps.hpp"

namespace mrc::systems::survival {

std::vector<Condition> status(const std::vector<Keeper>& wanted, const Observations& seen) {
  using Level = Verdict::Level;
  std::vector<Condition> out;
  for (const auto& want : wanted) {
    Condition row{"survival", want.host, want.server.text(), Level::ok, {}};
    const auto one = read_for_status(seen, "survival", row, parse_probe, out);
    if (!one) continue;
    const auto found = one->units.find(want.server);
    const auto* unit = found == one->units.end() ? nullptr : &found->second;
    const auto diff = differences(want, unit);
    if (unit == nullptr) {
      row.level = Level::fail;
      row.text = "nothing brings it back: there is no unit " + want.unit;
    } else if (!diff.empty()) {
      row.level = Level::fail;
      row.text = fmt::format("{}: {} is {}, not {}",
                             want.unit,
                             diff.back().field,
                             diff.back().before,
                             diff.back().after);
    } else {
      if (!unit->whole) row.level = Level::warn;
      row.text = unit->state.empty() ? "its unit begins" : unit->state;
    }
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace mrc::systems::survival
