#include <gmock/gmock.h>

#include "support/wait.hpp"
#include "transport/raw_loop.hpp"
#include "transport/shells.hpp"

namespace mrc::transport {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::RawLoop;
using test::read_file;

class Cuts : public test::EachShell {
 protected:
  static bool is_gone(const std::string& pid) { return !std::filesystem::exists("/proc/" + pid); }
};
INSTANTIATE_TEST_SUITE_P(Shells, Cuts, ::testing::ValuesIn(test::all_shells()), test::shell_name);

TEST_P(Cuts, ARequestCutOffAnywhereRunsNothing) {
  const auto marker = (m_here / "m").string();
  const auto whole = RawLoop::hello() + "F 3 a\nabc" + RawLoop::script(">" + marker + "\n");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    RawLoop loop(words());
    loop.send(std::string_view(whole).substr(0, size));
    loop.cut();
    ASSERT_TRUE(loop.end()) << "cut after " << size;
    ASSERT_FALSE(std::filesystem::exists(marker)) << "cut after " << size;
  }
  RawLoop loop(words());
  loop.send(whole);
  ASSERT_TRUE(loop.hear("A 0 "));
  EXPECT_TRUE(std::filesystem::exists(marker));
}

TEST_P(Cuts, ACutEndsTheRunningScriptAndItsChildrenSoon) {
  RawLoop loop(words());
  loop.send(RawLoop::hello() +
            RawLoop::script("sleep 100 & echo N $! >&3; echo N up $$ >&3; wait; echo never\n"));
  ASSERT_TRUE(loop.hear("up"));
  ASSERT_TRUE(loop.hear("\n"));
  const auto child = loop.heard().substr(loop.heard().find("N ") + 2);
  const auto pid = child.substr(0, child.find('\n'));
  ASSERT_FALSE(is_gone(pid));
  const auto start = std::chrono::steady_clock::now();
  loop.cut();
  EXPECT_TRUE(loop.end());
  EXPECT_TRUE(eventually([&] { return is_gone(pid); }, 5s));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

TEST_P(Cuts, AScriptThatIgnoresTheSignalEndsAllTheSame) {
  RawLoop loop(words());
  loop.send(RawLoop::hello() + RawLoop::script("trap '' TERM HUP\necho N $$ up >&3\n"
                                               "while :; do sleep 0.1; done\n"));
  ASSERT_TRUE(loop.hear(" up\n"));
  const auto note = loop.heard().substr(loop.heard().find("N ") + 2);
  const auto pid = note.substr(0, note.find(' '));
  loop.cut();
  EXPECT_TRUE(loop.end());
  EXPECT_TRUE(eventually([&] { return is_gone(pid); }, 5s));
}

TEST_P(Cuts, NothingOfOursIsLeftAfterACut) {
  RawLoop loop(words());
  loop.send(RawLoop::hello() + "F 6 secret-x\nsecret" +
            RawLoop::script("echo \"N $MRC_D up\" >&3; sleep 100\n"));
  ASSERT_TRUE(loop.hear(" up\n"));
  const auto note = loop.heard().substr(loop.heard().find("N ") + 2);
  const auto folder = std::filesystem::path(note.substr(0, note.find(' '))).parent_path();
  ASSERT_EQ(read_file(folder / "r" / "secret-x"), "secret");
  loop.cut();
  EXPECT_TRUE(loop.end());
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_P(Cuts, AnUnknownRequestEndsTheSession) {
  RawLoop loop(words());
  loop.send(RawLoop::hello() + "touch /tmp/x\n");
  EXPECT_EQ(loop.end(), 73);
}

TEST_P(Cuts, AFileThatFindsNoRoomIsSaid) {
  RawLoop loop(words());
  // The name makes writing fail, as a full disk does.
  loop.send(RawLoop::hello() + "F 3 no/such/folder\nabc");
  loop.cut();
  EXPECT_NE(loop.end(), 0);
}

TEST_P(Cuts, TheLockOutlivesNoCutAndNoScriptOutlivesTheLock) {
  const auto pid_file = m_here / "pid";
  RawLoop loop(words());
  loop.send(RawLoop::hello() + RawLoop::lock(unit("cut"), "first\n"));
  ASSERT_TRUE(loop.hear("A 0 0 0 0\n"));
  loop.send(RawLoop::script("trap '' TERM\necho $$ >" + pid_file.string() +
                            "\necho N up >&3\nwhile :; do sleep 0.1; done\n"));
  ASSERT_TRUE(loop.hear("N up\n"));
  auto pid = read_file(pid_file);
  pid.erase(pid.find('\n'));
  loop.cut();
  const auto start = std::chrono::steady_clock::now();
  // Whoever gets the lock finds that script gone, whenever that is.
  for (bool taken = false; !taken;) {
    RawLoop next(words());
    next.send(RawLoop::hello() + RawLoop::lock(unit("cut"), "second\n"));
    ASSERT_TRUE(next.hear("A "));
    ASSERT_TRUE(next.hear(" 0\n"));
    taken = next.heard().find("A 0 ") != std::string::npos;
    if (taken) {
      const auto state = read_file("/proc/" + pid + "/stat");
      EXPECT_TRUE(state.empty() || state.find(") Z ") != std::string::npos) << state;
    }
    ASSERT_LT(std::chrono::steady_clock::now() - start, 10s);
  }
}

}  // namespace
}  // namespace mrc::transport
