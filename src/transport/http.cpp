#include "mrc/transport/http.hpp"

#include <curl/curl.h>
#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

#include "mrc/base/bug.hpp"

namespace mrc::transport {
namespace {

namespace fs = std::filesystem;

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct CloseCurl {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

int on_progress(void* what, curl_off_t total, curl_off_t got, curl_off_t, curl_off_t) {
  static_cast<const Download*>(what)->progress(got, total);
  return 0;
}

Result<void> transfer(const Download& what, const fs::path& part) {
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(part.c_str(), "ab"));
  if (file == nullptr) return fail(ErrorKind::io, "cannot write {}", part.string());
  std::fseek(file.get(), 0, SEEK_END);
  const std::unique_ptr<CURL, CloseCurl> curl(curl_easy_init());
  MRC_CHECK(curl != nullptr);
  std::array<char, CURL_ERROR_SIZE> reason{};
  curl_easy_setopt(curl.get(), CURLOPT_URL, what.url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https,file");
  curl_easy_setopt(curl.get(), CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_MAXREDIRS, 10L);
  curl_easy_setopt(curl.get(), CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, 15L);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_TIME, 30L);
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, file.get());
  curl_easy_setopt(curl.get(), CURLOPT_RESUME_FROM_LARGE, curl_off_t{std::ftell(file.get())});
  if (what.progress) {
    curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, const_cast<Download*>(&what));
  }
  const auto code = curl_easy_perform(curl.get());
  if (std::fflush(file.get()) != 0) return fail(ErrorKind::io, "cannot write {}", part.string());
  if (code == CURLE_OK) return {};
  const std::string_view words = reason[0] != '\0' ? reason.data() : curl_easy_strerror(code);
  Error error{
      ErrorKind::io, fmt::format("{}: {}", what.url, words), {}, static_cast<int>(code), {}};
  return fail(std::move(error));
}

}  // namespace

std::string sha256_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  MRC_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) ==
            1);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

Result<void> download(const Download& what) {
  std::error_code error;
  if (fs::exists(what.target, error) && sha256_of(read_file(what.target)) == what.sha256) return {};
  fs::create_directories(what.target.parent_path(), error);
  const fs::path part = what.target.string() + ".part";
  const bool resumed = fs::exists(part, error) && fs::file_size(part, error) > 0;
  auto got = transfer(what, part);
  auto sum = got ? sha256_of(read_file(part)) : std::string();
  if (resumed && (!got || sum != what.sha256)) {
    // The server cannot resume, or the first piece was another file's: once from the start.
    fs::remove(part, error);
    got = transfer(what, part);
    sum = got ? sha256_of(read_file(part)) : std::string();
  }
  if (!got) return got;
  if (sum != what.sha256) {
    fs::remove(part, error);
    return fail(ErrorKind::io, "{}: its SHA-256 is {}, and not {}", what.url, sum, what.sha256);
  }
  fs::rename(part, what.target, error);
  if (error)
    return fail(ErrorKind::io, "cannot write {}: {}", what.target.string(), error.message());
  return {};
}

}  // namespace mrc::transport
