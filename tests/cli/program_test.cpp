// The built program: its streams and exit codes, as a shell sees them.

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "support/temp_folder.hpp"

namespace mrc {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Program : public ::testing::Test {
 protected:
  struct Outcome {
    int status;
    std::string out;
    std::string err;
  };
  Outcome run(const std::string& words) const {
    const auto at = m_folder.path().string();
    const auto command = "cd '" + at + "' && " MRC_PROGRAM " " + words + " >'" + at + "/.out' 2>'" +
                         at + "/.err' </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            test::read_file(m_folder / ".out"),
            test::read_file(m_folder / ".err")};
  }
  test::TempFolder m_folder;
};

TEST_F(Program, ResultsGoToStdoutAndFaultsToStderr) {
  const auto good = run("version");
  EXPECT_EQ(good.status, 0);
  EXPECT_THAT(good.err, IsEmpty());
  const auto bad = run("validate");
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.out, IsEmpty());
  EXPECT_THAT(bad.err, HasSubstr("cannot read topology.yaml"));
}

TEST_F(Program, NoEscapeCodesWhereThereIsNoTerminal) {
  test::write_file(m_folder / "topology.yaml", "mrc: 2\n");
  const auto said = run("validate");
  EXPECT_EQ(said.status, 1);
  EXPECT_THAT(said.err, Not(HasSubstr("\033")));
  EXPECT_THAT(said.err, HasSubstr("topology.yaml:1:6: error"));
}

TEST_F(Program, AResultThatCannotBeWrittenIsAFault) {
  const auto command = std::string(MRC_PROGRAM " version >/dev/full 2>/dev/null");
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 1);
}

TEST_F(Program, EveryExampleIsValid) {
  int count = 0;
  for (const auto& one : fs::directory_iterator(MRC_SOURCE_DIR "/examples")) {
    if (one.path().extension() != ".yaml") continue;
    ++count;
    const auto said = run("validate '" + one.path().string() + "'");
    EXPECT_EQ(said.status, 0) << one.path() << said.err;
  }
  EXPECT_GE(count, 2);
}

TEST_F(Program, InitWritesAFileThatIsValidAndNeverOverOne) {
  const auto first = run("init");
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("mrc validate topology.yaml"));
  EXPECT_EQ(run("validate").status, 0);
  EXPECT_EQ(test::read_file(m_folder / "topology.yaml"),
            test::read_file(MRC_SOURCE_DIR "/examples/current.yaml"));
  const auto second = run("init --from-blog");
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, HasSubstr("topology.yaml: it is there already, and stays as it is"));
  EXPECT_EQ(run("init --from-blog -").out,
            test::read_file(MRC_SOURCE_DIR "/examples/blog-2016.yaml"));
  EXPECT_EQ(run("init none/such.yaml").status, 1);
}

TEST_F(Program, EveryCommandThatTheHelpListsHasAHelpOfItsOwn) {
  const std::string commands =
      "init validate plan apply promote failover verify status mysql ssh destroy graph history "
      "show schema version";
  std::istringstream words(commands);
  for (std::string command; words >> command;) {
    EXPECT_THAT(run("--help").out, HasSubstr("  " + command));
    const auto said = run(command + " --help");
    EXPECT_EQ(said.status, 0) << command;
    EXPECT_THAT(said.out, HasSubstr("Usage: mrc " + command)) << command;
  }
}

}  // namespace
}  // namespace mrc
