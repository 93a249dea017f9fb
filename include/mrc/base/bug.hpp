#pragma once

#include <stdexcept>
#include <string>

namespace mrc {

/// mrc itself is wrong. Thrown by MRC_CHECK, caught only in main, which ends with code 70.
class Bug : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace mrc

#define MRC_STRINGIFY_(x) #x
#define MRC_STRINGIFY(x) MRC_STRINGIFY_(x)
/// For what only a mistake in mrc can make false; never for input or the state of hosts.
#define MRC_CHECK(cond)          \
  ((cond) ? static_cast<void>(0) \
          : throw ::mrc::Bug(__FILE__ ":" MRC_STRINGIFY(__LINE__) ": " #cond))
