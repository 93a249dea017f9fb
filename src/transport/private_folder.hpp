#pragma once

#include <string>
#include <string_view>

#include "mrc/base/error.hpp"

namespace mrc::transport {

/// $XDG_RUNTIME_DIR/mrc where that folder is there, else /tmp/mrc-UID.
std::string default_private_folder();

/// Makes the folder, 0700. Errors: io, also when it is there and somebody else's or open to others:
/// a stranger's folder in /tmp could hold sockets that answer as a host.
Result<void> make_private_folder(const std::string& folder);

/// Puts the contents into a file of the folder named after them, and gives its path. Safe when
/// many do so at once.
Result<std::string> write_private_file(const std::string& folder,
                                       std::string_view kind,
                                       const std::string& contents);

}  // namespace mrc::transport
