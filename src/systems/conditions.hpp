#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "mrc/systems/system.hpp"

namespace mrc::systems {

/// What a host said to one system's probe, as `parse` reads it. Empty when that is not known: then
/// `about` is the row of `out` that says why.
template <class Parse>
auto read_for_status(const Observations& seen,
                     std::string_view system,
                     Condition about,
                     Parse parse,
                     std::vector<Condition>& out)
    -> std::optional<typename decltype(parse(std::string_view()))::value_type> {
  if (!seen.has(about.host)) {
    about.level = Verdict::Level::warn;
    about.text = "not known: the host could not be read";
    out.push_back(std::move(about));
    return {};
  }
  const auto answer = seen.get(about.host, system);
  auto parsed = answer ? parse((*answer)->out) : fail(answer.error());
  if (parsed) return std::move(*parsed);
  about.level = Verdict::Level::fail;
  about.text = parsed.error().text();
  out.push_back(std::move(about));
  return {};
}

}  // namespace mrc::systems
