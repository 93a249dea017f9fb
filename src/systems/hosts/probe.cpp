#include "systems/hosts/probe.hpp"

#include <charconv>
#include <optional>

#include "hosts.sh.hpp"
#include "systems/facts.hpp"

namespace mrc::systems::hosts {
namespace {

template <class Number>
std::optional<Number> to_number(std::string_view text) {
  Number value{};
  const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || last != text.data() + text.size()) return {};
  return value;
}

Result<void> read_clock(std::string_view text, Observed& seen) {
  const auto words = split_words(text);
  const auto count = words.size() == 2 ? to_number<std::int64_t>(words[1]) : std::nullopt;
  if (!count || (words[0] != "ms" && words[0] != "s")) {
    return fail(ErrorKind::unreadable, "odd clock: {}", excerpt(text));
  }
  seen.whole_seconds = words[0] == "s";
  seen.clock_ms = seen.whole_seconds ? *count * 1000 : *count;
  return {};
}

}  // namespace

shell::Script probe_script() {
  shell::Script script;
  return script.use(embedded::hosts_sh).line("mrc_hosts_probe");
}

Result<Observed> parse_probe(std::string_view text) {
  const auto facts = Facts::parse(text);
  if (!facts) return fail(facts.error());
  for (const std::string_view key : {"clock", "hostname", "uid", "boot", "netns"}) {
    if (facts->first(key).empty()) {
      return fail(ErrorKind::unreadable, "the host did not say its '{}'", key);
    }
  }
  Observed seen;
  if (auto read = read_clock(facts->first("clock"), seen); !read) return fail(read.error());
  const auto uid = to_number<int>(facts->first("uid"));
  if (!uid) return fail(ErrorKind::unreadable, "odd user id: {}", excerpt(facts->first("uid")));
  seen.uid = *uid;
  seen.hostname = facts->first("hostname");
  seen.boot_id = facts->first("boot");
  seen.netns = facts->first("netns");
  seen.os = facts->first("os");
  for (const auto& line : facts->all("address")) {
    const auto words = split_words(line);
    // Point-to-point links show an address without a prefix length.
    const auto ip =
        words.size() == 2 ? Ipv4::parse(words[1].substr(0, words[1].find('/'))) : std::nullopt;
    if (!ip) return fail(ErrorKind::unreadable, "odd address: {}", excerpt(line));
    seen.addresses.push_back({words[0], *ip});
  }
  return seen;
}

}  // namespace mrc::systems::hosts
