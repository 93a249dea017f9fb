#include "mrc/base/read_all.hpp"

#include <array>
#include <istream>

namespace mrc {

std::optional<std::string> read_all(std::istream& in) {
  std::string text;
  std::array<char, 65536> buffer;  // NOLINT: filled by read
  while (in.good()) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    text.append(buffer.data(), static_cast<std::size_t>(in.gcount()));
  }
  if (!in.eof()) return {};
  return text;
}

}  // namespace mrc
