#include "mrc/transport/http.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
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
struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

class Sha256 {
 public:
  Sha256() : m_context(EVP_MD_CTX_new()) {
    MRC_CHECK(m_context != nullptr);
    MRC_CHECK(EVP_DigestInit_ex(m_context.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(std::string_view bytes) {
    MRC_CHECK(EVP_DigestUpdate(m_context.get(), bytes.data(), bytes.size()) == 1);
  }
  std::string text() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    MRC_CHECK(EVP_DigestFinal_ex(m_context.get(), digest.data(), &size) == 1);
    std::string out;
    for (unsigned i = 0; i < size; ++i) out += fmt::format("{:02x}", digest.at(i));
    return out;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeDigest> m_context;
};

tl::unexpected<Error> cannot(std::string_view verb, const fs::path& path) {
  return fail(ErrorKind::io, "cannot {} {}: {}", verb, path.string(), std::strerror(errno));
}

int on_progress(void* data, curl_off_t total, curl_off_t got, curl_off_t, curl_off_t) {
  const auto& what = *static_cast<const Download*>(data);
  if (what.stop.stop_requested()) return 1;
  if (what.progress) what.progress(got, total);
  return 0;
}

/// Appends what is missing to the open file.
Result<void> transfer(const Download& what, std::FILE* file) {
  std::fseek(file, 0, SEEK_END);
  const std::unique_ptr<CURL, CloseCurl> curl(curl_easy_init());
  MRC_CHECK(curl != nullptr);
  std::array<char, CURL_ERROR_SIZE> reason{};
  const auto set = [&](CURLoption option, auto value) {
    MRC_CHECK(curl_easy_setopt(curl.get(), option, value) == CURLE_OK);
  };
  set(CURLOPT_URL, what.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https,file");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_FAILONERROR, 1L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT, 15L);
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, 30L);
  set(CURLOPT_ERRORBUFFER, reason.data());
  set(CURLOPT_WRITEDATA, file);
  set(CURLOPT_RESUME_FROM_LARGE, curl_off_t{std::ftell(file)});
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, on_progress);
  set(CURLOPT_XFERINFODATA, const_cast<Download*>(&what));
  const auto code = curl_easy_perform(curl.get());
  if (std::fflush(file) != 0) return cannot("write", what.target.string() + ".part");
  if (code == CURLE_OK) return {};
  if (code == CURLE_ABORTED_BY_CALLBACK) return fail(ErrorKind::cancelled, "interrupted");
  const std::string_view words = reason[0] != '\0' ? reason.data() : curl_easy_strerror(code);
  return fail({ErrorKind::io, fmt::format("{}: {}", what.url, words), {}, code, {}});
}

/// The part file, ours alone until it is closed. Whoever had it before may have made it the target
/// meanwhile, so its name is looked at again.
Result<File> open_part(const fs::path& part) {
  for (;;) {
    File file(std::fopen(part.c_str(), "abe"));
    if (file == nullptr) return cannot("write", part);
    while (flock(fileno(file.get()), LOCK_EX) != 0) {
      if (errno != EINTR) return cannot("lock", part);
    }
    struct stat opened {};
    struct stat named {};
    if (fstat(fileno(file.get()), &opened) == 0 && stat(part.c_str(), &named) == 0 &&
        opened.st_ino == named.st_ino && opened.st_dev == named.st_dev) {
      return file;
    }
  }
}

}  // namespace

std::string sha256_of(std::string_view bytes) {
  Sha256 sum;
  sum.add(bytes);
  return sum.text();
}

std::string sha256_of_file(const fs::path& file_name) {
  const File file(std::fopen(file_name.c_str(), "rbe"));
  if (file == nullptr) return {};
  Sha256 sum;
  std::array<char, 65536> buffer{};
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    sum.add({buffer.data(), got});
  }
  return std::ferror(file.get()) != 0 ? std::string() : sum.text();
}

Result<std::string> fetch_text(const std::string& url) {
  const File file(std::tmpfile());
  if (file == nullptr) return cannot("write", "a temporary file");
  if (auto got = transfer({url, {}, {}, {}, {}}, file.get()); !got) return fail(got.error());
  std::string text;
  std::rewind(file.get());
  std::array<char, 4096> buffer{};
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    text.append(buffer.data(), got);
  }
  return text;
}

Result<void> download(const Download& what) {
  if (sha256_of_file(what.target) == what.sha256) return {};
  std::error_code error;
  fs::create_directories(what.target.parent_path(), error);
  const fs::path part = what.target.string() + ".part";
  auto file = open_part(part);
  if (!file) return fail(std::move(file).error());
  if (sha256_of_file(what.target) == what.sha256) {  // another mrc was quicker
    fs::remove(part, error);
    return {};
  }
  const bool resumed = fs::file_size(part, error) > 0;
  auto sum = resumed ? sha256_of_file(part) : std::string();
  if (sum != what.sha256) {
    auto got = transfer(what, file->get());
    sum = got ? sha256_of_file(part) : std::string();
    const bool given_up = !got && got.error().kind == ErrorKind::cancelled;
    if (resumed && sum != what.sha256 && !given_up) {
      // The server cannot resume, or the first piece was another file's: once from the start.
      if (ftruncate(fileno(file->get()), 0) != 0) return cannot("write", part);
      got = transfer(what, file->get());
      sum = got ? sha256_of_file(part) : std::string();
    }
    if (!got) {
      if (fs::file_size(part, error) == 0) fs::remove(part, error);
      return got;
    }
  }
  if (sum != what.sha256) {
    fs::remove(part, error);
    return fail(ErrorKind::io, "{}: its SHA-256 is {}, and not {}", what.url, sum, what.sha256);
  }
  if (fsync(fileno(file->get())) != 0 || std::rename(part.c_str(), what.target.c_str()) != 0) {
    return cannot("write", what.target);
  }
  return {};
}

}  // namespace mrc::transport
