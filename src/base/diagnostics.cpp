#include "mrc/base/diagnostics.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace mrc {
namespace {

std::string_view line_of(std::string_view text, int number) {
  for (int current = 1; current < number; ++current) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  auto line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// The line with a caret under the mark; tabs before it are kept so that both lines align.
std::string render_place(const SourceText& source, SourceMark at) {
  if (at.line <= 0) return {};
  const auto line = line_of(source.text, at.line);
  const auto column = static_cast<std::size_t>(std::max(at.column, 1) - 1);
  std::string pad;
  for (std::size_t i = 0; i < std::min(column, line.size()); ++i) {
    const auto byte = static_cast<unsigned char>(line[i]);
    if ((byte & 0xC0) == 0x80) continue;  // a continuation byte of UTF-8 takes no column
    pad += line[i] == '\t' ? '\t' : ' ';
  }
  const auto room = line.size() > column ? line.size() - column : 1;
  const auto length =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::max(at.length, 1)), 1, room);
  const auto number = fmt::format("{:>5}", at.line);
  return fmt::format("{} | {}\n{} | {}{}\n",
                     number,
                     line,
                     std::string(number.size(), ' '),
                     pad,
                     std::string(length, '^'));
}

std::string place_name(const SourceText& source, SourceMark at) {
  if (at.line <= 0) return source.name;
  return fmt::format("{}:{}:{}", source.name, at.line, at.column);
}

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;
      const std::size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + cost});
      diagonal = row[j];
      row[j] = next;
    }
  }
  return row[b.size()];
}

}  // namespace

Diagnostics::Builder Diagnostics::add(Severity severity,
                                      std::string_view code,
                                      SourceMark at,
                                      std::string message) {
  auto made = std::make_unique<Diagnostic>();
  made->severity = severity;
  made->code = code;
  made->at = at;
  made->message = std::move(message);
  m_all.push_back(std::move(made));
  return Builder(*m_all.back());
}

bool Diagnostics::has_errors() const { return count(Severity::error) > 0; }

std::size_t Diagnostics::count(Severity severity) const {
  return static_cast<std::size_t>(std::count_if(
      m_all.begin(), m_all.end(), [&](const auto& one) { return one->severity == severity; }));
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> out;
  out.reserve(m_all.size());
  for (const auto& one : m_all) out.push_back(*one);
  std::stable_sort(out.begin(), out.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
  });
  return out;
}

std::string render(const Diagnostics& diagnostics, const SourceText& source) {
  std::string out;
  for (const auto& one : diagnostics.sorted()) {
    out += fmt::format("{}: {} {}: {}\n",
                       place_name(source, one.at),
                       one.severity == Severity::error ? "error" : "warning",
                       one.code,
                       one.message);
    out += render_place(source, one.at);
    for (const auto& note : one.notes) {
      out += fmt::format("{}: note: {}\n", place_name(source, note.at), note.text);
      out += render_place(source, note.at);
    }
    if (!one.hint.empty()) out += fmt::format("  hint: {}\n", one.hint);
  }
  const auto errors = diagnostics.count(Severity::error);
  const auto warnings = diagnostics.count(Severity::warning);
  if (errors + warnings > 0) {
    out += fmt::format("{}: {} error{}, {} warning{}\n",
                       source.name,
                       errors,
                       errors == 1 ? "" : "s",
                       warnings,
                       warnings == 1 ? "" : "s");
  }
  return out;
}

std::optional<std::string> closest(std::string_view word, std::span<const std::string> candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const auto d = distance(word, candidate);
    if (d < best_distance && d < std::max(word.size(), candidate.size())) {
      best_distance = d;
      best = candidate;
    }
  }
  return best;
}

}  // namespace mrc
