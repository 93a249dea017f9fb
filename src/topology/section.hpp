#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/diagnostics.hpp"

namespace mrc::topology {

/// One value of a YAML file with its place: the only wrapper of yaml-cpp, whose own ideas stop
/// here.
///
/// yaml-cpp 0.7 as tried: of two equal keys the first silently wins, `<<` is not merged, `010` is
/// 8, `yes` is true, marks count from 0. A Section reports the first two, takes no octal and no
/// word but true and false, and counts from 1. Every getter reports what is wrong to the
/// Diagnostics given, once, and then gives nothing.
class Section {
 public:
  /// The whole file; empty when it does not parse (reported) or holds no mapping.
  static std::optional<Section> parse(const SourceText& source, Diagnostics& diags);

  Section();  ///< nothing, at no place
  Section(const Section& other);
  Section(Section&& other) noexcept;
  Section& operator=(const Section& other);
  Section& operator=(Section&& other) noexcept;
  ~Section();

  SourceMark at() const { return m_at; }              ///< of the value
  SourceMark key_at() const { return m_key_at; }      ///< of its key, or of the value in a list
  const std::string& path() const { return m_path; }  ///< "mysql.servers.db1.address"

  bool is_map() const;
  bool is_list() const;
  bool is_null() const;

  /// The entries of a mapping in file order: name and value. Reports what is no mapping.
  std::vector<std::pair<std::string, Section>> entries(Diagnostics& diags) const;
  /// The items of a list. Reports what is no list.
  std::vector<Section> items(Diagnostics& diags) const;
  /// The value of a key; empty when there is none (not reported), or when this is no mapping.
  std::optional<Section> get(std::string_view key) const;

  std::optional<std::string> text(Diagnostics& diags) const;
  std::optional<bool> boolean(Diagnostics& diags) const;
  std::optional<std::int64_t> integer(Diagnostics& diags) const;
  /// A text, a number or a truth, as written: for mysqld's options.
  std::optional<std::string> scalar(Diagnostics& diags) const;

 private:
  struct Node;
  Section(std::unique_ptr<Node> node, std::string path, SourceMark key_at);
  void check_keys(Diagnostics& diags) const;
  std::string kind() const;

  std::unique_ptr<Node> m_node;
  std::string m_path;
  SourceMark m_at;
  SourceMark m_key_at;
};

}  // namespace mrc::topology
