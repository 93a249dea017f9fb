#include <gmock/gmock.h>

#include <sstream>

#include "lab/transport/lab_host.hpp"
#include "support/wait.hpp"

namespace mrc::transport {
namespace {

using namespace std::chrono_literals;
using shell::Script;
using test::eventually;
using ::testing::HasSubstr;

/// What goes over the wire, and what a cut of it leaves.
class LabExchange : public test::LabHost {
 protected:
  /// Set up by the script under test before it waits, so that a test knows that it runs.
  bool there(const std::string& path) const {
    return arrange(Script().line("if [ -e {} ]; then echo yes; fi", path)) == "yes\n";
  }
  bool gone(const std::string& pid) const {
    return arrange(Script().line("if kill -0 {} 2>/dev/null; then echo lives; fi", pid)).empty();
  }
  std::string made_folder() const {
    auto name = arrange(Script().line("mktemp -d /run/mrc-lab-test.XXXXXX"));
    name.pop_back();
    return name;
  }
  /// Says who it is, waits, and would leave `never` behind.
  static Script long_script(const std::string& folder) {
    return Script()
        .line("echo $$ >{}/pid", folder)
        .line("mrc_note waiting")
        .line("sleep 60")
        .line(": >{}/never", folder);
  }
};

TEST_F(LabExchange, TenMegabytesComeWhole) {
  const auto session = connect();
  const auto answer =
      session->run(Script().line("seq 1 2000000 | head -c 10485760; seq 1 200000 >&2"), {});
  ASSERT_TRUE(answer) << answer.error().text();
  ASSERT_EQ(answer->out.size(), 10485760U);
  std::string want;
  for (int i = 1; want.size() < 10485760; ++i) want += std::to_string(i) + "\n";
  EXPECT_TRUE(std::string_view(want).substr(0, 10485760) == answer->out);
  EXPECT_THAT(answer->err.substr(answer->err.size() - 14), HasSubstr("\n200000\n"));
}

TEST_F(LabExchange, TenMegabytesGoWhole) {
  std::string bytes(10485760 + 7, '\0');
  std::uint32_t state = 1;
  for (auto& byte : bytes) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  const auto folder = made_folder();
  Script script;
  const auto file = script.attach(bytes);
  script.line("cat {} >{}/copy", file, folder);
  const auto session = connect();
  run(*session, script);
  EXPECT_TRUE(arrange(Script().line("cat {}/copy; rm -r {}", folder, folder)) == bytes);
}

TEST_F(LabExchange, EveryByteGoesAndComes) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  bytes += "\r\n\n'\"\\$`A 0 0 0 0\nF 3 x\n";
  const auto session = connect();
  Script script;
  const auto file = script.attach(bytes);
  script.line("cat {}; cat {} >&2", file, file);
  const auto answer = session->run(script, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->out, bytes);
  EXPECT_EQ(answer->err, bytes);
}

TEST_F(LabExchange, AScriptThatReadsStdinSwallowsNothing) {
  const auto session = connect();
  EXPECT_EQ(run(*session, Script().line("cat; read -r line || echo end").line("echo on")),
            "end\non\n");
  EXPECT_EQ(run(*session, Script().line("echo next")), "next\n");
}

TEST_F(LabExchange, AConnectionCutInMidScriptIsToldAndEndsTheScript) {
  const auto folder = made_folder();
  RunOptions options;
  bool waiting = false;
  options.on_note = [&](std::string_view) {
    waiting = true;
    // sshd of this session: the nearest one above the script.
    arrange(Script()
                .line("at=$(cat {}/pid)", folder)
                .line("while [ \"$(cat /proc/\"$at\"/comm)\" != sshd ]; do")
                .line("  at=$(cut -d')' -f2 /proc/\"$at\"/stat | cut -d' ' -f3)")
                .line("done")
                .line("kill -KILL \"$at\""));
  };
  const auto session = connect();
  const auto answer = session->run(long_script(folder), options);
  ASSERT_TRUE(waiting);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable) << answer.error().text();
  auto pid = arrange(Script().line("cat {}/pid", folder));
  pid.pop_back();
  EXPECT_TRUE(eventually([&] { return gone(pid); }));
  EXPECT_FALSE(there(folder + "/never"));
  arrange(Script().line("rm -r {}", folder));
}

