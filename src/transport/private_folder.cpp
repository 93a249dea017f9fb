#include "transport/private_folder.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "mrc/transport/http.hpp"

namespace mrc::transport {
namespace {

tl::unexpected<Error> cannot_write(const std::string& path) {
  return fail(ErrorKind::io, "cannot write {}: {}", path, std::strerror(errno));
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

}  // namespace

std::string default_private_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime != '\0' && access(runtime, W_OK | X_OK) == 0) {
    return std::string(runtime) + "/mrc";
  }
  return fmt::format("/tmp/mrc-{}", getuid());
}

Result<void> make_private_folder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(ErrorKind::io, "cannot make {}: {}", folder, std::strerror(errno));
  }
  struct stat found {};
  if (lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode) || found.st_uid != getuid() ||
      (found.st_mode & 077) != 0) {
    return fail(ErrorKind::io, "{} is not a private folder of yours: remove it", folder);
  }
  return {};
}

Result<std::string> write_private_file(const std::string& folder,
                                       std::string_view kind,
                                       const std::string& contents) {
  const auto path = fmt::format("{}/{}-{}", folder, kind, sha256_of(contents).substr(0, 16));
  if (access(path.c_str(), R_OK) == 0) return path;  // its name is its contents
  auto fresh = path + ".XXXXXX";
  const int fd = mkstemp(fresh.data());
  if (fd < 0) return cannot_write(fresh);
  const bool written = write_all(fd, contents);
  const bool closed = ::close(fd) == 0;
  if (!written || !closed || std::rename(fresh.c_str(), path.c_str()) != 0) {
    auto error = cannot_write(path);
    ::unlink(fresh.c_str());
    return error;
  }
  return path;
}

}  // namespace mrc::transport
