#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mrc/base/error.hpp"

namespace mrc::systems {

/// What a probe printed, as `key value` lines in their order. Text of several lines has each under
/// the same key.
///
/// Shape:  a key is letters, digits, '-', '.', '_'; one space; the rest of the line is the value,
///         which may be empty. The last line is `end`: without it the output was cut off.
class Facts {
 public:
  /// Errors: `unreadable`, when the text is cut off or holds a line of another shape.
  static Result<Facts> parse(std::string_view text);

  bool has(std::string_view key) const;
  /// The first value of the key; empty when there is none.
  std::string_view first(std::string_view key) const;
  /// Errors: `unreadable`, when there is no such key.
  Result<std::string> need(std::string_view key) const;
  std::vector<std::string> all(std::string_view key) const;
  /// All values of the key as lines of one text.
  std::string text(std::string_view key) const;

 private:
  std::vector<std::pair<std::string, std::string>> m_lines;
};

/// The blank-separated words of a value.
std::vector<std::string> split_words(std::string_view text);

}  // namespace mrc::systems
