#include "systems/mysql/gtid.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mrc::systems::mysql {
namespace {

struct Interval {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
using Set = std::map<std::string, std::vector<Interval>, std::less<>>;

std::string_view cut(std::string_view& text, char at) {
  const auto end = text.find(at);
  const auto part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

bool read_number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

Result<Set> parse(std::string_view whole) {
  std::string text(whole);
  for (auto at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at)) {
    text.erase(at, 2);
  }
  std::erase_if(text, [](char c) { return c == '\n' || c == ' '; });
  Set out;
  std::string_view rest = text;
  while (!rest.empty()) {
    auto one = cut(rest, ',');
    auto& intervals = out[std::string(cut(one, ':'))];
    do {
      auto range = cut(one, ':');
      const auto first = cut(range, '-');
      Interval interval;
      if (!read_number(first, interval.first) ||
          !read_number(range.empty() ? first : range, interval.last)) {
        return fail(ErrorKind::unreadable, "odd set of transactions: {}", excerpt(whole));
      }
      intervals.push_back(interval);
    } while (!one.empty());
  }
  return out;
}

}  // namespace

Result<bool> gtid_subset(std::string_view inner, std::string_view outer) {
  const auto few = parse(inner);
  if (!few) return fail(few.error());
  const auto many = parse(outer);
  if (!many) return fail(many.error());
  // A server prints its sets normalised, so an interval lies within one of the other's, or is not
  // in it.
  return std::all_of(few->begin(), few->end(), [&](const auto& source) {
    const auto found = many->find(source.first);
    if (found == many->end()) return false;
    return std::all_of(source.second.begin(), source.second.end(), [&](const Interval& one) {
      return std::any_of(found->second.begin(), found->second.end(), [&](const Interval& other) {
        return other.first <= one.first && one.last <= other.last;
      });
    });
  });
}

}  // namespace mrc::systems::mysql
