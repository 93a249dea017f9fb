#include "systems/dnat/probe.hpp"

#include "dnat.sh.hpp"
#include "systems/facts.hpp"

namespace mrc::systems::dnat {
namespace {

Result<std::vector<Rule>> read_rules(const std::vector<std::string>& lines) {
  std::vector<Rule> rules;
  for (const auto& line : lines) {
    auto rule = parse_rule(line);
    if (!rule) return fail(std::move(rule).error());
    rules.push_back(std::move(*rule));
  }
  return rules;
}

}  // namespace

shell::Script probe_script() {
  shell::Script script;
  return script.use(embedded::dnat_sh).line("mrc_dnat_probe");
}

Result<Observed> parse_probe(std::string_view text) {
  const auto facts = Facts::parse(text);
  if (!facts) return fail(facts.error());
  Observed seen;
  auto version = facts->need("iptables");
  if (!version) return fail(std::move(version).error());
  if (*version == "absent") return seen;
  seen.iptables = std::move(*version);
  for (const auto& line : facts->all("address")) {
    const auto words = split_words(line);
    const auto ip =
        words.size() == 2 ? Ipv4::parse(words[1].substr(0, words[1].find('/'))) : std::nullopt;
    if (!ip) return fail(ErrorKind::unreadable, "odd address: {}", excerpt(line));
    seen.addresses.push_back({words[0], *ip});
  }
  auto rules = read_rules(facts->all("rule"));
  if (!rules) return fail(std::move(rules).error());
  seen.rules = std::move(*rules);
  auto legacy = read_rules(facts->all("legacy"));
  if (!legacy) return fail(std::move(legacy).error());
  seen.legacy_rules = std::move(*legacy);
  return seen;
}

}  // namespace mrc::systems::dnat
