#pragma once

#include <string>
#include <string_view>

namespace mrc::shell {

/// One word for a POSIX shell that means exactly `text`. Plain words stay as they are; all else is
/// single-quoted. `text` must hold no NUL, which no shell word can (MRC_CHECK).
std::string quote(std::string_view text);

}  // namespace mrc::shell
