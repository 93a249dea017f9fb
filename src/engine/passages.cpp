#include <map>
#include <set>
#include <sstream>

#include "mrc/engine/engine.hpp"
#include "passages.sh.hpp"

namespace mrc::engine {
namespace {

using plan::Passage;
using systems::Finding;
using Level = systems::Verdict::Level;
using Protocol = Passage::Protocol;

std::string name_of(const Passage& passage) {
  switch (passage.protocol) {
    case Protocol::tcp:
      return fmt::format("TCP port {}", passage.port);
    case Protocol::udp:
      return fmt::format("UDP port {}", passage.port);
    case Protocol::ipip:
      return "IP protocol 4";
  }
  return {};
}

std::string rule_for(const Passage& passage) {
  return fmt::format("iptables -I INPUT -p tcp --dport {} -j ACCEPT", passage.port);
}

std::set<Passage> passages_of(const plan::Plan& plan) {
  std::set<Passage> out;
  for (const auto& step : plan.steps()) out.insert(step.passages.begin(), step.passages.end());
  return out;
}

/// What nobody answers by itself: it goes or it does not, and only what is sent in it tells.
std::vector<Finding> untriable(const std::set<Passage>& passages) {
  std::map<std::string, Finding> out;
  for (const auto& one : passages) {
    if (one.protocol == Protocol::tcp) continue;
    const auto name = name_of(one);
    out.emplace(name,
                Finding{one.from,
                        Level::warn,
                        fmt::format("{} between hosts was not tried", name),
                        fmt::format("{} needs it, and nothing answers there by itself", one.use),
                        "see that no firewall on or between the hosts drops it"});
  }
  std::vector<Finding> list;
  for (auto& [name, one] : out) list.push_back(std::move(one));
  return list;
}

shell::Script script_for(const std::set<Passage>& passages) {
  std::vector<std::string> words;
  std::set<std::pair<std::string, Port>> known;
  for (const auto& one : passages) {
    if (!known.emplace(one.address, one.port).second) continue;
    words.push_back(one.address);
    words.push_back(fmt::format("{}", one.port));
  }
  shell::Script script;
  script.use(embedded::passages_sh).line("mrc_passages {}", shell::words(words));
  return script;
}

/// Where, as address and port, and what mrc_passage says of it.
using Words = std::map<std::pair<std::string, std::string>, std::string>;

/// Errors: `unreadable`.
Result<Words> read_answer(const transport::Answer& answer) {
  if (answer.status != 0 || !answer.out.ends_with("\nend\n")) {
    return fail({ErrorKind::unreadable,
                 "what a try of the ways to other hosts said does not parse",
                 {},
                 answer.status,
                 answer.err});
  }
  Words out;
  std::istringstream in(answer.out);
  std::string address;
  std::string port;
  std::string word;
  while (in >> address >> port >> word) out[{address, port}] = word;
  return out;
}

std::optional<Finding> judge(const Passage& passage, const std::string& word) {
  if (word == "passable") return {};
  const auto name = name_of(passage);
  const auto where = fmt::format("{}:{}", passage.address, passage.port);
  if (word != "silent" && word != "barred") {
    return Finding{
        passage.from,
        Level::warn,
        fmt::format("it was not tried whether {} reaches {} of {}", passage.from, name, passage.to),
        fmt::format("{}: {} needs it, and none of bash, python3, perl, nc, curl is there "
                    "to try with",
                    where,
                    passage.use),
        "see that no firewall on or between the hosts drops it"};
  }
  return Finding{
      passage.from,
      Level::fail,
      fmt::format("{} does not reach {} of {}", passage.from, name, passage.to),
      fmt::format("{}: {}; {} needs it",
                  where,
                  word == "silent" ? "nothing comes back within 3 s, be it a refusal"
                                   : "no route, or a firewall that says so",
                  passage.use),
      fmt::format("let it through, on {} ({}) or between the two", passage.to, rule_for(passage))};
}

}  // namespace

Result<std::vector<Finding>> try_passages(const plan::Plan& plan, const RunAll& run_all) {
  const auto passages = passages_of(plan);
  auto out = untriable(passages);
  std::map<HostId, std::set<Passage>> by_host;
  for (const auto& one : passages) {
    if (one.protocol == Protocol::tcp) by_host[one.from].insert(one);
  }
  if (by_host.empty()) return out;
  std::map<HostId, shell::Script> scripts;
  for (const auto& [host, some] : by_host) scripts[host] = script_for(some);
  for (const auto& [host, answer] : run_all(scripts)) {
    auto words = answer ? read_answer(*answer) : Result<Words>(tl::unexpected(answer.error()));
    if (!words) return fail(std::move(words).error().with("trying the ways from {}", host));
    for (const auto& one : by_host[host]) {
      auto finding = judge(one, (*words)[{one.address, fmt::format("{}", one.port)}]);
      if (finding) out.push_back(std::move(*finding));
    }
  }
  return out;
}

}  // namespace mrc::engine
