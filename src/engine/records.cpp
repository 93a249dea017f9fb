#include <charconv>
#include <nlohmann/json.hpp>

#include "mrc/engine/engine.hpp"

namespace mrc::engine {
namespace {

constexpr std::string_view k_header = "@record ";

Result<Records::mapped_type> parse_record(std::string_view name, std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object() || json.value("mrc", 0) != 1 ||
      !json.contains("made") || !json["made"].is_object()) {
    return fail({ErrorKind::unreadable,
                 fmt::format("/var/lib/mrc/{}.json does not parse as a record of mrc's: put it "
                             "right, or move it away and look at what mrc plan makes of it",
                             name),
                 {},
                 0,
                 std::string(text.substr(0, 400))});
  }
  Records::mapped_type made;
  for (const auto& [key, value] : json["made"].items()) made[key] = value.dump();
  return made;
}

Error cut_off(std::string_view rest) {
  return {ErrorKind::unreadable,
          fmt::format("the answer about the records is cut off: {}", excerpt(rest)),
          {},
          0,
          {}};
}

}  // namespace

shell::Script records_script() {
  shell::Script script;
  // A file that vanishes between the two commands is a run's that destroys it: no reading of ours.
  return script.line("for f in /var/lib/mrc/*.json; do [ -e \"$f\" ] || continue")
      .line("cat \"$f\" >\"$MRC_D/one-record\"; name=${f##*/}")
      .line("printf '@record %s %s\\n' \"${name%.json}\" \"$(($(wc -c <\"$MRC_D/one-record\")))\"")
      .line("cat \"$MRC_D/one-record\"; done; echo end");
}

Result<Records> parse_records(std::string_view text) {
  Records all;
  while (text.starts_with(k_header)) {
    const auto end = text.find('\n');
    const auto space = text.find(' ', k_header.size());
    if (end == std::string_view::npos || space > end) return fail(cut_off(text));
    const auto name = text.substr(k_header.size(), space - k_header.size());
    std::size_t size = 0;
    const auto* const last = text.data() + end;
    const auto [stop, error] = std::from_chars(text.data() + space + 1, last, size);
    if (error != std::errc{} || stop != last || text.size() - end - 1 < size) {
      return fail(cut_off(text));
    }
    auto made = parse_record(name, text.substr(end + 1, size));
    if (!made) return fail(std::move(made).error());
    all[std::string(name)] = std::move(*made);
    text.remove_prefix(end + 1 + size);
  }
  if (text != "end\n") return fail(cut_off(text));
  return all;
}

}  // namespace mrc::engine
