#pragma once

#include <cstddef>
#include <functional>

namespace mrc::exec {

/// Calls work(0) .. work(count-1), at most `at_once` at a time, and returns when all are done.
/// What one throws is thrown here, after the others have ended.
void parallel(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& work);

}  // namespace mrc::exec
