#pragma once

#include <filesystem>
#include <string>

#include "mrc/base/error.hpp"
#include "mrc/cli/env.hpp"
#include "mrc/topology/topology.hpp"

namespace mrc::cli {

/// Where downloads are kept.
std::filesystem::path artefact_cache(const Env& env);

/// Fetches it into the cache, with its progress on a terminal; the file there. Errors: io.
Result<std::filesystem::path> fetch_artefact(const std::string& url,
                                             const std::string& sha256,
                                             const std::string& name,
                                             const Env& env);

/// The sum that a list as sha256sum writes it has for the file; empty when it has none.
std::string listed_sum(std::istream& list, const std::string& file);
/// The same of the SHA256SUMS in a folder.
std::string listed_sum_in(const std::filesystem::path& folder, const std::string& file);

}  // namespace mrc::cli
