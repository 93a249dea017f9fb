#include "systems/mysql/internal.hpp"

namespace mrc::systems::mysql {
namespace {
constexpr std::string_view k_prefix = "mysql/";
}

std::string record_key(const ServerId& server, std::string_view what) {
  return fmt::format("{}{}/{}", k_prefix, server, what);
}

std::set<ServerId> recorded(const std::map<std::string, std::string>& record,
                            std::string_view what) {
  std::set<ServerId> out;
  for (const auto& [key, value] : record) {
    const auto slash = key.find('/', k_prefix.size());
    if (!key.starts_with(k_prefix) || slash == std::string::npos) continue;
    if (key.substr(slash + 1) == what) {
      out.insert(ServerId(key.substr(k_prefix.size(), slash - k_prefix.size())));
    }
  }
  return out;
}

}  // namespace mrc::systems::mysql
