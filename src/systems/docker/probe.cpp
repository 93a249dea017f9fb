#include "systems/docker/probe.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

#include "docker.sh.hpp"
#include "systems/facts.hpp"

namespace mrc::systems::docker {
namespace {

Result<void> read_server(std::string_view text, Observed& seen) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.value("Version", nlohmann::json()).is_string() ||
      !json.value("ApiVersion", nlohmann::json()).is_string()) {
    return fail(ErrorKind::unreadable, "odd answer of docker version: {}", excerpt(text));
  }
  seen.version = json["Version"].get<std::string>();
  const auto api = ApiVersion::parse(json["ApiVersion"].get<std::string>());
  if (!api) return fail(ErrorKind::unreadable, "odd API version: {}", json["ApiVersion"].dump());
  seen.api = *api;
  const auto least = json.value("MinAPIVersion", nlohmann::json());
  if (least.is_string() && !least.get<std::string>().empty()) {
    const auto parsed = ApiVersion::parse(least.get<std::string>());
    if (!parsed) return fail(ErrorKind::unreadable, "odd least API version: {}", least.dump());
    seen.api_min = *parsed;
  }
  return {};
}

}  // namespace

std::optional<ApiVersion> ApiVersion::parse(std::string_view text) {
  ApiVersion version;
  const auto* const stop = text.data() + text.size();
  const auto [dot, bad_major] = std::from_chars(text.data(), stop, version.major);
  if (bad_major != std::errc{} || dot == stop || *dot != '.') return {};
  const auto [last, bad_minor] = std::from_chars(dot + 1, stop, version.minor);
  if (bad_minor != std::errc{} || last != stop) return {};
  return version;
}

std::string ApiVersion::text() const { return fmt::format("{}.{}", major, minor); }

shell::Script probe_script(const std::string& image) {
  shell::Script script;
  return script.use(embedded::docker_sh).line("mrc_docker_probe {}", image);
}

Result<Observed> parse_probe(std::string_view text, const std::string& image) {
  const auto facts = Facts::parse(text);
  if (!facts) return fail(facts.error());
  Observed seen;
  const auto engine = facts->first("engine");
  if (engine == "absent") return seen;
  if (engine == "down") {
    seen.engine = Observed::Engine::down;
    seen.reason = facts->first("reason");
    return seen;
  }
  if (engine != "up") {
    return fail(ErrorKind::unreadable, "odd state of the engine: {}", excerpt(engine));
  }
  seen.engine = Observed::Engine::up;
  if (auto read = read_server(facts->first("server"), seen); !read) return fail(read.error());
  if (image.empty()) return seen;
  const auto words = split_words(facts->first("image"));
  if (words.size() != 2 || words[0] != image ||
      (words[1] != "absent" && !words[1].starts_with("sha256:"))) {
    return fail(
        ErrorKind::unreadable, "odd answer on image {}: {}", image, excerpt(facts->first("image")));
  }
  if (words[1] != "absent") seen.image_id = words[1];
  seen.digests = facts->all("digest");
  return seen;
}

}  // namespace mrc::systems::docker
