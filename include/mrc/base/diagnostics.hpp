#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mrc {

/// A place in a text file. Lines and columns count from 1; 0 means "the file as a whole".
struct SourceMark {
  int line = 0;
  int column = 0;
  int length = 1;  ///< characters to underline
  bool operator==(const SourceMark&) const = default;
};

/// A value and where it was written, for stages that judge it later than the loader did.
template <class T>
struct Located {
  T value{};
  SourceMark at;
  const T& operator*() const { return value; }
  const T* operator->() const { return &value; }
  bool operator==(const Located&) const = default;
};

enum class Severity { warning, error };

struct Diagnostic {
  struct Note {
    SourceMark at;
    std::string text;
    bool operator==(const Note&) const = default;
  };
  Severity severity = Severity::error;
  std::string code;  ///< "MRC-T014": stable, for `mrc explain` and for grep
  SourceMark at;
  std::string message;
  std::vector<Note> notes;
  std::string hint;
  bool operator==(const Diagnostic&) const = default;
};

/// Gathers every fault of one input. A function that takes it returns an empty optional exactly
/// when it reported an error.
class Diagnostics {
 public:
  /// Lets a report be completed: `diags.error(..).note(..).hint(..)`.
  class Builder {
   public:
    explicit Builder(Diagnostic& target) : m_target(target) {}
    Builder& note(SourceMark at, std::string text) {
      m_target.notes.push_back({at, std::move(text)});
      return *this;
    }
    template <class... Args>
    Builder& hint(fmt::format_string<Args...> format, Args&&... args) {
      m_target.hint = fmt::format(format, std::forward<Args>(args)...);
      return *this;
    }

   private:
    Diagnostic& m_target;
  };

  template <class... Args>
  Builder error(std::string_view code,
                SourceMark at,
                fmt::format_string<Args...> format,
                Args&&... args) {
    return add(Severity::error, code, at, fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  Builder warning(std::string_view code,
                  SourceMark at,
                  fmt::format_string<Args...> format,
                  Args&&... args) {
    return add(Severity::warning, code, at, fmt::format(format, std::forward<Args>(args)...));
  }

  bool has_errors() const;
  std::size_t count(Severity severity) const;
  /// In the order of places in the file, then of reporting.
  std::vector<Diagnostic> sorted() const;

 private:
  Builder add(Severity severity, std::string_view code, SourceMark at, std::string message);
  std::vector<std::unique_ptr<Diagnostic>> m_all;
};

/// One input's text under the name that messages show.
struct SourceText {
  std::string name;  ///< "topology.yaml", or "<stdin>"
  std::string text;
};

/// "topology.yaml:14:21: error MRC-T014: unknown host 'node-4'", the line, a caret, notes, hint;
/// then one summary line. Empty when there is nothing to say.
std::string render(const Diagnostics& diagnostics, const SourceText& source);

/// The candidate nearest to `word` by edit distance, when near enough to be a slip of the finger.
std::optional<std::string> closest(std::string_view word, std::span<const std::string> candidates);

}  // namespace mrc
