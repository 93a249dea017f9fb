#include "cli/master_line.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace mrc::cli {

std::optional<std::string> with_master(const std::string& text,
                                       const Located<ServerId>& master,
                                       const std::string& name) {
  std::size_t at = 0;
  for (int line = 1; line < master.at.line; ++line) at = text.find('\n', at) + 1;
  at += static_cast<std::size_t>(master.at.column - 1);
  const auto quoted = at < text.size() && (text[at] == '"' || text[at] == '\'') ? at + 1 : at;
  const auto& now = master->text();
  if (text.compare(quoted, now.size(), now) != 0) return {};
  return text.substr(0, quoted) + name + text.substr(quoted + now.size());
}

std::string replace_file(const std::string& path, const std::string& text) {
  std::error_code fault;
  const auto file = std::filesystem::canonical(path, fault);  // a link stays one
  if (fault) return fault.message();
  struct stat was {};
  if (::stat(file.c_str(), &was) != 0) return std::strerror(errno);
  auto next = file.string() + ".XXXXXX";
  const int descriptor = ::mkstemp(next.data());
  if (descriptor < 0) return std::strerror(errno);
  std::size_t done = 0;
  bool good = ::fchmod(descriptor, was.st_mode & 07777) == 0;
  while (good && done < text.size()) {
    const auto written = ::write(descriptor, text.data() + done, text.size() - done);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else {
      good = errno == EINTR;
    }
  }
  good = good && ::fsync(descriptor) == 0;
  std::string why = good ? "" : std::strerror(errno);
  ::close(descriptor);
  if (good && ::rename(next.c_str(), file.c_str()) != 0) why = std::strerror(errno);
  if (!why.empty()) ::unlink(next.c_str());
  return why;
}

}  // namespace mrc::cli
