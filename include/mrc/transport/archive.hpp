#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "mrc/base/error.hpp"

namespace mrc::transport {

/// The file's bytes compressed by gzip; of one that is compressed already, as they are. Errors: io.
Result<std::shared_ptr<const std::string>> gzip_of(const std::filesystem::path& file);

/// Takes one regular file out of a tar archive compressed by gzip; `target` appears only whole.
/// `member`: its path there, without a "./" before it. Errors: io, also when it is not there.
Result<void> extract(const std::filesystem::path& archive,
                     const std::string& member,
                     const std::filesystem::path& target);

}  // namespace mrc::transport
