#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mrc::systems::mysql {

/// A set or position without its line breaks, however they are written.
std::string one_line(std::string_view set);

/// How many transactions of the GTID set `of` are not in `in`; empty when one of them is no set.
///
/// Shape:  "UUID:1-4:7,UUID:2", with or without line breaks; as the client's batch output writes
///         them, "\n" in two characters. A tag counts as part of what is before it: "UUID:tag:1-3".
///         Or a position of MariaDB, "0-1-26,1-1-3": domain, server, number.
/// Source: MySQL 8.4 manual, "GTID Format and Storage".
std::optional<std::uint64_t> missing(std::string_view of, std::string_view in);

/// Those transactions themselves, as a set of the same shape: "UUID:5-7,UUID:9"; of MariaDB's,
/// their numbers: "domain 0: 27-30".
std::optional<std::string> difference(std::string_view of, std::string_view in);

/// Of a state of MariaDB, what one server wrote: "0-1-26,0-101-31" of 101 is "0-101-31".
std::string written_by(std::string_view server_id, std::string_view state);

/// The same, but what another's state has of it too. Each part is the last of that server's in its
/// domain; which of the numbers below it are its own, a state does not tell. Empty optional: one of
/// them is no state.
std::optional<std::string> written_beyond(std::string_view server_id,
                                          std::string_view state,
                                          std::string_view other);

}  // namespace mrc::systems::mysql
