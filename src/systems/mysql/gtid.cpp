#include "systems/mysql/gtid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace mrc::systems::mysql {
namespace {

using Number = std::uint64_t;
using Interval = std::pair<Number, Number>;  // both ends are in it
using Set = std::map<std::string, std::vector<Interval>>;

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find(by);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::optional<Number> to_number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return {};
  return value;
}

std::optional<Interval> to_interval(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = to_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : to_number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return {};
  return Interval(*first, *last);
}

/// Sorted, and no two overlap.
void join(std::vector<Interval>& intervals) {
  std::sort(intervals.begin(), intervals.end());
  std::vector<Interval> out;
  for (const auto& one : intervals) {
    if (!out.empty() && one.first <= out.back().second) {
      out.back().second = std::max(out.back().second, one.second);
    } else {
      out.push_back(one);
    }
  }
  intervals = std::move(out);
}

std::optional<Set> parse(std::string_view text) {
  const auto plain = one_line(text);
  Set set;
  for (const auto part : split(plain, ',')) {
    if (part.empty()) continue;
    const auto words = split(part, ':');
    std::string source(words[0]);
    if (words.size() < 2 || source.size() != 36) return {};
    for (auto word = words.begin() + 1; word != words.end(); ++word) {
      if (const auto interval = to_interval(*word)) {
        set[source].push_back(*interval);
      } else if (!word->empty() && (*word)[0] > '9' && word + 1 != words.end()) {
        source = std::string(words[0]) + ":" + std::string(*word);
      } else {
        return {};
      }
    }
  }
  for (auto& [source, intervals] : set) join(intervals);
  return set;
}

/// What of `of` no interval of `in` has; `in` is sorted.
std::vector<Interval> uncovered(Interval of, const std::vector<Interval>& in) {
  std::vector<Interval> out;
  for (const auto& [first, last] : in) {
    if (last < of.first) continue;
    if (first > of.second) break;
    if (first > of.first) out.emplace_back(of.first, first - 1);
    if (last >= of.second) return out;
    of.first = last + 1;
  }
  out.push_back(of);
  return out;
}

std::optional<Set> subtract(std::string_view of, std::string_view in) {
  const auto wanted = parse(of);
  const auto there = parse(in);
  if (!wanted || !there) return {};
  Set out;
  for (const auto& [source, intervals] : *wanted) {
    const auto found = there->find(source);
    for (const auto& one : intervals) {
      for (const auto& rest :
           uncovered(one, found == there->end() ? std::vector<Interval>{} : found->second)) {
        out[source].push_back(rest);
      }
    }
  }
  return out;
}

/// MariaDB's: the last number of each domain, "0-1-26,1-1-3".
std::optional<std::map<Number, Number>> parse_positions(std::string_view text) {
  std::map<Number, Number> last;
  for (const auto part : split(text, ',')) {
    if (part.empty()) continue;
    const auto words = split(part, '-');
    if (words.size() != 3) return {};
    const auto domain = words[0] == "0" ? Number{0} : to_number(words[0]);
    const auto number = to_number(words[2]);
    if (!domain || !to_number(words[1]) || !number) return {};
    last[*domain] = std::max(last[*domain], *number);
  }
  return last;
}

/// Of each domain, the numbers beyond the other's last.
std::optional<std::map<Number, Interval>> subtract_positions(std::string_view of,
                                                             std::string_view in) {
  const auto wanted = parse_positions(of);
  const auto there = parse_positions(in);
  if (!wanted || !there) return {};
  std::map<Number, Interval> out;
  for (const auto& [domain, last] : *wanted) {
    const auto found = there->find(domain);
    const auto has = found == there->end() ? 0 : found->second;
    if (last > has) out[domain] = {has + 1, last};
  }
  return out;
}

std::string render(const Interval& one) {
  return one.first == one.second ? fmt::format("{}", one.first)
                                 : fmt::format("{}-{}", one.first, one.second);
}

}  // namespace

std::string one_line(std::string_view set) {
  std::string out;
  for (std::size_t i = 0; i < set.size(); ++i) {
    if (set[i] == '\\' && set.substr(i, 2) == "\\n") {
      ++i;
    } else if (set[i] != '\n' && set[i] != ' ') {
      out += set[i];
    }
  }
  return out;
}

std::optional<std::uint64_t> missing(std::string_view of, std::string_view in) {
  Number count = 0;
  if (const auto rest = subtract(of, in)) {
    for (const auto& [source, intervals] : *rest) {
      for (const auto& [first, last] : intervals) count += last - first + 1;
    }
    return count;
  }
  const auto rest = subtract_positions(of, in);
  if (!rest) return {};
  for (const auto& [domain, one] : *rest) count += one.second - one.first + 1;
  return count;
}

std::optional<std::string> difference(std::string_view of, std::string_view in) {
  std::string out;
  if (const auto rest = subtract(of, in)) {
    for (const auto& [source, intervals] : *rest) {
      out += (out.empty() ? "" : ",") + source;
      for (const auto& one : intervals) out += ":" + render(one);
    }
    return out;
  }
  const auto rest = subtract_positions(of, in);
  if (!rest) return {};
  for (const auto& [domain, one] : *rest) {
    out += fmt::format("{}domain {}: {}", out.empty() ? "" : ", ", domain, render(one));
  }
  return out;
}

std::string written_by(std::string_view server_id, std::string_view state) {
  std::string out;
  for (const auto part : split(state, ',')) {
    const auto words = split(part, '-');
    if (words.size() != 3 || words[1] != server_id) continue;
    out += (out.empty() ? "" : ",") + std::string(part);
  }
  return out;
}

std::optional<std::string> written_beyond(std::string_view server_id,
                                          std::string_view state,
                                          std::string_view other) {
  const auto own = written_by(server_id, state);
  const auto there = written_by(server_id, other);
  std::string out;
  for (const auto part : split(own, ',')) {
    const auto more = missing(part, there);
    if (!more) return {};
    if (*more != 0) out += (out.empty() ? "" : ",") + std::string(part);
  }
  return out;
}

}  // namespace mrc::systems::mysql
