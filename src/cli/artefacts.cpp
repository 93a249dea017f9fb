#include "cli/artefacts.hpp"

#include <filesystem>
#include <fstream>
#include <ostream>
#include <sstream>

#include "mrc/base/read_all.hpp"
#include "mrc/transport/http.hpp"

namespace mrc::cli {
namespace {

namespace fs = std::filesystem;

fs::path cache_folder(const Env& env) {
  if (const auto named = env.variable("XDG_CACHE_HOME"); named && !named->empty()) {
    return fs::path(*named) / "mrc";
  }
  return fs::path(env.variable("HOME").value_or("/tmp")) / ".cache/mrc";
}

Result<systems::Artefact> read_artefact(const fs::path& path, const std::string& wanted) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::io, "cannot read {}", path.string());
  auto bytes = read_all(in);
  if (!bytes) return fail(ErrorKind::io, "cannot read {}", path.string());
  auto sum = transport::sha256_of(*bytes);
  if (!wanted.empty() && sum != wanted) {
    return fail(ErrorKind::io, "{}: its SHA-256 is {}, and not {}", path.string(), sum, wanted);
  }
  return systems::Artefact{std::make_shared<const std::string>(std::move(*bytes)), std::move(sum)};
}

Result<systems::Artefact> fetch(const topology::ArtefactSource& source,
                                const std::string& name,
                                const Env& env) {
  if (!source.path.empty()) return read_artefact(source.path, source.sha256);
  const auto target = cache_folder(env) / "artefacts" / fmt::format("{}-{}", name, source.sha256);
  transport::Download what{source.url, target, source.sha256, {}};
  if (env.err_is_terminal) {
    what.progress = [&env, &name](std::int64_t got, std::int64_t total) {
      constexpr double mib = 1024.0 * 1024.0;
      env.err << fmt::format("\rfetching {}: {:.1f} of {:.1f} MiB\033[K",
                             name,
                             static_cast<double>(got) / mib,
                             static_cast<double>(total) / mib);
    };
  }
  auto done = transport::download(what);
  if (env.err_is_terminal) env.err << "\r\033[K";
  if (!done) return fail(std::move(done).error());
  return read_artefact(target, source.sha256);
}

/// The sum that SHA256SUMS in this folder has for the file; empty when it has none.
std::string listed_sum(const fs::path& folder, const std::string& file) {
  std::ifstream in(folder / "SHA256SUMS");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string sum;
    std::string name;
    if (words >> sum >> name && (name == file || name == "*" + file)) return sum;
  }
  return {};
}

}  // namespace

Result<std::map<std::string, systems::Artefact>> load_artefacts(const topology::Topology& topology,
                                                                const Env& env) {
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
    const auto sum = listed_sum(*folder, file);
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
