#include "mrc/shell/script.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "mrc/base/bug.hpp"
#include "prelude.sh.hpp"

namespace mrc::shell {
namespace {

/// FNV-1a: names an attachment by its bytes, so that equal ones travel once.
std::uint64_t fingerprint(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

std::optional<std::size_t> take_number(std::string_view& text, char end) {
  const auto stop = text.find(end);
  if (stop == std::string_view::npos) return {};
  std::size_t value = 0;
  const auto [last, error] = std::from_chars(text.data(), text.data() + stop, value);
  if (error != std::errc{} || last != text.data() + stop) return {};
  text.remove_prefix(stop + 1);
  return value;
}

}  // namespace

namespace detail {
std::string fill(std::string_view format, const std::string* words, std::size_t count) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '{' && i + 1 < format.size() && format[i + 1] == '}') {
      MRC_CHECK(used < count);
      out += words[used++];
      ++i;
    } else {
      out += format[i];
    }
  }
  return out;
}
}  // namespace detail

Text words(const std::vector<std::string>& list) {
  Text text;
  for (const auto& one : list) text.m_str += (text.m_str.empty() ? "" : " ") + quote(one);
  return text;
}

Script& Script::use_text(std::string_view library) {
  if (std::find(m_libraries.begin(), m_libraries.end(), library) == m_libraries.end()) {
    m_libraries.push_back(library);
  }
  return *this;
}

Text Script::add(Attachment attachment) {
  Text path;
  path.m_str = "\"$MRC_D\"/" + attachment.name;  // names are ours: letters, digits, '-', '.', '_'
  const auto same = [&](const Attachment& one) { return one.name == attachment.name; };
  if (std::none_of(m_attachments.begin(), m_attachments.end(), same)) {
    m_attachments.push_back(std::move(attachment));
  }
  return path;
}

Text Script::secret_file(const Secret& secret) {
  std::string name = "secret-";
  for (const char c : secret.name()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain || c == '_' || c == '.' ? c : '-';
  }
  return add({std::move(name), secret});
}

Text Script::attach(std::string contents) {
  return attach(std::make_shared<const std::string>(std::move(contents)));
}

Text Script::attach(std::shared_ptr<const std::string> contents) {
  auto name = fmt::format("file-{:016x}-{}", fingerprint(*contents), contents->size());
  return add({std::move(name), std::move(contents)});
}

Script& Script::file(std::string_view path, Mode mode, std::string contents) {
  return line("mrc_put {} {} {}", attach(std::move(contents)), path, mode);
}

Script& Script::append(const Script& other) {
  for (const auto library : other.m_libraries) use_text(library);
  for (const auto& one : other.m_attachments) add(one);
  m_body += other.m_body;
  return *this;
}

Script& Script::section(std::string_view name, const Script& other, std::chrono::seconds limit) {
  for (const auto library : other.m_libraries) use_text(library);
  for (const auto& one : other.m_attachments) add(one);
  line("mrc_section_rc=0");
  m_body += "( set -eu\n" + other.m_body + ") >\"$MRC_D\"/section.out 2>\"$MRC_D\"/section.err &\n";
  line("mrc_section_wait $! {} || mrc_section_rc=$?", limit.count());
  return line("mrc_section_print {} \"$mrc_section_rc\"", name);
}

std::string Script::text() const {
  std::string out = embedded::prelude_sh;
  for (const auto library : m_libraries) out += library;
  // A shell that is cut off in the middle of this text never reaches the last line.
  out += "mrc_main() {\nset -eu\n:\n" + m_body + "}\nmrc_main </dev/null\n";
  return out;
}

std::vector<SectionOutput> parse_sections(std::string_view output) {
  std::vector<SectionOutput> all;
  while (!output.empty()) {
    if (!output.starts_with("@mrc ")) return {};
    output.remove_prefix(5);
    const auto space = output.find(' ');
    if (space == std::string_view::npos) return {};
    SectionOutput one;
    one.name = output.substr(0, space);
    output.remove_prefix(space + 1);
    const auto status = take_number(output, ' ');
    const auto out = take_number(output, ' ');
    const auto err = take_number(output, '\n');
    if (!status || !out || !err || *out > output.size() || *err > output.size() - *out) return {};
    one.status = static_cast<int>(*status);
    one.out = output.substr(0, *out);
    one.err = output.substr(*out, *err);
    output.remove_prefix(*out + *err);
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace mrc::shell
