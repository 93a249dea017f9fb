#include "property/shell.hpp"

/// Docker's engine and images.
namespace mrc::test::property {
namespace {

int probe(Call& call) {
  call.out =
      "engine up\nserver {\"Version\":\"20.10.24\",\"ApiVersion\":\"1.41\","
      "\"MinAPIVersion\":\"1.12\"}\n";
  if (!call.arg(0).empty()) {
    const auto& image = call.arg(0);
    const auto found = call.host.images.find(image);
    call.out += fmt::format(
        "image {} {}\n", image, found == call.host.images.end() ? "absent" : found->second);
    if (found != call.host.images.end()) {
      call.out += fmt::format("digest {}@{}\n", image.substr(0, image.find(':')), found->second);
    }
  }
  call.out += "end\n";
  return 0;
}

/// DEPLOYMENT IMAGE [DIGEST]
int pull(Call& call) {
  const auto& deployment = call.arg(0);
  const auto& image = call.arg(1);
  const auto key = "docker/image/" + image;
  if (!call.host.images.contains(image)) {
    call.shell.call("mrc_record", {deployment, key, R"({"id": ""})"}, call);
    const auto digest = call.args.size() > 2 ? call.arg(2) : std::string();
    call.host.images[image] =
        digest.empty() ? "sha256:" + fake_sha256(image) : digest.substr(digest.find('@') + 1);
  }
  call.shell.tick();
  const auto record = call.host.records.find(deployment);
  if (record != call.host.records.end() && record->second.contains(key)) {
    record->second[key] = fmt::format(R"({{"id": "{}"}})", call.host.images[image]);
  }
  return 0;
}

int remove_image(Call& call) {
  const auto& image = call.arg(1);
  const auto found = call.host.images.find(image);
  const bool ours =
      found != call.host.images.end() && (call.arg(2).empty() || found->second == call.arg(2));
  bool used = false;
  for (const auto& [name, container] : call.host.containers) used |= container.image == image;
  if (ours && !used) call.host.images.erase(found);
  return call.shell.call("mrc_forget", {call.arg(0), "docker/image/" + image}, call);
}

/// docker update --restart POLICY CONTAINER
int docker(Call& call) {
  if (call.arg(0) != "update" || call.arg(1) != "--restart") {
    throw Untaught("docker " + call.arg(0) + " " + call.arg(1));
  }
  const auto found = call.host.containers.find(call.arg(3));
  if (found == call.host.containers.end()) return call.fail("no such container: " + call.arg(3));
  found->second.restart = call.arg(2);
  return 0;
}

}  // namespace

void teach_docker(Functions& functions) {
  functions["mrc_docker_probe"] = probe;
  functions["mrc_docker_pull"] = pull;
  functions["mrc_docker_remove_image"] = remove_image;
  functions["docker"] = docker;
}

}  // namespace mrc::test::property
