#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/error.hpp"
#include "mrc/shell/script.hpp"

namespace mrc::systems::docker {

/// A version of Docker's API, "1.24".
struct ApiVersion {
  int major = 0;
  int minor = 0;
  auto operator<=>(const ApiVersion&) const = default;
  static std::optional<ApiVersion> parse(std::string_view text);
  std::string text() const;
};

struct Observed {
  enum class Engine { absent, down, up } engine = Engine::absent;
  std::string reason;   ///< why it is down
  std::string version;  ///< "26.1.5+dfsg1"
  ApiVersion api;
  ApiVersion api_min;                ///< engines before 1.12 do not say: then equal to 0.0
  std::string image_id;              ///< of the image asked for; empty: not there
  std::vector<std::string> digests;  ///< its names in registries, "mysql@sha256:.."
  bool operator==(const Observed&) const = default;
};

/// `image` empty: only the engine is asked.
shell::Script probe_script(const std::string& image);

/// Reads what `probe_script` printed. An engine that does not answer is a fact, no error.
/// Errors: `unreadable`.
Result<Observed> parse_probe(std::string_view text, const std::string& image);

}  // namespace mrc::systems::docker
