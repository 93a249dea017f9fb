#include "systems/facts.hpp"

#include <algorithm>

namespace mrc::systems {
namespace {

bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

Result<Facts> Facts::parse(std::string_view text) {
  Facts facts;
  int number = 0;
  while (true) {
    ++number;
    const auto stop = text.find('\n');
    if (stop == std::string_view::npos) {
      return fail(
          ErrorKind::unreadable, "the answer is cut off at line {}: {}", number, excerpt(text));
    }
    const auto line = text.substr(0, stop);
    text.remove_prefix(stop + 1);
    if (line == "end") break;
    const auto space = line.find(' ');
    if (space == std::string_view::npos || !is_key(line.substr(0, space))) {
      return fail(ErrorKind::unreadable, "line {} of the answer is odd: {}", number, excerpt(line));
    }
    facts.m_lines.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  if (!text.empty()) {
    return fail(ErrorKind::unreadable, "the answer goes on after its end: {}", excerpt(text));
  }
  return facts;
}

bool Facts::has(std::string_view key) const {
  return std::any_of(
      m_lines.begin(), m_lines.end(), [&](const auto& line) { return line.first == key; });
}

std::string_view Facts::first(std::string_view key) const {
  for (const auto& [name, value] : m_lines) {
    if (name == key) return value;
  }
  return {};
}

Result<std::string> Facts::need(std::string_view key) const {
  if (!has(key)) return fail(ErrorKind::unreadable, "the answer has no '{}'", key);
  return std::string(first(key));
}

std::vector<std::string> Facts::all(std::string_view key) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : m_lines) {
    if (name == key) values.push_back(value);
  }
  return values;
}

std::string Facts::text(std::string_view key) const {
  std::string out;
  for (const auto& value : all(key)) out += value + '\n';
  return out;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto start = text.find_first_not_of(" \t");
    if (start == std::string_view::npos) break;
    const auto stop = text.find_first_of(" \t", start);
    words.emplace_back(text.substr(start, stop - start));
    if (stop == std::string_view::npos) break;
    text.remove_prefix(stop);
  }
  return words;
}

}  // namespace mrc::systems
