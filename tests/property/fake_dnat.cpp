#include <algorithm>

#include "property/shell.hpp"

/// iptables' table nat.
namespace mrc::test::property {
namespace {

bool has_mark(const std::string& rule, const std::string& mark) {
  return rule.find("--comment \"" + mark + "\" ") != std::string::npos;
}

int probe(Call& call) {
  call.out = fmt::format(
      "iptables iptables v1.8.9 (nf_tables)\naddress lo 127.0.0.1/8\naddress eth0 {}/24\n",
      call.host.ip);
  for (const auto& rule : call.host.nat) call.out += "rule " + rule + "\n";
  call.out += "end\n";
  return 0;
}

/// One iptables-restore: all or nothing.
int set(Call& call) {
  auto rules = call.host.nat;
  std::erase_if(rules, [&](const std::string& rule) { return has_mark(rule, call.arg(0)); });
  for (std::size_t i = 1; i < call.args.size(); ++i) {
    const std::string insert = "-I ";
    const auto& words = call.arg(i);
    if (words.starts_with("-D ")) {  // a stranger's, when it is still there
      const auto found = std::find(rules.begin(), rules.end(), "-A" + words.substr(2));
      if (found != rules.end()) rules.erase(found);
      continue;
    }
    const auto place = words.find(" 1 ");
    if (!words.starts_with(insert) || place == std::string::npos) {
      throw Untaught("a rule that is not put first: " + words);
    }
    rules.insert(rules.begin(),
                 fmt::format("-A {} {}",
                             words.substr(insert.size(), place - insert.size()),
                             words.substr(place + 3)));
  }
  call.host.nat = std::move(rules);
  return 0;
}

int remove(Call& call) {
  std::erase_if(call.host.nat,
                [&](const std::string& rule) { return has_mark(rule, call.arg(0)); });
  return 0;
}

}  // namespace

void teach_dnat(Functions& functions) {
  functions["mrc_dnat_probe"] = probe;
  functions["mrc_dnat_set"] = set;
  functions["mrc_dnat_remove"] = remove;
}

}  // namespace mrc::test::property
