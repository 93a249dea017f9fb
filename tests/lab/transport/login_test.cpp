#include <gmock/gmock.h>

#include "lab/transport/lab_host.hpp"

namespace mrc::transport {
namespace {

using shell::Script;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

/// Real sshd, real keys, real sudo.
class LabLogin : public test::LabHost {
 protected:
  std::string host_key() const {
    auto key = arrange(Script().line("cut -d' ' -f1-2 /etc/ssh/ssh_host_ed25519_key.pub"));
    key.pop_back();
    return key;
  }
  /// A key pair that the host has never seen; its public half.
  std::string foreign_key(const std::filesystem::path& path) const {
    const auto command = "ssh-keygen -q -t ed25519 -N '' -f '" + path.string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    const auto text = test::read_file(path.string() + ".pub");
    return text.substr(0, text.find(' ', text.find(' ') + 1));
  }
};

/// Login files of root that print, are slow, and imitate an answer; as they were, afterwards.
class NoisyLogin : public LabLogin {
 protected:
  NoisyLogin() {
    arrange(Script()
                .line("cp -a /root/.bashrc /root/.bashrc.kept 2>/dev/null || : >/root/.bashrc.kept")
                .file("/root/.bashrc",
                      shell::Mode{0644},
                      "echo 'Welcome, operator'\n"
                      "printf 'A 0 3 0 1\\nabc'\n"
                      "printf 'no newline at its end \\377\\000\\033[31m'\n"
                      "echo 'and on stderr' >&2\n"
                      "sleep 1.5\n"));
  }
  ~NoisyLogin() override { arrange(Script().line("mv /root/.bashrc.kept /root/.bashrc")); }
};

TEST_F(NoisyLogin, ALoginScriptThatPrintsAndIsSlowIsNotTakenForAnAnswer) {
  const auto session = connect();
  const auto answer = session->run(Script().line("echo yes; echo no >&2; exit 3"), {});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 3);
  EXPECT_EQ(answer->out, "yes\n");
  EXPECT_EQ(answer->err, "no\n");
  EXPECT_LT(answer->remote, std::chrono::milliseconds(1000)) << "the login was counted as work";
}

TEST_F(LabLogin, AChangedHostKeyIsRefusedWithTheRemedy) {
  const auto other = foreign_key(m_files / "other");
  test::write_file(m_files / "known_hosts", "docker1,192.168.55.111 " + other + "\n");
  const auto error =
      refused(m_target, config_with("UserKnownHostsFile " + (m_files / "known_hosts").string()));
  EXPECT_EQ(error.kind, ErrorKind::auth);
  EXPECT_THAT(error.text(), HasSubstr("the host's key has changed"));
  EXPECT_THAT(error.text(), HasSubstr("ssh-keygen -R"));
}

TEST_F(LabLogin, AnUnknownHostKeyIsRefusedWithTheRemedy) {
  test::write_file(m_files / "known_hosts", "");
  const auto error =
      refused(m_target, config_with("UserKnownHostsFile " + (m_files / "known_hosts").string()));
  EXPECT_EQ(error.kind, ErrorKind::auth);
  EXPECT_THAT(error.text(), HasSubstr("the host's key is not known"));
  EXPECT_EQ(test::read_file(m_files / "known_hosts"), "") << "the key was accepted in silence";
}

TEST_F(LabLogin, APinnedHostKeyNeedsNoKnownHosts) {
  test::write_file(m_files / "known_hosts", "");
  auto target = m_target;
  target.host_key = host_key();
  const auto session = open(target,
                            config_with("UserKnownHostsFile " + (m_files / "known_hosts").string()),
                            m_control.path());
  EXPECT_EQ(run(*session, Script().line("hostname")), "docker1.local\n");
}

TEST_F(LabLogin, AnotherKeyThanThePinnedIsRefused) {
  auto target = m_target;
  target.host_key = foreign_key(m_files / "other");
  const auto error = refused(target, m_config);
  EXPECT_EQ(error.kind, ErrorKind::auth);
  EXPECT_THAT(error.text(), HasSubstr("host_key in the topology"));
}

TEST_F(LabLogin, AKeyThatTheHostDoesNotTakeIsRefused) {
  foreign_key(m_files / "id");
  test::write_file(m_files / "only",
                   "Host *\n  HostName 192.168.55.111\n  User root\n  IdentitiesOnly yes\n"
                   "  IdentityFile " +
                       (m_files / "id").string() + "\n  UserKnownHostsFile " +
                       lab_file("known_hosts").string() + "\n");
  auto target = m_target;
  target.address = "192.168.55.111";
  const auto error = refused(target, m_files / "only");
  EXPECT_EQ(error.kind, ErrorKind::auth);
  EXPECT_THAT(error.text(), HasSubstr("the login is refused"));
}

TEST_F(LabLogin, ARefusedPortIsUnreachable) {
  auto target = m_target;
  target.port = 1;
  const auto error = refused(target, m_config);
  EXPECT_EQ(error.kind, ErrorKind::unreachable);
  EXPECT_THAT(error.text(), HasSubstr("nothing listens on the SSH port"));
}

TEST_F(LabLogin, ANameThatIsNotKnownIsUnreachable) {
  auto target = m_target;
  target.address = "nobody.invalid";
  const auto error = refused(target, m_config);
  EXPECT_EQ(error.kind, ErrorKind::unreachable);
  EXPECT_THAT(error.text(), HasSubstr("the host's name is not known"));
}

TEST_F(LabLogin, SudoWithItsPasswordMakesRoot) {
  auto target = m_target;
  target.user = "op";
  target.become = true;
  target.become_password = Secret("ssh.become_password", "op-Pass 1'$x");
  const auto session = open(target, m_config, m_control.path());
  EXPECT_EQ(run(*session, Script().line("id -u; logname 2>/dev/null || echo \"$SUDO_USER\"")),
            "0\nop\n");
  EXPECT_THAT(arrange(Script().line("ps -eo args; journalctl -q --no-pager")),
              Not(HasSubstr("op-Pass")));
}

TEST_F(LabLogin, SudoWithAWrongPasswordIsRefusedSoonAndDoesNotShowIt) {
  auto target = m_target;
  target.user = "op";
  target.become = true;
  target.become_password = Secret("ssh.become_password", "wrong-Pass 2");
  const auto error = refused(target, m_config);
  EXPECT_EQ(error.kind, ErrorKind::auth);
  EXPECT_THAT(error.text(), HasSubstr("sudo refuses the password"));
  EXPECT_THAT(error.text() + error.evidence, Not(HasSubstr("wrong-Pass")));
}

TEST_F(LabLogin, SudoThatWantsAPasswordSaysWhereToGiveIt) {
  auto target = m_target;
  target.user = "op";
  target.become = true;
  const auto error = refused(target, m_config);
  EXPECT_EQ(error.kind, ErrorKind::auth);
  EXPECT_THAT(error.text(), HasSubstr("set ssh.become_password"));
}

}  // namespace
}  // namespace mrc::transport
