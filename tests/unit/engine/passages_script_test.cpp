// passages.sh: what each tool's words mean, played by stubs that say what the real ones say.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>

#include "passages.sh.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::engine {
namespace {

using ::testing::EndsWith;

/// A TCP port of the loopback that listens as long as this lives, or that nobody listens at.
class Listener {
 public:
  explicit Listener(bool listens) : m_fd(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (bind(m_fd, plain, size) != 0 || getsockname(m_fd, plain, &size) != 0 ||
        (listens && listen(m_fd, 5) != 0)) {
      throw std::runtime_error("no port to listen at");
    }
    m_port = std::to_string(ntohs(address.sin_port));
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(m_fd); }
  const std::string& port() const { return m_port; }

 private:
  int m_fd;
  std::string m_port;
};

class PassageScript : public test::EachShell {
 protected:
  void SetUp() override {
    for (const std::string tool : {"cat", "timeout", "rm", "mkdir", "sh", "env", "sleep"}) {
      link(tool);
    }
  }
  void link(const std::string& tool) {
    std::string found;
    for (const std::string folder : {"/usr/bin/", "/bin/"}) {
      if (std::filesystem::exists(folder + tool)) found = folder + tool;
    }
    std::filesystem::create_symlink(found, m_here / tool);
  }
  void stub(const std::string& tool, const std::string& text) {
    test::write_file(m_here / tool, "#!/bin/sh\n" + text + "\n");
    std::filesystem::permissions(m_here / tool, std::filesystem::perms::owner_all);
  }
  /// With no tool but those of the test.
  std::string word(const std::string& port) const {
    shell::Script script;
    script.use(embedded::passages_sh)
        .line("PATH={}", m_here.path().string())
        .line("mrc_passages 127.0.0.1 {}", port);
    const auto answer = connect()->run(script, {});
    if (!answer) return answer.error().text();
    EXPECT_EQ(answer->status, 0) << answer->err;
    EXPECT_THAT(answer->out, EndsWith("\nend\n"));
    const auto head = "127.0.0.1 " + port + " ";
    EXPECT_EQ(answer->out.substr(0, head.size()), head);
    return answer->out.substr(head.size(), answer->out.find('\n') - head.size());
  }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         PassageScript,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(PassageScript, WhoListensAndWhoRefusesCanBothBeReached) {
  const Listener listening(true);
  const Listener deaf(false);
  for (const std::string tool : {"bash", "perl"}) {
    link(tool);
    EXPECT_EQ(word(listening.port()), "passable") << tool;
    EXPECT_EQ(word(deaf.port()), "passable") << tool;
    std::filesystem::remove(m_here / tool);
  }
}

TEST_P(PassageScript, WithoutAToolNothingIsTold) { EXPECT_EQ(word("179"), "untried"); }

TEST_P(PassageScript, AToolThatDoesNotKnowItsWordsLeavesItToTheNext) {
  stub("bash", "echo 'bash: /dev/tcp/127.0.0.1/179: No such file or directory' >&2; exit 1");
  stub("python3", "echo 'SyntaxError: invalid syntax' >&2; exit 1");
  EXPECT_EQ(word("179"), "untried");
  stub("perl", "echo 'Connection refused' >&2; exit 111");
  EXPECT_EQ(word("179"), "passable");
}

TEST_P(PassageScript, WhatIsNeverAnsweredIsSilent) {
  stub("bash", "exec sleep 30");
  EXPECT_EQ(word("179"), "silent");
}

TEST_P(PassageScript, AFirewallThatSaysSoBars) {
  for (const std::string words : {"bash: connect: No route to host",
                                  "bash: connect: Network is unreachable",
                                  "bash: connect: Operation not permitted"}) {
    stub("bash", "echo '" + words + "' >&2; exit 1");
    EXPECT_EQ(word("179"), "barred") << words;
  }
}

TEST_P(PassageScript, WordsOfNc) {
  stub("nc",
       "echo 'nc: connect to 127.0.0.1 port 179 (tcp) timed out: Operation now in progress' >&2; "
       "exit 1");
  EXPECT_EQ(word("179"), "silent");
  // That of busybox knows no -v, and stays as long as the other end does.
  stub("nc", "case $1 in -v) echo 'invalid option'; exit 1 ;; esac; exec sleep 30");
  EXPECT_EQ(word("179"), "passable");
  stub("nc", "case $1 in -v) echo 'invalid option'; exit 1 ;; esac; echo 'nc: timed out'; exit 1");
  EXPECT_EQ(word("179"), "silent");
}

TEST_P(PassageScript, WordsOfCurl) {
  stub("curl", "echo '* connect to 127.0.0.1 port 179 failed: Connection refused'; exit 7");
  EXPECT_EQ(word("179"), "passable");
  stub("curl", "echo '* Connected to 127.0.0.1 (127.0.0.1) port 179 (#0)'; exec sleep 30");
  EXPECT_EQ(word("179"), "passable");
  stub("curl", "echo 'curl: (28) Connection timed out after 3001 milliseconds'; exit 28");
  EXPECT_EQ(word("179"), "silent");
}

TEST_P(PassageScript, AllAreTriedAtOnce) {
  stub("bash", "exec sleep 30");
  const auto take = [&](const std::vector<std::string>& ways) {
    const auto start = std::chrono::steady_clock::now();
    shell::Script script;
    script.use(embedded::passages_sh)
        .line("PATH={}", m_here.path().string())
        .line("mrc_passages {}", shell::words(ways));
    const auto answer = connect()->run(script, {});
    std::string silent;
    for (std::size_t i = 0; i < ways.size(); i += 2) {
      silent += ways[i] + " " + ways[i + 1] + " silent\n";
    }
    EXPECT_TRUE(answer && answer->out == silent + "end\n") << (answer ? answer->out : "");
    return std::chrono::steady_clock::now() - start;
  };
  const std::string here = "127.0.0.1";
  const auto one = take({here, "1"});
  EXPECT_LT(take({here, "1", here, "2", here, "3", here, "4"}), one * 3) << "one by one it is 4";
}

}  // namespace
}  // namespace mrc::engine
