#include "systems/conditions.hpp"
#include "systems/docker/probe.hpp"
#include "systems/docker/steps.hpp"

namespace mrc::systems::docker {
namespace {

using Level = Verdict::Level;

Condition judged(Condition row, const Observed& seen) {
  row.level = seen.engine == Observed::Engine::up ? Level::ok : Level::fail;
  switch (seen.engine) {
    case Observed::Engine::absent:
      row.text = "there is no command docker";
      break;
    case Observed::Engine::down:
      row.text = "it does not answer: " + seen.reason;
      break;
    case Observed::Engine::up:
      row.text =
          fmt::format("{}, API {} to {}", seen.version, seen.api_min.text(), seen.api.text());
      break;
  }
  return row;
}

}  // namespace

std::vector<Condition> status(const topology::Topology& topology, const Observations& seen) {
  std::vector<Condition> out;
  for (const auto& host : topology.hosts) {
    if (!seen.has(host.id)) continue;  // its own row says why
    const Condition row{"hosts", host.id, "docker", Level::ok, {}};
    const auto parse = [image = wanted_image(topology, host.id)](std::string_view text) {
      return parse_probe(text, image);
    };
    const auto one = read_for_status(seen, "docker", row, parse, out);
    if (one) out.push_back(judged(row, *one));
  }
  return out;
}

}  // namespace mrc::systems::docker