TEST_F(LabExchange, ALinkThatGoesDeadIsFound) {
  const auto folder = made_folder();
  // The packets of this one connection, both ways; only its address and port.
  arrange(Script().line("iptables -N MRC-LAB-TEST; iptables -A INPUT -j MRC-LAB-TEST"));
  RunOptions options;
  options.on_note = [&](std::string_view) {
    arrange(Script()
                .line("at=$(cat {}/pid)", folder)
                .line("while [ \"$(cat /proc/\"$at\"/comm)\" != sshd ]; do")
                .line("  at=$(cut -d')' -f2 /proc/\"$at\"/stat | cut -d' ' -f3)")
                .line("done")
                .line("port=$(ss -Htnp state established '( sport = :22 )' |")
                .line("  sed -n \"s/.*:\\([0-9]*\\) *users:.*pid=$at,.*/\\1/p\")")
                .line("iptables -A MRC-LAB-TEST -p tcp --dport 22 --sport \"$port\" -j DROP"));
  };
  const auto session = connect();
  const auto answer = session->run(long_script(folder), options);
  arrange(Script()
              .line("iptables -D INPUT -j MRC-LAB-TEST")
              .line("iptables -F MRC-LAB-TEST")
              .line("iptables -X MRC-LAB-TEST; rm -r {}", folder));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::unreachable) << answer.error().text();
  EXPECT_THAT(answer.error().text(), HasSubstr("the link is dead"));
}

TEST_F(LabExchange, ADeadlineEndsTheScriptOnTheHost) {
  const auto folder = made_folder();
  RunOptions options;
  options.timeout = 1s;
  auto session = connect();
  const auto answer = session->run(long_script(folder), options);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timeout);
  session.reset();
  auto pid = arrange(Script().line("cat {}/pid", folder));
  pid.pop_back();
  EXPECT_TRUE(eventually([&] { return gone(pid); }));
  arrange(Script().line("rm -r {}", folder));
}

TEST_F(LabExchange, TheLockGoesWithTheSessionThatHeldIt) {
  auto holder = connect();
  ASSERT_TRUE(holder->lock("lab-transport", "ann@here, apply since 10:00"));
  const test::TempFolder control;
  {
    const auto loser = open(m_target, m_config, control.path());
    const auto refused = loser->lock("lab-transport", "bob@there");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::locked);
    EXPECT_THAT(refused.error().text(), HasSubstr("ann@here, apply since 10:00"));
  }
  holder.reset();
  EXPECT_TRUE(eventually([&] {
    const auto next = open(m_target, m_config, control.path());
    return next->lock("lab-transport", "bob@there").has_value();
  }));
}

TEST_F(LabExchange, NothingOfASessionIsLeft) {
  const auto list = Script().line(
      "sync; ls -d /dev/shm/mrc.* /run/mrc.* /tmp/mrc.* /var/tmp/mrc.* /run/mrc-*.lock "
      "/dev/shm/mrc-*.lock 2>/dev/null | grep -v \"${MRC_D%/r}\" || :");
  // What an earlier test left may be on its way out: it must not be counted as ours, nor waited
  // for.
  const auto before = "\n" + arrange(list);
  const auto added = [&] {
    std::istringstream now(arrange(list));
    std::string out;
    for (std::string line; std::getline(now, line);) {
      if (before.find("\n" + line + "\n") == std::string::npos) out += line + "\n";
    }
    return out;
  };
  {
    const auto session = connect();
    Script script;
    script.line("cat {} >/dev/null", script.attach(std::string(3'000'000, 'x')));
    run(*session, script);
    ASSERT_TRUE(session->lock("lab-left", "ann"));
  }
  EXPECT_TRUE(eventually([&] { return added().empty(); })) << added();
}

}  // namespace
}  // namespace mrc::transport
