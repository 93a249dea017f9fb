#include "mrc/base/bug.hpp"
#include "systems/calico/v3/parts.hpp"

namespace mrc::systems::calico::v3 {

std::string path_of(std::string_view file) {
  if (file == "calicoctl") return "/usr/local/bin/calicoctl";
  MRC_CHECK(file == "cni");
  return "/opt/cni/bin/calico";
}

std::string file_fault(const Desired& want,
                       const HostWant& host,
                       const std::string& file,
                       const Reading& seen) {
  const auto& files = seen.host(host.id).files;
  const auto now = files.find(file);
  if (now == files.end()) return path_of(file) + " is not there";
  const auto& artefact = file == "cni" ? want.cni : want.calicoctl;
  if (artefact && !artefact->sha256.empty() && artefact->sha256 == now->second.sha256) return {};
  const auto& made = seen.made_on(host.id).files;
  const auto ours = made.find(file);
  if (ours != made.end()) {
    if (ours->second.sha256 != now->second.sha256) return "it is not the one that mrc put there";
    // One that a former deployment put there is as good as one that was there before.
    const bool other = artefact && !artefact->sha256.empty() && !ours->second.inherited;
    if (ours->second.version == want.version && !other) return {};
    return fmt::format("it is of {}", ours->second.version);
  }
  if (now->second.version == want.version) return {};
  return now->second.version.empty() ? "it does not tell its version"
                                     : "it is of " + now->second.version;
}

}  // namespace mrc::systems::calico::v3
