#include "cli/conditions.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mrc::cli {
namespace {

using Level = systems::Verdict::Level;
using nlohmann::ordered_json;

constexpr std::size_t k_longest_text = 300;

std::string_view word(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::warn:
      return "warn";
    case Level::fail:
      return "fail";
  }
  return "?";
}

std::vector<std::string> groups_of(const Standing& standing) {
  std::vector<std::string> out;
  for (const auto& one : standing.conditions) {
    if (std::find(out.begin(), out.end(), one.group) == out.end()) out.push_back(one.group);
  }
  return out;
}

std::tm utc(std::chrono::system_clock::time_point at) {
  return fmt::gmtime(std::chrono::system_clock::to_time_t(at));
}

}  // namespace

std::size_t Standing::count(Level level) const {
  const auto number =
      std::count_if(conditions.begin(), conditions.end(), [&](const systems::Condition& one) {
        return one.level == level;
      });
  return static_cast<std::size_t>(number);
}

std::string render_text(const Standing& standing) {
  std::size_t host_width = 0;
  std::size_t subject_width = 0;
  for (const auto& one : standing.conditions) {
    host_width = std::max(host_width, one.host.text().size());
    subject_width = std::max(subject_width, one.subject.size());
  }
  auto out = fmt::format("{} at {:%F %H:%M:%S} UTC\n", standing.deployment, utc(standing.at));
  for (const auto& group : groups_of(standing)) {
    out += group + "\n";
    for (const auto& one : standing.conditions) {
      if (one.group != group) continue;
      out += fmt::format("  {:<4}  {:<{}}  {:<{}}  {}\n",
                         one.level == Level::fail ? "FAIL" : word(one.level),
                         one.host.text(),
                         host_width,
                         one.subject,
                         subject_width,
                         excerpt(one.text, k_longest_text));
    }
  }
  return out + fmt::format("status: {} ok, {} to look at, {} failed\n",
                           standing.count(Level::ok),
                           standing.count(Level::warn),
                           standing.count(Level::fail));
}

std::string render_json(const Standing& standing) {
  auto conditions = ordered_json::array();
  for (const auto& one : standing.conditions) {
    conditions.push_back(
        {{"group", one.group},
         {"host", one.host.text()},
         {"subject", one.subject.empty() ? ordered_json(nullptr) : ordered_json(one.subject)},
         {"level", word(one.level)},
         {"text", one.text}});
  }
  const ordered_json record{{"schema", "mrc/status/1"},
                            {"deployment", standing.deployment},
                            {"at", fmt::format("{:%FT%H:%M:%SZ}", utc(standing.at))},
                            {"ok", standing.count(Level::fail) == 0},
                            {"conditions", std::move(conditions)}};
  return record.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mrc::cli
