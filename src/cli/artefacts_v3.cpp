#include "cli/artefacts_v3.hpp"

#include <sys/utsname.h>

#include <fstream>
#include <sstream>

#include "cli/artefact_sources.hpp"
#include "mrc/transport/archive.hpp"
#include "mrc/transport/http.hpp"

namespace mrc::cli {
namespace {

namespace fs = std::filesystem;
using systems::Artefact;
using systems::Packed;
using topology::ArtefactSource;

/// The machine of the hosts, as releases name it: the workstation's own.
std::string machine() {
  utsname name{};
  if (::uname(&name) != 0) return "amd64";
  const std::string is = static_cast<const char*>(name.machine);
  if (is == "aarch64") return "arm64";
  return is == "x86_64" ? "amd64" : is;
}

bool is_tarball(const std::string& name) {
  return name.ends_with(".tgz") || name.ends_with(".tar.gz");
}

std::string release_url(const std::string& version, const Env& env) {
  const auto named = env.variable("MRC_CALICO_RELEASES");
  const auto base = named && !named->empty()
                        ? *named
                        : std::string("https://github.com/projectcalico/calico/releases/download");
  return fmt::format("{}/{}/", base, version);
}

/// The release's own list of sums; kept, so that later runs need no internet.
Result<std::string> release_sum(const std::string& version,
                                const std::string& file,
                                const Env& env) {
  const auto kept = artefact_cache(env) / fmt::format("SHA256SUMS-{}", version);
  std::ifstream list(kept);
  if (auto sum = listed_sum(list, file); !sum.empty()) return sum;
  auto text = transport::fetch_text(release_url(version, env) + "SHA256SUMS");
  if (!text) return fail(std::move(text).error());
  std::istringstream fresh(*text);
  auto sum = listed_sum(fresh, file);
  if (sum.size() != 64) {
    return fail(ErrorKind::io, "the SHA256SUMS of {} has no sum for {}", version, file);
  }
  std::error_code ignored;
  fs::create_directories(kept.parent_path(), ignored);
  std::ofstream(kept) << *text;
  return sum;
}

/// The CNI program out of a release's tarball, whose sum was verified; its place in the cache.
Result<fs::path> cni_of(const fs::path& tarball, const std::string& version, const Env& env) {
  const auto member = fmt::format("release-{}/bin/cni/{}/calico", version, machine());
  const auto folder = artefact_cache(env);
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  auto target = folder / fmt::format("calico-{}-{}", version, machine());
  if (auto taken = transport::extract(tarball, member, target); !taken) {
    return fail(std::move(taken).error());
  }
  return target;
}

/// One artefact of one version, found on demand.
struct Wanted {
  std::string name;     ///< "calicoctl", "calico", "calico-node"
  std::string version;  ///< "v3.32.1"
  std::optional<ArtefactSource> source;
  std::string file;  ///< its name in $MRC_ARTEFACTS
};

Result<fs::path> from_source(const Wanted& want, const Env& env) {
  const auto& source = *want.source;
  const bool tarball = want.name == "calico" && is_tarball(source.url + source.path);
  fs::path file = source.path;
  if (!source.url.empty()) {
    auto fetched = fetch_artefact(source.url, source.sha256, want.name, env);
    if (!fetched) return fetched;
    file = *fetched;
  } else if (!source.sha256.empty()) {
    const auto sum = transport::sha256_of_file(file);
    if (sum != source.sha256) {
      return fail(ErrorKind::io,
                  "{}: its SHA-256 is {}, and not {}",
                  file.string(),
                  sum.empty() ? "unknown" : sum,
                  source.sha256);
    }
  }
  if (!tarball) return file;
  return cni_of(file, want.version, env);
}

Result<fs::path> from_release(const Wanted& want, const Env& env) {
  const bool cni = want.name == "calico";
  const auto file = cni ? fmt::format("release-{}.tgz", want.version)
                        : fmt::format("calicoctl-linux-{}", machine());
  const auto sum = release_sum(want.version, file, env);
  if (!sum) return fail(sum.error());
  auto fetched = fetch_artefact(release_url(want.version, env) + file, *sum, file, env);
  if (!fetched || !cni) return fetched;
  return cni_of(*fetched, want.version, env);
}

/// The folder of $MRC_ARTEFACTS when it has the file.
std::optional<fs::path> local_folder(const Wanted& want, const Env& env) {
  const auto folder = env.variable("MRC_ARTEFACTS");
  std::error_code ignored;
  if (!folder || folder->empty() || !fs::exists(fs::path(*folder) / want.file, ignored)) return {};
  return fs::path(*folder);
}

Result<Packed> pack(const Wanted& want, const std::string& known_sum, const Env& env) {
  const auto folder = local_folder(want, env);
  auto file = want.source ? from_source(want, env)
              : folder    ? Result<fs::path>(*folder / want.file)
                          : from_release(want, env);
  if (!file) return fail(std::move(file).error().with("the artefact {}", want.name));
  const auto sum = transport::sha256_of_file(*file);
  if (sum.empty()) return fail(ErrorKind::io, "cannot read {}", file->string());
  if (!known_sum.empty() && sum != known_sum) {
    return fail(ErrorKind::io, "{}: its SHA-256 is {}, and not {}", file->string(), sum, known_sum);
  }
  auto bytes = transport::gzip_of(*file);
  if (!bytes) return fail(std::move(bytes).error());
  return Packed{std::move(*bytes), sum};
}

/// What can be told of its sum without fetching it.
Result<std::string> sum_beforehand(const Wanted& want, const Env& env) {
  if (want.source) {
    if (want.name == "calico" && is_tarball(want.source->url + want.source->path)) {
      return std::string();
    }
    if (!want.source->sha256.empty()) return want.source->sha256;
    auto sum = transport::sha256_of_file(want.source->path);
    if (sum.empty()) {
      return fail(ErrorKind::io, "the artefact {}: cannot read {}", want.name, want.source->path);
    }
    return sum;
  }
  const auto folder = local_folder(want, env);
  if (!folder) return std::string();
  auto sum = listed_sum_in(*folder, want.file);
  if (sum.empty()) {
    return fail(
        ErrorKind::io, "{} is not in the SHA256SUMS beside it", (*folder / want.file).string());
  }
  return sum;
}

}  // namespace

Result<std::map<std::string, Artefact>> load_artefacts_v3(const topology::Calico& calico,
                                                          const Env& env) {
  const auto& version = calico.version;
  std::vector<Wanted> all{{"calicoctl", version, calico.calicoctl, "calicoctl-" + version},
                          {"calico", version, calico.cni, "calico-" + version}};
  const Wanted node{
      "calico-node", version, calico.node_archive, fmt::format("calico-node-{}.tar", version)};
  if (node.source || local_folder(node, env)) all.push_back(node);
  std::map<std::string, Artefact> out;
  for (auto& want : all) {
    auto sum = sum_beforehand(want, env);
    if (!sum) return fail(std::move(sum).error());
    Artefact artefact{nullptr, *sum, {}};
    // Asked for each host, answered once.
    auto kept = std::make_shared<std::optional<Result<Packed>>>();
    artefact.pack = [want, sum = *sum, kept, env] {
      if (!*kept) *kept = pack(want, sum, env);
      return **kept;
    };
    out[want.name] = std::move(artefact);
  }
  return out;
}

}  // namespace mrc::cli
