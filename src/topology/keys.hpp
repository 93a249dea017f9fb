#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mrc::topology {

/// One key of the file. The parser's search for unknown keys, the JSON Schema and the table in
/// docs/topology.md are all made from this one table.
struct Key {
  enum class Type {
    text,
    integer,
    boolean,
    host,
    address,
    cidr,
    port,
    secret,
    artefact,
    options,
    list,
    map
  };
  std::string_view path;  ///< "mysql.servers.*.address"; a star is a name of the file's own
  Type type;
  std::string_view fallback;  ///< what holds when it is absent; "required" when it must be there
  std::string_view doc;
};

std::span<const Key> keys();

/// The names that may stand under a path; empty under a star or under a leaf.
std::vector<std::string> names_under(std::string_view path);

/// The path with the file's own names replaced by stars: "hosts.docker1.address" →
/// "hosts.*.address".
std::string pattern_of(std::string_view path);

/// The table of docs/topology.md, in Markdown.
std::string render_key_table();

}  // namespace mrc::topology
