#pragma once

#include <fmt/format.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "mrc/base/secret.hpp"
#include "mrc/shell/quote.hpp"

namespace mrc::shell {

/// Permission bits of a file, as chmod takes them.
struct Mode {
  unsigned bits = 0644;
  std::string text() const { return fmt::format("{:04o}", bits); }
};

/// Shell text with one `{}` per argument. Only a literal converts to it, so that a string made at
/// run time cannot become code; a wrong number of `{}` does not compile.
template <class... Args>
class Format {
 public:
  consteval Format(const char* text) : m_text(text) {  // NOLINT: implicit by design
    std::size_t count = 0;
    for (const char* p = text; *p != '\0'; ++p) {
      if (p[0] == '{' && p[1] == '}') ++count;
    }
    if (count != sizeof...(Args)) throw "the number of {} differs from the number of arguments";
  }
  constexpr std::string_view text() const { return m_text; }

 private:
  const char* m_text;
};

/// A word or words already safe for the shell: made from literals and quoted arguments only.
class Text {
 public:
  Text() = default;
  template <class... Args>
  explicit Text(std::type_identity_t<Format<Args...>> format, const Args&... args);
  const std::string& str() const { return m_str; }
  bool operator==(const Text&) const = default;

 private:
  friend class Script;
  friend Text words(const std::vector<std::string>& list);
  std::string m_str;
};

/// The list as separate quoted words: `docker run {}` with words({"-d", "a b"}) is docker run -d 'a
/// b'.
Text words(const std::vector<std::string>& list);

/// Bytes that travel beside a script and are a 0600 file on the host while it runs.
struct Attachment {
  std::string name;  ///< file name under "$MRC_D"
  std::variant<std::shared_ptr<const std::string>, Secret> bytes;
};

/// A POSIX sh script, with the files it needs. A value: built, compared by text, stored, run later.
///
/// It runs with `set -eu`, stdin from /dev/null, in a shell that knows the functions of
/// src/shell/prelude.sh (mrc_put, mrc_wait, mrc_note, mrc_record, ...), "$MRC_D" being a private
/// directory that vanishes afterwards.
class Script {
 public:
  /// One line (or several) of shell text; each `{}` takes one argument, quoted.
  template <class... Args>
  Script& line(std::type_identity_t<Format<Args...>> format, const Args&... args) {
    m_body += Text(format, args...).str();
    m_body += '\n';
    return *this;
  }

  /// Function definitions from a `.sh` file of this repository (mrc_embed), included once.
  template <std::size_t N>
  Script& use(const char (&library)[N]) {
    return use_text(std::string_view(library, N - 1));
  }

  /// Writes `path` atomically with these contents: whole, or as it was.
  Script& file(std::string_view path, Mode mode, std::string contents);

  /// The secret as a file of its exact bytes, no newline added: `cat {}`. Gone after the run.
  Text secret_file(const Secret& secret);
  /// Contents as a file beside the script; for what is too big or too odd for a shell word.
  Text attach(std::string contents);
  Text attach(std::shared_ptr<const std::string> contents);

  /// All of the other's functions, lines and attachments after ours.
  Script& append(const Script& other);
  /// Runs the other in a subshell whose output goes to a file named by `$MRC_D/<name>.{out,rc}`;
  /// its failure does not end this script. How many scripts share one round trip. One that is not
  /// done within `limit` is ended, with the status `k_section_late`; 0 s: it may take as long as
  /// the whole.
  Script& section(std::string_view name,
                  const Script& other,
                  std::chrono::seconds limit = std::chrono::seconds(0));

  bool empty() const { return m_body.empty(); }
  /// What is sent as program text. Holds no secret: those are attachments.
  std::string text() const;
  /// The lines alone, without libraries and prelude: what a human reads.
  const std::string& body() const { return m_body; }
  const std::vector<Attachment>& attachments() const { return m_attachments; }
  bool operator==(const Script& other) const { return text() == other.text(); }

 private:
  Script& use_text(std::string_view library);
  Text add(Attachment attachment);

  std::vector<std::string_view> m_libraries;
  std::string m_body;
  std::vector<Attachment> m_attachments;
};

/// How a section ends that took longer than it may.
constexpr int k_section_late = 142;

/// The outputs of a script made with `section`, by name.
struct SectionOutput {
  std::string name;
  int status = 0;
  std::string out;
  std::string err;
};

/// Reads what a script of sections printed. Shape: for each, `@mrc NAME STATUS OUTBYTES ERRBYTES`,
/// newline, then exactly that many bytes of stdout and of stderr. Empty when it does not parse.
std::vector<SectionOutput> parse_sections(std::string_view output);

namespace detail {
template <class T>
std::string word(const T& value) {
  if constexpr (std::same_as<T, Text>) {
    return value.str();
  } else if constexpr (std::convertible_to<T, std::string_view>) {
    return quote(std::string_view(value));
  } else if constexpr (std::same_as<T, Mode>) {
    return value.text();
  } else {
    static_assert(!std::same_as<T, Secret>, "a secret reaches a script only by secret_file()");
    return quote(fmt::format("{}", value));
  }
}
std::string fill(std::string_view format, const std::string* words, std::size_t count);
}  // namespace detail

template <class... Args>
Text::Text(std::type_identity_t<Format<Args...>> format, const Args&... args) {
  const std::string list[sizeof...(Args) + 1] = {detail::word(args)..., {}};
  m_str = detail::fill(format.text(), list, sizeof...(Args));
}

}  // namespace mrc::shell
