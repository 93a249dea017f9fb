#pragma once

#include <iosfwd>
#include <optional>
#include <string>

namespace mrc {

/// All bytes up to the end of the stream; empty when a read failed.
std::optional<std::string> read_all(std::istream& in);

}  // namespace mrc
