#include <gmock/gmock.h>

#include "mrc/transport/openssh.hpp"
#include "support/temp_folder.hpp"
#include "transport/remote_command.hpp"
#include "transport/shell_session.hpp"

namespace mrc::transport {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// A sudo that does what sudo(8) says of -n, -S and -p: the prompt on stderr, a line of stdin read
/// byte by byte, three tries.
constexpr char k_sudo[] = R"sh(#!/bin/sh
here=${0%/*}
ask=no prompt=
while :; do
  case $1 in
    -n) ask=never; shift ;;
    -S) ask=stdin; shift ;;
    -p) prompt=$2; shift 2 ;;
    --) shift; break ;;
    *) echo "sudo: bad usage: $1" >&2; exit 1 ;;
  esac
done
if [ -e "$here/password" ]; then
  if [ "$ask" = never ]; then echo "sudo: a password is required" >&2; exit 1; fi
  tries=0
  while :; do
    printf '%s' "$prompt" >&2
    if ! IFS= read -r line; then
      printf '\nsudo: no password was provided\n' >&2
      exit 1
    fi
    if [ "$line" = "$(cat "$here/password")" ]; then break; fi
    tries=$((tries + 1))
    printf '%s\n' "$line" >>"$here/wrong"
    if [ "$tries" = 3 ]; then echo "sudo: 3 incorrect password attempts" >&2; exit 1; fi
    echo "Sorry, try again." >&2
  done
fi
MRC_TEST_SUDO=yes exec "$@"
)sh";

class Sudo : public ::testing::Test {
 protected:
  Sudo() {
    test::write_file(m_bin / "sudo", k_sudo);
    std::filesystem::permissions(m_bin / "sudo", std::filesystem::perms::owner_all);
    m_target.host = HostId("docker1");
    m_target.address = "docker1";
    m_target.become = true;
  }

  Result<std::unique_ptr<ShellSession>> connect() const {
    Opening opening;
    opening.nonce = make_nonce();
    opening.argv = {"env",
                    "PATH=" + m_bin.path().string() + ":" + std::getenv("PATH"),
                    "sh",
                    "-c",
                    remote_command(m_target, opening.nonce)};
    opening.first_line = m_target.become_password;
    opening.explain = [target = m_target](const std::string& text, const Error&) {
      return explain_ssh(text, target);
    };
    opening.limit = 10s;
    auto session = ShellSession::start(std::move(opening));
    if (!session) return session;
    if (auto greeted = (*session)->greet({}); !greeted) return fail(std::move(greeted).error());
    return session;
  }
  static std::string who(Session& session) {
    const auto answer = session.run(shell::Script().line("echo \"$MRC_TEST_SUDO\""), {});
    return answer ? answer->out : answer.error().text();
  }

  test::TempFolder m_bin;
  Target m_target;
};

TEST_F(Sudo, WithoutAPasswordAsksNone) {
  auto session = connect();
  ASSERT_TRUE(session) << session.error().text() << session.error().evidence;
  EXPECT_EQ(who(**session), "yes\n");
}

TEST_F(Sudo, SaysThatAPasswordIsWanted) {
  test::write_file(m_bin / "password", "sesame");
  const auto session = connect();
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::auth);
  EXPECT_THAT(session.error().message, HasSubstr("set ssh.become_password"));
  EXPECT_THAT(session.error().evidence, HasSubstr("sudo: a password is required"));
}

TEST_F(Sudo, PassesThePassword) {
  const std::string odd = R"(it's "q" $HOME \; rm -rf /)";
  test::write_file(m_bin / "password", odd);
  m_target.become_password = Secret("ssh.become_password", odd);
  auto session = connect();
  ASSERT_TRUE(session) << session.error().text() << session.error().evidence;
  EXPECT_EQ(who(**session), "yes\n");
}

TEST_F(Sudo, APasswordThatIsNotAskedForIsThrownAway) {
  m_target.become_password = Secret("ssh.become_password", "touch /tmp/x");
  auto session = connect();
  ASSERT_TRUE(session) << session.error().text() << session.error().evidence;
  EXPECT_EQ(who(**session), "yes\n");
}

TEST_F(Sudo, AWrongPasswordIsTriedOnceAndNothingElseIs) {
  test::write_file(m_bin / "password", "sesame");
  m_target.become_password = Secret("ssh.become_password", "wrong");
  const auto start = std::chrono::steady_clock::now();
  const auto session = connect();
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::auth);
  EXPECT_THAT(session.error().message, HasSubstr("sudo refuses the password"));
  EXPECT_THAT(session.error().evidence, HasSubstr("Sorry, try again."));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  EXPECT_EQ(test::read_file(m_bin / "wrong"), "wrong\n");
}

TEST_F(Sudo, NoSudoOnTheHost) {
  std::filesystem::remove(m_bin / "sudo");
  test::write_file(m_bin / "env",
                   "#!/bin/sh\necho \"env: 'sudo': No such file or directory\" >&2\nexit 127\n");
  std::filesystem::permissions(m_bin / "env", std::filesystem::perms::owner_all);
  const auto session = connect();
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().message, "there is no sudo on this host");
}

}  // namespace
}  // namespace mrc::transport
