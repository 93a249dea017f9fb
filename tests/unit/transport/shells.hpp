#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "mrc/transport/local.hpp"
#include "support/temp_folder.hpp"

namespace mrc::test {

/// A POSIX shell that hosts have as `sh`.
struct Shell {
  std::string name;
  std::string program;  ///< "busybox sh"
  friend void PrintTo(const Shell& shell, std::ostream* out) { *out << shell.name; }
};

inline std::vector<Shell> all_shells() {
  return {{"dash", "dash"}, {"bash", "bash --posix"}, {"busybox", "busybox sh"}};
}

inline std::string shell_name(const ::testing::TestParamInfo<Shell>& info) {
  return info.param.name;
}

/// A session whose loop and whose scripts run in one of the shells: it is `sh` in their PATH.
class EachShell : public ::testing::TestWithParam<Shell> {
 protected:
  EachShell() {
    write_file(m_bin / "sh", "#!/bin/sh\nexec " + GetParam().program + " \"$@\"\n");
    std::filesystem::permissions(m_bin / "sh", std::filesystem::perms::owner_all);
  }
  std::vector<std::string> words() const {
    return {"env", "PATH=" + m_bin.path().string() + ":" + std::getenv("PATH"), "sh"};
  }
  std::unique_ptr<transport::Session> connect() const {
    transport::LocalConnector connector(words());
    auto session = connector.connect({}, {});
    if (!session) throw std::runtime_error(session.error().text() + session.error().evidence);
    return std::move(*session);
  }

  /// A deployment's name of this process alone, as tests run side by side.
  static std::string unit(const std::string& name) {
    return fmt::format("unit-{}-{}", name, getpid());
  }

  TempFolder m_bin;
  TempFolder m_here;
};

}  // namespace mrc::test
