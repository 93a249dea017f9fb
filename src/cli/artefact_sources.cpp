#include "cli/artefact_sources.hpp"

#include <fstream>
#include <ostream>
#include <sstream>

#include "mrc/transport/http.hpp"

namespace mrc::cli {

namespace fs = std::filesystem;

fs::path artefact_cache(const Env& env) {
  const auto named = env.variable("XDG_CACHE_HOME");
  const auto folder = named && !named->empty()
                          ? fs::path(*named)
                          : fs::path(env.variable("HOME").value_or("/tmp")) / ".cache";
  return folder / "mrc/artefacts";
}

Result<fs::path> fetch_artefact(const std::string& url,
                                const std::string& sha256,
                                const std::string& name,
                                const Env& env) {
  auto target = artefact_cache(env) / fmt::format("{}-{}", name, sha256);
  transport::Download what{url, target, sha256, {}};
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
  return target;
}

std::string listed_sum(std::istream& list, const std::string& file) {
  for (std::string line; std::getline(list, line);) {
    std::istringstream words(line);
    std::string sum;
    std::string name;
    if (words >> sum >> name && (name == file || name == "*" + file)) return sum;
  }
  return {};
}

std::string listed_sum_in(const fs::path& folder, const std::string& file) {
  std::ifstream list(folder / "SHA256SUMS");
  return listed_sum(list, file);
}

}  // namespace mrc::cli
