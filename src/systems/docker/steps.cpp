#include "systems/docker/steps.hpp"

#include <nlohmann/json.hpp>

#include "docker.sh.hpp"
#include "mrc/plan/milestone.hpp"

namespace mrc::systems::docker {
namespace {

namespace milestone = plan::milestone;

constexpr std::string_view k_record = "docker/image/";

/// The name in a registry of the image that the other hosts have, so that all have the same one,
/// whatever the tag stands for by now; empty: no host tells.
std::string digest_of(const std::string& image, const std::map<HostId, Observed>& seen) {
  auto repository = image.substr(0, image.find('@'));
  // A colon before a slash is a registry's port.
  const auto colon = repository.rfind(':');
  if (colon != std::string::npos && repository.find('/', colon) == std::string::npos) {
    repository.erase(colon);
  }
  for (const auto& [host, one] : seen) {
    for (const auto& digest : one.digests) {
      if (digest.starts_with(repository + "@")) return digest;
    }
  }
  return {};
}

plan::Step pull(const topology::Topology& topology,
                const HostId& host,
                const std::string& image,
                const std::string& digest) {
  plan::Step step;
  step.id = StepId(fmt::format("docker/{}/pull", host));
  step.host = host;
  step.title = "pull image " + image;
  step.goal = image;
  step.reason = "the image is not on the host";
  step.diff = {{plan::Change::create, "image", {}, image}};
  step.apply.use(embedded::docker_sh);
  if (digest.empty() || digest == image) {
    step.apply.line("mrc_docker_pull {} {}", topology.name, image);
  } else {
    step.diff.push_back({plan::Change::create, "as on the other hosts", {}, digest});
    step.apply.line("mrc_docker_pull {} {} {}", topology.name, image, digest);
  }
  step.needs = {milestone::host_ready(host)};
  step.gives = {milestone::image_present(host)};
  step.timeout = std::chrono::minutes(15);
  return step;
}

/// Removes the images that mrc pulled on the host, but for `wanted`.
Result<std::vector<plan::Step>> removals(const topology::Topology& topology,
                                         const Observations& seen,
                                         const HostId& host,
                                         const std::string& wanted) {
  std::vector<plan::Step> out;
  for (const auto& [key, value] : seen.record(host)) {
    if (!key.starts_with(k_record)) continue;
    const auto image = key.substr(k_record.size());
    if (image == wanted) continue;
    const auto json = nlohmann::json::parse(value, nullptr, false);
    if (!json.is_object() || !json.value("id", nlohmann::json()).is_string()) {
      return fail(ErrorKind::unreadable, "odd record {} on {}: {}", key, host, excerpt(value));
    }
    const auto id = json["id"].get<std::string>();
    plan::Step step;
    // One image is the rule; a run that broke off in a change of image leaves several.
    step.id = StepId(out.empty() ? fmt::format("docker/{}/remove-image", host)
                                 : fmt::format("docker/{}/remove-image-{}", host, out.size() + 1));
    step.host = host;
    step.title = "remove image " + image;
    step.change = plan::Change::remove;
    step.reason = wanted.empty() ? "mrc pulled it" : "mrc pulled it, and the file has another";
    step.diff = {{plan::Change::remove, "image", image, {}}};
    step.apply.use(embedded::docker_sh)
        .line("mrc_docker_remove_image {} {} {}", topology.name, image, id);
    step.needs = {milestone::image_unused(host)};
    out.push_back(std::move(step));
  }
  return out;
}

}  // namespace

std::string wanted_image(const topology::Topology& topology, const HostId& host) {
  return topology.servers_on(host).empty() ? std::string() : topology.mysql.image.value;
}

Result<std::vector<plan::Step>> steps(const topology::Topology& topology,
                                      const std::map<HostId, Observed>& seen,
                                      const Observations& records) {
  std::vector<plan::Step> out;
  for (const auto& host : topology.hosts) {
    const auto image = wanted_image(topology, host.id);
    if (image.empty() || !seen.at(host.id).image_id.empty()) continue;
    out.push_back(pull(topology, host.id, image, digest_of(image, seen)));
  }
  for (const auto& host : records.hosts()) {
    const auto wanted = wanted_image(topology, host);
    auto gone = removals(topology, records, host, wanted);
    if (!gone) return gone;
    for (auto& step : *gone) {
      // What was brought in the place of this one is still to be there.
      if (wanted.empty()) step.forgets = {fmt::format("docker/{}/", host)};
      // Behind everything that makes a container from another image.
      for (const auto* server : topology.servers_on(host)) {
        step.needs.push_back(milestone::container_running(server->id));
        step.needs.push_back(milestone::server_ready(server->id));
      }
      out.push_back(std::move(step));
    }
  }
  return out;
}

Result<std::vector<plan::Step>> teardown(const topology::Topology& topology,
                                         const Observations& seen) {
  std::vector<plan::Step> out;
  for (const auto& host : seen.hosts()) {
    auto gone = removals(topology, seen, host, {});
    if (!gone) return gone;
    std::move(gone->begin(), gone->end(), std::back_inserter(out));
  }
  return out;
}

}  // namespace mrc::systems::docker
