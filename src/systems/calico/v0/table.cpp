#include "systems/calico/v0/table.hpp"

namespace mrc::systems::calico::v0 {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> cells;
  line.remove_prefix(1);
  while (true) {
    const auto end = line.find('|');
    if (end == std::string_view::npos) return cells;
    cells.emplace_back(trim(line.substr(0, end)));
    line.remove_prefix(end + 1);
  }
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

std::string_view Table::cell(std::size_t row, std::string_view column) const {
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] == column) return rows[row][i];
  }
  return {};
}

std::optional<Table> parse_table(std::string_view text, std::string_view first_column) {
  Table table;
  int borders_after_header = 0;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line.starts_with('+')) {
      if (table.header.empty()) continue;
      // The border of a table without rows comes twice; that of one with rows, before and after.
      if (++borders_after_header == 2) return table;
      continue;
    }
    if (!line.starts_with('|')) {
      if (!table.header.empty()) return {};
      continue;
    }
    auto cells = cells_of(line);
    if (table.header.empty()) {
      if (!cells.empty() && cells.front() == first_column) table.header = std::move(cells);
      continue;
    }
    if (cells.size() != table.header.size()) return {};
    if (cells.front().empty() && !table.rows.empty()) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (cells[i].empty()) cells[i] = table.rows.back()[i];
      }
    }
    table.rows.push_back(std::move(cells));
  }
  return {};
}

}  // namespace mrc::systems::calico::v0
