#include "systems/mysql/internal.hpp"

namespace mrc::systems::mysql {
namespace {
constexpr std::string_view k_prefix = "mysql/";
}

Result<Seen> read_seen(const Observations& all) {
  Seen out;
  for (const auto& host : all.hosts()) {
    const auto part = all.get(host, "mysql");
    if (!part) return fail(part.error());
    auto parsed = parse_probe((*part)->out);
    if (!parsed) return fail(std::move(parsed).error().with("reading the servers of {}", host));
    out.servers.merge(parsed->servers);
    out.marked[host] = std::move(parsed->marked);
  }
  return out;
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
