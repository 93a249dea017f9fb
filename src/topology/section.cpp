#include "topology/section.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "mrc/base/bug.hpp"

namespace mrc::topology {
namespace {

constexpr int k_deepest = 32;

SourceMark mark_of(const YAML::Mark& mark, std::size_t length = 1) {
  if (mark.is_null() || mark.line < 0) return {};
  return {mark.line + 1, mark.column + 1, static_cast<int>(std::max<std::size_t>(length, 1))};
}

SourceMark mark_of(const YAML::Node& node) {
  return mark_of(node.Mark(), node.IsScalar() ? node.Scalar().size() : 1);
}

/// Bytes that no YAML reader agrees on, or that hide something from the eye.
bool check_bytes(const SourceText& source, Diagnostics& diags) {
  int line = 1;
  int column = 1;
  for (std::size_t i = 0; i < source.text.size();) {
    const auto byte = static_cast<unsigned char>(source.text[i]);
    const std::size_t length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    bool good = byte < 0x80 || (byte >= 0xC2 && byte < 0xF5 && i + length <= source.text.size());
    for (std::size_t j = 1; good && j < length; ++j) {
      good = (static_cast<unsigned char>(source.text[i + j]) & 0xC0) == 0x80;
    }
    if (!good) {
      diags.error("MRC-T002", {line, column}, "the file is not UTF-8 text")
          .hint("save it as UTF-8");
      return false;
    }
    if ((byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7f) {
      diags.error(
          "MRC-T002", {line, column}, "a control character (byte {}) in the file", int{byte});
      return false;
    }
    line += byte == '\n' ? 1 : 0;
    column = byte == '\n' ? 1 : column + 1;
    i += length;
  }
  return true;
}

bool looks_numeric(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

struct Section::Node {
  YAML::Node value;
};

Section::Section() : m_node(std::make_unique<Node>()) {}
Section::Section(const Section& other)
    : m_node(std::make_unique<Node>(*other.m_node)),
      m_path(other.m_path),
      m_at(other.m_at),
      m_key_at(other.m_key_at) {}
Section::Section(Section&& other) noexcept = default;
Section& Section::operator=(const Section& other) {
  if (this != &other) *this = Section(other);
  return *this;
}
Section& Section::operator=(Section&& other) noexcept = default;
Section::~Section() = default;

Section::Section(std::unique_ptr<Node> node, std::string path, SourceMark key_at)
    : m_node(std::move(node)),
      m_path(std::move(path)),
      m_at(mark_of(m_node->value)),
      m_key_at(key_at) {}

std::optional<Section> Section::parse(const SourceText& source, Diagnostics& diags) {
  if (!check_bytes(source, diags)) return {};
  std::vector<YAML::Node> documents;
  try {
    documents = YAML::LoadAll(source.text);
  } catch (const YAML::Exception& error) {
    diags.error("MRC-T001", mark_of(error.mark), "not YAML: {}", error.msg);
    return {};
  }
  if (documents.empty() || documents[0].IsNull()) {
    diags.error("MRC-T003", {}, "the file is empty").hint("examples/ has topologies to start from");
    return {};
  }
  if (documents.size() > 1) {
    diags.error("MRC-T004", mark_of(documents[1]), "a second YAML document; a file holds one");
    return {};
  }
  Section root(std::make_unique<Node>(Node{documents[0]}), {}, mark_of(documents[0]));
  if (!root.is_map()) {
    diags.error("MRC-T005", root.at(), "a topology is a mapping of keys, not {}", root.kind());
    return {};
  }
  std::vector<std::pair<Section, int>> open{{root, 0}};
  while (!open.empty()) {
    const auto [section, depth] = open.back();
    open.pop_back();
    if (depth > k_deepest) {
      diags.error("MRC-T006", section.at(), "nested too deeply");
      return {};
    }
    section.check_keys(diags);
    if (section.is_map()) {
      for (auto& [name, value] : section.entries(diags)) open.emplace_back(value, depth + 1);
    } else if (section.is_list()) {
      for (auto& value : section.items(diags)) open.emplace_back(value, depth + 1);
    }
  }
  return root;
}

/// Keys that are no plain text, that are written twice, or that YAML gives a meaning of its own.
void Section::check_keys(Diagnostics& diags) const {
  const auto& tag = m_node->value.Tag();
  if (!tag.empty() && tag != "?" && tag != "!" && !tag.starts_with("tag:yaml.org,2002:")) {
    diags.error("MRC-T007", m_at, "a YAML tag ('{}') has no meaning here", tag);
  }
  if (!is_map()) return;
  std::map<std::string, SourceMark> seen;
  for (const auto& entry : m_node->value) {
    if (!entry.first.IsScalar()) {
      diags.error("MRC-T008", mark_of(entry.first), "a key must be plain text");
      continue;
    }
    const auto& name = entry.first.Scalar();
    const auto at = mark_of(entry.first);
    if (name == "<<") {
      diags.error("MRC-T009", at, "merge keys ('<<') are not part of YAML 1.2")
          .hint("write the keys out");
    }
    const auto [first, fresh] = seen.emplace(name, at);
    if (!fresh) {
      diags.error("MRC-T010", at, "the key '{}' stands twice", name)
          .note(first->second, "first written here");
    }
  }
}

bool Section::is_map() const { return m_node->value.IsMap(); }
bool Section::is_list() const { return m_node->value.IsSequence(); }
bool Section::is_null() const { return m_node->value.IsNull(); }

std::string Section::kind() const {
  if (is_map()) return "a mapping";
  if (is_list()) return "a list";
  if (is_null()) return "nothing";
  return "'" + m_node->value.Scalar() + "'";
}

std::vector<std::pair<std::string, Section>> Section::entries(Diagnostics& diags) const {
  std::vector<std::pair<std::string, Section>> out;
  if (!is_map()) {
    diags.error("MRC-T011",
                m_at.line > 0 ? m_at : m_key_at,
                "{} must be a mapping, not {}",
                m_path,
                kind());
    return out;
  }
  for (const auto& entry : m_node->value) {
    if (!entry.first.IsScalar()) continue;  // reported by check_keys
    const auto& name = entry.first.Scalar();
    const bool doubled =
        std::any_of(out.begin(), out.end(), [&](const auto& one) { return one.first == name; });
    if (doubled) continue;  // likewise
    auto path = m_path.empty() ? name : m_path + "." + name;
    out.emplace_back(
        name,
        Section(std::make_unique<Node>(Node{entry.second}), std::move(path), mark_of(entry.first)));
  }
  return out;
}

std::vector<Section> Section::items(Diagnostics& diags) const {
  std::vector<Section> out;
  if (!is_list()) {
    diags.error(
        "MRC-T011", m_at.line > 0 ? m_at : m_key_at, "{} must be a list, not {}", m_path, kind());
    return out;
  }
  for (const auto& item : m_node->value) {
    out.push_back(Section(std::make_unique<Node>(Node{item}), m_path, mark_of(item)));
  }
  return out;
}

std::optional<Section> Section::get(std::string_view key) const {
  if (!is_map()) return {};
  for (const auto& entry : m_node->value) {
    if (!entry.first.IsScalar() || entry.first.Scalar() != key) continue;
    auto path = m_path.empty() ? std::string(key) : m_path + "." + std::string(key);
    return Section(
        std::make_unique<Node>(Node{entry.second}), std::move(path), mark_of(entry.first));
  }
  return {};
}

std::optional<std::string> Section::scalar(Diagnostics& diags) const {
  if (m_node->value.IsScalar()) return m_node->value.Scalar();
  diags.error(
      "MRC-T011", m_at.line > 0 ? m_at : m_key_at, "{} must be one value, not {}", m_path, kind());
  return {};
}

std::optional<std::string> Section::text(Diagnostics& diags) const {
  auto value = scalar(diags);
  if (!value) return {};
  if (value->empty()) {
    diags.error("MRC-T012", m_key_at, "{} is empty", m_path);
    return {};
  }
  return value;
}

std::optional<bool> Section::boolean(Diagnostics& diags) const {
  const auto value = scalar(diags);
  if (!value) return {};
  // A quoted "true" is a text, and means to be one.
  const bool plain = m_node->value.Tag() != "!";
  if (plain && *value == "true") return true;
  if (plain && *value == "false") return false;
  auto report = diags.error("MRC-T013", m_at, "{} must be true or false, not '{}'", m_path, *value);
  constexpr std::array yes{"yes", "on", "y", "Yes", "True", "TRUE", "ON", "YES"};
  constexpr std::array no{"no", "off", "n", "No", "False", "FALSE", "OFF", "NO"};
  if (std::find(yes.begin(), yes.end(), *value) != yes.end()) report.hint("write true");
  if (std::find(no.begin(), no.end(), *value) != no.end()) report.hint("write false");
  return {};
}

std::optional<std::int64_t> Section::integer(Diagnostics& diags) const {
  const auto value = scalar(diags);
  if (!value) return {};
  std::int64_t number = 0;
  const auto* const end = value->data() + value->size();
  const auto [last, error] = std::from_chars(value->data(), end, number);
  if (error != std::errc{} || last != end) {
    diags.error("MRC-T014", m_at, "{} must be a whole number, not '{}'", m_path, *value);
    return {};
  }
  if (value->size() > 1 && value->front() == '0' && looks_numeric(*value)) {
    diags
        .error("MRC-T014",
               m_at,
               "{}: '{}' is octal to some readers of YAML and decimal to others",
               m_path,
               *value)
        .hint("write it without leading zeros: {}", number);
    return {};
  }
  return number;
}

}  // namespace mrc::topology
