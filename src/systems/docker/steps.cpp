#include "systems/docker/steps.hpp"

#include <nlohmann/json.hpp>

#include "docker.sh.hpp"
#include "mrc/plan/milestone.hpp"

namespace mrc::systems::docker {
namespace {

constexpr std::string_view k_record = "docker/image/";

plan::Step pull(const topology::Topology& topology, const HostId& host, const std::string& image) {
  plan::Step step;
  step.id = StepId(fmt::format("docker/{}/pull", host));
  step.host = host;
  step.title = "pull image " + image;
  step.reason = "the image is not on the host";
  step.diff = {{plan::Change::create, "image", {}, image}};
  step.apply.use(embedded::docker_sh).line("mrc_docker_pull {} {}", topology.name, image);
  step.needs = {plan::milestone::host_ready(host)};
  step.gives = {plan::milestone::image_present(host)};
  step.timeout = std::chrono::minutes(15);
  return step;
}

}  // namespace

std::string wanted_image(const topology::Topology& topology, const HostId& host) {
  return topology.servers_on(host).empty() ? std::string() : topology.mysql.image.value;
}

std::vector<plan::Step> steps(const topology::Topology& topology,
                              const std::map<HostId, Observed>& seen) {
  std::vector<plan::Step> out;
  for (const auto& host : topology.hosts) {
    const auto image = wanted_image(topology, host.id);
    if (image.empty() || !seen.at(host.id).image_id.empty()) continue;
    out.push_back(pull(topology, host.id, image));
  }
  return out;
}

Result<std::vector<plan::Step>> teardown(const topology::Topology& topology,
                                         const Observations& seen) {
  std::vector<plan::Step> out;
  for (const auto& host : topology.hosts) {
    int count = 0;
    for (const auto& [key, value] : seen.record(host.id)) {
      if (!key.starts_with(k_record)) continue;
      const auto image = key.substr(k_record.size());
      const auto json = nlohmann::json::parse(value, nullptr, false);
      if (!json.is_object() || !json.value("id", nlohmann::json()).is_string()) {
        return fail(ErrorKind::unreadable, "odd record {} on {}: {}", key, host.id, excerpt(value));
      }
      const auto id = json["id"].get<std::string>();
      plan::Step step;
      // One image is the rule; a file that changed its image leaves several.
      step.id = StepId(++count == 1 ? fmt::format("docker/{}/remove-image", host.id)
                                    : fmt::format("docker/{}/remove-image-{}", host.id, count));
      step.host = host.id;
      step.title = "remove image " + image;
      step.change = plan::Change::remove;
      step.reason = "mrc pulled it";
      step.diff = {{plan::Change::remove, "image", image, {}}};
      step.apply.use(embedded::docker_sh)
          .line("mrc_docker_remove_image {} {} {}", topology.name, image, id);
      for (const auto* server : topology.servers_on(host.id)) {
        step.needs.push_back(plan::milestone::container_gone(server->id));
      }
      out.push_back(std::move(step));
    }
  }
  return out;
}

}  // namespace mrc::systems::docker
