#include "systems/survival/probe.hpp"

#include "survival.sh.hpp"
#include "systems/facts.hpp"

namespace mrc::systems::survival {
namespace {

std::string unless_dash(const std::string& word) { return word == "-" ? std::string() : word; }

}  // namespace

shell::Script probe_script(const std::string& deployment) {
  shell::Script script;
  return script.use(embedded::survival_sh).line("mrc_survival_probe {}", deployment);
}

Result<Observed> parse_probe(std::string_view text) {
  const auto facts = Facts::parse(text);
  if (!facts) return fail(facts.error());
  const auto systemd = facts->need("systemd");
  if (!systemd) return fail(systemd.error());
  Observed seen;
  seen.systemd = *systemd == "yes";
  for (const auto& line : facts->all("unit")) {
    const auto words = split_words(line);
    if (words.size() != 6) return fail(ErrorKind::unreadable, "odd unit: {}", excerpt(line));
    auto& unit = seen.units[ServerId(words[0])];
    unit.owner = unless_dash(words[1]);
    unit.file = words[2];
    unit.script = unless_dash(words[3]);
    unit.enabled = words[4];
    unit.active = words[5];
  }
  for (const auto& line : facts->all("state")) {
    const auto server = line.substr(0, line.find(' '));
    const auto found = seen.units.find(ServerId(server));
    if (found == seen.units.end() || server.size() == line.size()) {
      return fail(ErrorKind::unreadable, "odd state: {}", excerpt(line));
    }
    const auto rest = line.substr(server.size() + 1);
    found->second.whole = rest.starts_with("whole ");
    found->second.state = rest.substr(std::min(rest.find(' '), rest.size() - 1) + 1);
  }
  return seen;
}

}  // namespace mrc::systems::survival
