#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mrc::systems::calico::v0 {

/// A table as calicoctl prints it.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  ///< as wide as the header

  /// The cell of that column; empty when the table has no such column.
  std::string_view cell(std::size_t row, std::string_view column) const;
};

/// Reads the first table in `text` whose first column is called `first_column`.
///
/// Shape:  PrettyTable: border lines begin with '+', rows with '|', cells centred with blanks; a
/// row
///         whose first cell is blank continues the row above, whose cells stand in for its blanks.
/// Returns nothing when there is no such table, or when it is cut off before its last border.
/// Source: prettytable 0.7.2, as calicoctl v0.22.0 uses it.
std::optional<Table> parse_table(std::string_view text, std::string_view first_column);

}  // namespace mrc::systems::calico::v0
