#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "mrc/base/error.hpp"

namespace mrc::transport {

/// SHA-256 as 64 lowercase hex digits.
std::string sha256_of(std::string_view bytes);

/// The same of a file; empty when there is none or it cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

struct Download {
  std::string url;
  std::filesystem::path target;
  std::string sha256;  ///< what the bytes must hash to
  /// Called while bytes come: got so far and the whole, 0 when the server does not say.
  std::function<void(std::int64_t, std::int64_t)> progress = {};
  std::stop_token stop = {};
};

/// Fetches a URL (http, https, file) into `target`, which appears only whole and verified; a
/// transfer cut short is gone on with from `target`.part. A target that is there and verifies is
/// kept. Two who fetch the same at once do so one after the other.
/// Errors: io, with curl's own reason or both checksums; cancelled.
Result<void> download(const Download& what);

/// Fetches a short text; what it says is not verified. Errors: io.
Result<std::string> fetch_text(const std::string& url);

}  // namespace mrc::transport
