// Every .sh file of the sources, and every script of the project, is shell that all shells read.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace mrc {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> host_scripts() {
  std::vector<std::string> found;
  for (const auto& one : fs::recursive_directory_iterator(MRC_SOURCE_DIR "/src")) {
    if (one.path().extension() == ".sh") found.push_back(one.path().string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string base_name(const ::testing::TestParamInfo<std::string>& info) {
  return fs::path(info.param).stem().string();
}

int run(const std::string& command) { return std::system(command.c_str()); }

class HostScript : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Scripts, HostScript, ::testing::ValuesIn(host_scripts()), base_name);

TEST_P(HostScript, ParsesInEveryShell) {
  for (const std::string shell : {"dash", "bash --posix", "busybox sh"}) {
    EXPECT_EQ(run(shell + " -n '" + GetParam() + "'"), 0) << shell;
  }
}

TEST_P(HostScript, ShellcheckFindsNothing) {
  // Functions are called from other files, and variables are theirs; the rest is to be clean.
  EXPECT_EQ(run("shellcheck -s sh -e SC2034,SC2154 '" + GetParam() + "'"), 0);
}

TEST(Scripts, AreFound) { EXPECT_GE(host_scripts().size(), 10U); }

TEST(Scripts, ThoseOfTheProjectAreCleanToo) {
  const std::string root = MRC_SOURCE_DIR;
  // Functions that are called by name (`part NAME COMMAND`) look unreachable to it.
  EXPECT_EQ(run("cd '" + root +
                "' && shellcheck -x -P . -e SC2317 .ci/run tests/run examples/quickstart "
                "tests/lab/images/mysql-5.6/install.sh tests/lab/calico_shared/make-program"),
            0);
  EXPECT_EQ(run("cd '" + root + "' && shellcheck -s sh tests/lib/need.sh tests/lib/ship tests/lib/yielding"), 0);
}

}  // namespace
}  // namespace mrc
