#include <gmock/gmock.h>
#include <signal.h>

#include "support/wait.hpp"
#include "transport/shells.hpp"

namespace mrc::transport {
namespace {

using shell::Script;
using test::eventually;
using ::testing::HasSubstr;

class Locks : public test::EachShell {};
INSTANTIATE_TEST_SUITE_P(Shells, Locks, ::testing::ValuesIn(test::all_shells()), test::shell_name);

TEST_P(Locks, TheLoserIsToldWhoHoldsIt) {
  const auto winner = connect();
  ASSERT_TRUE(winner->lock(unit("a"), "ann@ws since noon\nrun-1\n"));
  const auto loser = connect();
  const auto refused = loser->lock(unit("a"), "bob@ws since one\nrun-2\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::locked);
  EXPECT_EQ(refused.error().message, "locked by ann@ws since noon");
}

TEST_P(Locks, DeploymentsDoNotHinderOneAnother) {
  const auto one = connect();
  const auto two = connect();
  EXPECT_TRUE(one->lock(unit("a"), "x\n"));
  EXPECT_TRUE(two->lock(unit("b"), "y\n"));
}

TEST_P(Locks, SessionsOfOneRunShareItUntilTheLastEnds) {
  auto one = connect();
  auto two = connect();
  ASSERT_TRUE(one->lock(unit("a"), "ann\nrun-1\n"));
  ASSERT_TRUE(two->lock(unit("a"), "ann\nrun-1\n"));
  one.reset();
  EXPECT_FALSE(connect()->lock(unit("a"), "bob\nrun-2\n"));
  two.reset();
  EXPECT_TRUE(connect()->lock(unit("a"), "bob\nrun-2\n"));
}

TEST_P(Locks, LeavesNoFile) {
  std::string folder;
  {
    const auto session = connect();
    ASSERT_TRUE(session->lock(unit("left"), "ann\n"));
    const auto answer = session->run(
        Script().line(
            "for d in /run \"${MRC_D%/*/*}\"; do ls \"$d\"/mrc-{}.lock; done 2>/dev/null || :",
            unit("left")),
        {});
    ASSERT_TRUE(answer);
    folder = answer->out.substr(0, answer->out.find('\n'));
    ASSERT_TRUE(std::filesystem::exists(folder)) << answer->out;
  }
  EXPECT_FALSE(std::filesystem::exists(folder));
  EXPECT_FALSE(std::filesystem::exists(folder + ".holder"));
}

TEST_P(Locks, ADaemonThatAScriptLeavesDoesNotKeepIt) {
  const auto pid_file = m_here / "pid";
  {
    const auto session = connect();
    ASSERT_TRUE(session->lock(unit("d"), "ann\n"));
    ASSERT_TRUE(session->run(
        Script().line(
            "setsid sh -c 'echo $$ >\"$0\"; exec sleep 30' {} </dev/null >/dev/null 2>&1 3>&- &",
            pid_file.string()),
        {}));
    ASSERT_TRUE(eventually([&] { return test::read_file(pid_file).ends_with("\n"); }));
  }
  EXPECT_TRUE(connect()->lock(unit("d"), "bob\n"));
  const auto pid = std::stoi(test::read_file(pid_file));
  EXPECT_EQ(kill(pid, SIGKILL), 0) << "the daemon lives on after its session";
}

TEST_P(Locks, ARefusedLockRunsNothing) {
  const auto winner = connect();
  ASSERT_TRUE(winner->lock(unit("a"), "ann\nrun-1\n"));
  const auto loser = connect();
  RunOptions options;
  options.lock = LockRequest{unit("a"), "bob\nrun-2\n"};
  const auto marker = m_here / "marker";
  Script script;
  const auto big = script.attach(std::string(3'000'000, 'x'));  // more than any pipe holds
  script.line("cat {} >{}", big, marker.string());
  const auto answer = loser->run(script, options);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::locked);
  EXPECT_THAT(answer.error().message, HasSubstr("ann"));
  EXPECT_FALSE(std::filesystem::exists(marker));
}

TEST_P(Locks, TheDeadLeaveNothingInTheWay) {
  {
    const auto session = connect();
    ASSERT_TRUE(session->lock(unit("dead"), "ann\nrun-1\n"));
    const auto answer = session->run(Script().line("kill -KILL $PPID"), {});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, ErrorKind::unreachable);
  }
  EXPECT_TRUE(
      eventually([&] { return connect()->lock(unit("dead"), "bob\nrun-2\n").has_value(); }));
}

}  // namespace
}  // namespace mrc::transport
