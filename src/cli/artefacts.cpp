#include "cli/artefacts.hpp"

#include <filesystem>
#include <fstream>

#include "cli/artefact_sources.hpp"
#include "cli/artefacts_v3.hpp"
#include "mrc/base/read_all.hpp"
#include "mrc/transport/http.hpp"

namespace mrc::cli {
namespace {

namespace fs = std::filesystem;

Result<systems::Artefact> read_artefact(const fs::path& path, const std::string& wanted) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::io, "cannot read {}", path.string());
  auto bytes = read_all(in);
  if (!bytes) return fail(ErrorKind::io, "cannot read {}", path.string());
  auto sum = transport::sha256_of(*bytes);
  if (!wanted.empty() && sum != wanted) {
    return fail(ErrorKind::io, "{}: its SHA-256 is {}, and not {}", path.string(), sum, wanted);
  }
  return systems::Artefact{
      std::make_shared<const std::string>(std::move(*bytes)), std::move(sum), {}};
}

Result<systems::Artefact> fetch(const topology::ArtefactSource& source,
                                const std::string& name,
                                const Env& env) {
  if (!source.path.empty()) return read_artefact(source.path, source.sha256);
  auto target = fetch_artefact(source.url, source.sha256, name, env);
  if (!target) return fail(std::move(target).error());
  return read_artefact(*target, source.sha256);
}

}  // namespace

Result<std::map<std::string, systems::Artefact>> load_artefacts(const topology::Topology& topology,
                                                                const Env& env) {
  if (topology.calico.is_v3()) return load_artefacts_v3(topology.calico, env);
  std::map<std::string, systems::Artefact> all;
  const std::string name = "calicoctl";
  Result<systems::Artefact> found = fail(ErrorKind::io, "none");
  if (topology.calico.calicoctl) {
    found = fetch(*topology.calico.calicoctl, name, env);
  } else {
    const auto folder = env.variable("MRC_ARTEFACTS");
    const auto file = fmt::format("{}-{}", name, topology.calico.version);
    std::error_code ignored;
    if (!folder || folder->empty() || !fs::exists(fs::path(*folder) / file, ignored)) return all;
    const auto sum = listed_sum_in(*folder, file);
    if (sum.empty()) {
      return fail(ErrorKind::io, "{}/{} is not in the SHA256SUMS beside it", *folder, file);
    }
    found = read_artefact(fs::path(*folder) / file, sum);
  }
  if (!found) return fail(std::move(found).error().with("the artefact {}", name));
  all[name] = std::move(*found);
  return all;
}

}  // namespace mrc::cli
