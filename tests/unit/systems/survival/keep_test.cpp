// What a unit runs, in each shell that hosts have; docker and systemctl are programs here that play
// a host whose fate is told line by line.

#include <gmock/gmock.h>

#include "survival_keep.sh.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems::survival {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class SurvivalKeep : public test::EachShell {
 protected:
  SurvivalKeep() {
    program("docker",
            "cd " + m_here.path().string() +
                "\ncase $1 in\n"
                "  inspect) echo inspect >>calls; if [ -s container ]; then cat container; else\n"
                "    echo 'Error: No such container: db' >&2; exit 1; fi ;;\n"
                "  start) echo start >>calls\n"
                "    if [ -e refuses ]; then rm refuses; echo 'no such mount' >&2; exit 1; fi\n"
                "    echo 'running T2 orders' >container ;;\n"
                "  events) fate=$(sed -n 1p fates); sed -i 1d fates\n"
                "    if [ -z \"$fate\" ]; then kill -s KILL \"$(cat pid)\"; exit; fi\n"
                "    echo \"events $fate\" >>calls; eval \"$fate\" ;;\n"
                "esac\n");
    program("systemctl",
            "case $1 in show) echo LoadState=loaded ;;\n"
            "  is-active) [ ! -e " +
                here("down") + " ] || { rm " + here("down") + "; exit 3; } ;; esac\n");
    test::write_file(m_here / "calls", "");
    test::write_file(m_here / "fates", "");
  }
  void program(const std::string& name, const std::string& text) {
    test::write_file(m_bin / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(m_bin / name, std::filesystem::perms::owner_all);
  }
  std::string here(const std::string& name) const { return (m_here / name).string(); }
  void container(const std::string& text) { test::write_file(m_here / "container", text); }
  void fates(const std::string& text) { test::write_file(m_here / "fates", text); }

  /// What the unit says until its host has no fate left. `restore`: what brings the server back.
  std::string run(const std::string& restore = "echo back >>calls") {
    shell::Script script;
    script.use(embedded::survival_keep_sh)
        .line("MRC_D={}; cd {}; echo $$ >pid", m_here.path().string(), m_here.path().string())
        .line("sleep() { echo \"sleep $1\" >>calls; }");
    const auto text = script.text();
    const std::string end = "}\nmrc_main </dev/null\n";
    test::write_file(m_here / "script",
                     text.substr(0, text.size() - end.size()) + "mrc_survival_restore() {\n" +
                         restore + "\n}\nmrc_survival orders db net\n" + end);
    const auto command = "PATH=" + m_bin.path().string() + ":$PATH timeout 30 " +
                         GetParam().program + " " + here("script") + " >" + here("journal") +
                         " 2>" + here("errors");
    EXPECT_NE(std::system(command.c_str()), 124 * 256) << "it did not come to its end";
    return test::read_file(m_here / "journal");
  }
  std::string calls() const { return test::read_file(m_here / "calls"); }
  std::string state() const { return test::read_file(m_here / "state"); }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         SurvivalKeep,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(SurvivalKeep, AStartedContainerGetsBackWhatItLacksOnceAndThenNothingIsAsked) {
  container("running T1 orders\n");
  fates("echo start\n");  // its own start, heard late
  EXPECT_THAT(run(),
              ::testing::MatchesRegex("container started T1: bringing back net\n"
                                      "container started T1: net in place after [0-9.]* s\n"));
  EXPECT_EQ(calls(), "inspect\nback\nevents echo start\ninspect\n");
  EXPECT_THAT(state(), HasSubstr("whole container started T1"));
}

TEST_P(SurvivalKeep, AnEndedContainerIsStartedAndGetsItBack) {
  container("running T1 orders\n");
  fates("echo 'exited T1 orders' >container; echo die\n");
  const auto said = run();
  EXPECT_THAT(said, HasSubstr("the container db did not run: started\ncontainer started T2: "));
  EXPECT_EQ(calls(),
            "inspect\nback\nevents echo 'exited T1 orders' >container; echo die\n"
            "inspect\nstart\ninspect\nback\n");
}

TEST_P(SurvivalKeep, ARestartThatIsOverWhenItIsHeardOfCountsToo) {
  container("running T1 orders\n");
  fates("echo 'running T9 orders' >container; echo die\n");
  EXPECT_THAT(run(), HasSubstr("container started T9: "));
  EXPECT_THAT(calls(), Not(HasSubstr("\nstart\n")));
}

TEST_P(SurvivalKeep, WhatDockerIsAtIsLeftToDocker) {
  container("restarting T1 orders\n");
  fates("echo 'running T2 orders' >container; echo start\n");
  EXPECT_THAT(run(), HasSubstr("container started T2: "));
  EXPECT_THAT(calls(), Not(HasSubstr("\nstart\n")));
}

TEST_P(SurvivalKeep, AFailureIsSaidOnceAndTriedAgainWithGrowingPauses) {
  container("running T1 orders\n");
  const auto said =
      run("echo back >>calls; echo '| evidence' >&2; [ \"$(grep -c back calls)\" -gt 6 ] || "
          "{ echo no quorum >&2; false; }; echo done >>calls");
  EXPECT_THAT(said,
              ::testing::MatchesRegex("container started T1: bringing back net\n"
                                      "not yet back after the start of T1: no quorum\n"
                                      "container started T1: net in place after [0-9.]* s\n"));
  EXPECT_EQ(calls(),
            "inspect\nback\nsleep 1\ninspect\nback\nsleep 2\ninspect\nback\nsleep 4\n"
            "inspect\nback\nsleep 8\ninspect\nback\nsleep 10\ninspect\nback\nsleep 10\n"
            "inspect\nback\ndone\n");
}

TEST_P(SurvivalKeep, TheFirstCommandThatFailsEndsARestore) {
  container("running T1 orders\n");
  run("echo back >>calls; [ \"$(grep -c back calls)\" -gt 1 ] || (false; echo never >>calls); :");
  EXPECT_THAT(calls(), Not(HasSubstr("never")));
  EXPECT_THAT(calls(), HasSubstr("back\nsleep 1\ninspect\nback\n"));
}

TEST_P(SurvivalKeep, AnotherDeploymentsContainerIsLeftAlone) {
  container("exited T1 billing\n");
  EXPECT_EQ(run(), "the container db is not of orders: it is left alone\n");
  EXPECT_EQ(calls(), "inspect\n");
}

TEST_P(SurvivalKeep, WithoutAContainerItListensForOne) {
  fates("echo 'running T1 orders' >container; echo start\n");
  const auto said = run();
  EXPECT_THAT(said, ::testing::StartsWith("waiting for a container db: there is none\n"));
  EXPECT_THAT(said, HasSubstr("container started T1: "));
}

TEST_P(SurvivalKeep, AContainerThatDoesNotStartIsTriedAgain) {
  container("exited T1 orders\n");
  test::write_file(m_here / "refuses", "");
  const auto said = run("echo back >>calls; :");
  EXPECT_THAT(said, HasSubstr("the container db does not start: no such mount\n"));
  EXPECT_THAT(said, HasSubstr("the container db did not run: started\ncontainer started T2: "));
  EXPECT_EQ(calls(), "inspect\nstart\nsleep 1\ninspect\nstart\ninspect\nback\n");
}

TEST_P(SurvivalKeep, AnEngineThatIsDownIsNotAskedAsThatWouldStartIt) {
  container("running T1 orders\n");
  test::write_file(m_here / "down", "");
  EXPECT_THAT(run(), ::testing::StartsWith("waiting for Docker to run\n"));
  EXPECT_THAT(calls(), ::testing::StartsWith("sleep 1\ninspect\n"));
}

TEST_P(SurvivalKeep, WhenDockerEndsItWaitsForIt) {
  container("running T1 orders\n");
  fates("touch down\n");  // nothing more is heard
  EXPECT_THAT(run(), HasSubstr("in place"));
  EXPECT_THAT(calls(), HasSubstr("events touch down\nsleep 1\nsleep 1\ninspect\n"));
}

}  // namespace
}  // namespace mrc::systems::survival
