#include "systems/dnat/rule.hpp"

#include <charconv>
#include <set>

namespace mrc::systems::dnat {
namespace {

/// Words as iptables-save writes them: blanks between, some in double quotes with backslashes.
std::optional<std::vector<std::string>> split(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c == '\\' && i + 1 < line.size()) {
        word += line[++i];
      } else if (c == '"') {
        quoted = false;
      } else {
        word += c;
      }
    } else if (c == '"') {
      quoted = in_word = true;
    } else if (c == ' ') {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quoted) return {};
  if (in_word) words.push_back(std::move(word));
  return words;
}

std::optional<Condition>* slot(Rule& rule, const std::string& word) {
  if (word == "-d") return &rule.destination;
  if (word == "-i") return &rule.in_interface;
  if (word == "-o") return &rule.out_interface;
  if (word == "-p") return &rule.protocol;
  if (word == "--dport" || word == "--dports") return &rule.port;
  return nullptr;
}

std::string* text_slot(Rule& rule, const std::string& word) {
  if (word == "-j" || word == "-g") return &rule.target;
  if (word == "--comment") return &rule.comment;
  if (word == "--to-destination") return &rule.to;
  return nullptr;
}

/// Modules that only bring an option which we read ourselves.
bool is_known_module(const std::string& name) {
  return name == "tcp" || name == "multiport" || name == "comment";
}

bool holds(const std::optional<Condition>& condition, bool met) {
  return !condition || met != condition->negated;
}

bool names_interface(const std::string& pattern, const std::string& interface) {
  if (pattern.ends_with('+')) return interface.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == interface;
}

bool interface_holds(const std::optional<Condition>& condition, const std::string& interface) {
  return !condition || holds(condition, names_interface(condition->value, interface));
}

bool names_address(const std::string& network, Ipv4 address) {
  const auto cidr = Cidr::parse(network.find('/') == std::string::npos ? network + "/32" : network);
  return !cidr || cidr->contains(address);  // a form that we cannot read may well hold it
}

bool names_port(std::string_view list, Port port) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    const auto one = list.substr(0, comma);
    const auto colon = one.find(':');
    const auto number = [](std::string_view text, int otherwise) {
      int value = otherwise;
      std::from_chars(text.data(), text.data() + text.size(), value);
      return value;
    };
    const int low = number(one.substr(0, colon), 0);
    const int high = colon == std::string_view::npos ? low : number(one.substr(colon + 1), 65535);
    if (port.number() >= low && port.number() <= high) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

bool may_match(const Rule& rule, const Flow& flow) {
  return holds(rule.destination,
               !rule.destination || names_address(rule.destination->value, flow.address)) &&
         interface_holds(rule.in_interface, flow.in_interface) &&
         interface_holds(rule.out_interface, flow.out_interface) &&
         holds(rule.protocol,
               !rule.protocol || rule.protocol->value == "tcp" || rule.protocol->value == "all") &&
         holds(rule.port, !rule.port || names_port(rule.port->value, flow.port));
}

bool decides(const Rule& rule) {
  const bool final = rule.target == "DNAT" || rule.target == "REDIRECT" || rule.target == "ACCEPT";
  return final && (rule.port || rule.others.empty());
}

void walk(const std::vector<Rule>& rules,
          const std::string& chain,
          const Flow& flow,
          std::set<std::string>& visited,
          std::vector<const Rule*>& out) {
  if (!visited.insert(chain).second) return;
  for (const auto& rule : rules) {
    if (rule.chain != chain || !may_match(rule, flow)) continue;
    if (decides(rule)) {
      out.push_back(&rule);
    } else {
      walk(rules, rule.target, flow, visited, out);  // nothing there when it is no chain
    }
  }
}

}  // namespace

Result<Rule> parse_rule(std::string_view line) {
  const auto words = split(line);
  if (!words || words->size() < 2 || (*words)[0] != "-A") {
    return fail(ErrorKind::unreadable, "odd rule of iptables: {}", excerpt(line));
  }
  Rule rule;
  rule.chain = (*words)[1];
  rule.text = line;
  bool negated = false;
  for (std::size_t i = 2; i < words->size(); ++i) {
    const auto& word = (*words)[i];
    if (word == "!") {
      negated = true;
      continue;
    }
    auto* const condition = slot(rule, word);
    auto* const text = text_slot(rule, word);
    const bool module = word == "-m" && i + 1 < words->size() && is_known_module((*words)[i + 1]);
    if (condition != nullptr || text != nullptr || module) {
      if (i + 1 == words->size()) {
        return fail(ErrorKind::unreadable, "a rule of iptables is cut off: {}", excerpt(line));
      }
      const auto& value = (*words)[++i];
      if (condition != nullptr) *condition = Condition{value, negated};
      if (text != nullptr) *text = value;
    } else {
      rule.others +=
          fmt::format("{}{}{}", rule.others.empty() ? "" : " ", negated ? "! " : "", word);
    }
    negated = false;
  }
  return rule;
}

std::vector<const Rule*> catchers(const std::vector<Rule>& rules,
                                  const std::string& chain,
                                  const Flow& flow) {
  std::vector<const Rule*> out;
  std::set<std::string> visited;
  walk(rules, chain, flow, visited, out);
  return out;
}

}  // namespace mrc::systems::dnat
