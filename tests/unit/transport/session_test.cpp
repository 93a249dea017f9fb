#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "support/wait.hpp"
#include "transport/shells.hpp"

namespace mrc::transport {
namespace {

using namespace std::chrono_literals;
using shell::Script;
using test::EachShell;
using test::eventually;
using test::read_file;
using ::testing::HasSubstr;

class Sessions : public EachShell {};
INSTANTIATE_TEST_SUITE_P(Shells,
                         Sessions,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

Answer must(Result<Answer> answer) {
  EXPECT_TRUE(answer) << (answer ? "" : answer.error().text() + answer.error().evidence);
  return answer ? *answer : Answer{-1, {}, {}, {}};
}

TEST_P(Sessions, GivesStatusAndBothOutputsApart) {
  const auto session = connect();
  const auto answer = must(session->run(Script().line("echo out; echo err >&2; exit 3"), {}));
  EXPECT_EQ(answer.status, 3);
  EXPECT_EQ(answer.out, "out\n");
  EXPECT_EQ(answer.err, "err\n");
}

TEST_P(Sessions, AnswersManyScriptsOneAfterTheOther) {
  const auto session = connect();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(must(session->run(Script().line("echo {}", i), {})).out, std::to_string(i) + "\n");
  }
}

TEST_P(Sessions, SaysNothingOfItsOwnOnStderr) {
  const auto session = connect();
  EXPECT_EQ(must(session->run(Script().line("true"), {})).err, "");
  EXPECT_EQ(must(session->run(Script().line("kill -TERM $$"), {})).status, 128 + 15);
}

TEST_P(Sessions, CarriesEveryByteBothWays) {
  std::string bytes;
  for (int i = 0; i < 256 * 3; ++i) bytes += static_cast<char>(i % 256);
  bytes += "A 0 0 0 0\nN note\nMRC\n";
  const auto session = connect();
  Script script;
  const auto file = script.attach(bytes);
  script.line("cat {}; cat {} >&2", file, file);
  const auto answer = must(session->run(script, {}));
  EXPECT_EQ(answer.out, bytes);
  EXPECT_EQ(answer.err, bytes);
}

TEST_P(Sessions, CarriesTenMegabytes) {
  const auto session = connect();
  const auto answer = must(session->run(
      Script().line("dd if=/dev/zero bs=1048576 count=10 2>/dev/null | tr '\\0' x"), {}));
  EXPECT_EQ(answer.out.size(), 10U * 1048576U);
  EXPECT_EQ(answer.out.find_first_not_of('x'), std::string::npos);
  EXPECT_EQ(must(session->run(Script().line("echo next"), {})).out, "next\n");
}

TEST_P(Sessions, CarriesABigAttachmentOfAnOddSizeAndLeavesNothing) {
  std::string bytes(5 * 1048576 + 4321, '\0');
  std::uint32_t state = 1;
  for (auto& c : bytes) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24);
  }
  const auto session = connect();
  Script script;
  const auto file = script.attach(bytes);
  script.line("cat {}; readlink -f {} >&2", file, file);
  const auto answer = must(session->run(script, {}));
  EXPECT_TRUE(answer.out == bytes);
  // What is big does not go into memory, and goes away all the same.
  EXPECT_THAT(answer.err, HasSubstr("/var/tmp/mrc."));
  const auto path = answer.err.substr(0, answer.err.find('\n'));
  must(session->run(Script().line("true"), {}));
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(path).parent_path()));
}

TEST_P(Sessions, AScriptThatReadsStdinFindsItEmpty) {
  const auto session = connect();
  const auto answer = must(session->run(Script().line("wc -c; cat; sh -c 'cat; echo $?'"), {}));
  EXPECT_THAT(answer.out, HasSubstr("0\n"));
  EXPECT_EQ(must(session->run(Script().line("echo next"), {})).out, "next\n");
}

TEST_P(Sessions, NotesArriveWhileTheScriptRuns) {
  const auto session = connect();
  const auto gate = m_here / "gate";
  std::vector<std::string> notes;
  RunOptions options;
  options.timeout = 20s;
  // The script ends only after its note has been heard.
  options.on_note = [&](std::string_view text) {
    notes.emplace_back(text);
    test::write_file(gate, "");
  };
  const auto answer =
      must(session->run(Script()
                            .line("mrc_note 'waiting for A 0 0 0 0'")
                            .line("until [ -e {} ]; do sleep 0.01; done; echo done", gate.string()),
                        options));
  EXPECT_EQ(answer.out, "done\n");
  EXPECT_EQ(notes, std::vector<std::string>{"waiting for A 0 0 0 0"});
}

TEST_P(Sessions, ANoteOfSeveralLinesIsOneNote) {
  const auto session = connect();
  std::vector<std::string> notes;
  RunOptions options;
  options.on_note = [&](std::string_view text) { notes.emplace_back(text); };
  const auto answer =
      must(session->run(Script().line("mrc_note \"one\nA 0 0 0 0\ntwo\"; echo out"), options));
  EXPECT_EQ(answer.out, "out\n");
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_THAT(notes[0], HasSubstr("two"));
}

TEST_P(Sessions, SecretsArePrivateFilesForTheRunOnly) {
  const std::string value = "it's \"q\" $HOME \\; rm -rf / \n\x01\xff end";
  const Secret secret("mysql.root_password", value);
  const auto session = connect();
  Script script;
  const auto file = script.secret_file(secret);
  script.line(
      "cat {}; stat -c '%a' {} >&2; stat -c '%a' \"$MRC_D\" >&2; echo {} >&2", file, file, file);
  const auto answer = must(session->run(script, {}));
  EXPECT_EQ(answer.out, value);
  const auto end = answer.err.find('\n', 8);
  EXPECT_EQ(answer.err.substr(0, 8), "600\n700\n");
  const auto path = answer.err.substr(8, end - 8);
  EXPECT_THAT(path, HasSubstr("/mrc."));
  EXPECT_EQ(must(session->run(Script().line("if [ -e {} ]; then echo there; fi", path), {})).out,
            "");
}

TEST_P(Sessions, NoSecretIsInWhatIsRunOrInItsEnvironment) {
  const Secret secret("p", "sentinel-5309");
  const auto session = connect();
  Script script;
  const auto file = script.secret_file(secret);
  script.line("test -s {}; tr '\\0' '\\n' </proc/self/environ; cat \"$MRC_D/script\"", file);
  script.line("tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/cmdline");
  EXPECT_THAT(must(session->run(script, {})).out, Not(HasSubstr("sentinel-5309")));
}

TEST_P(Sessions, EqualAttachmentsTravelOnce) {
  Script script;
  const auto one = script.attach("same");
  const auto two = script.attach("same");
  EXPECT_EQ(one, two);
  EXPECT_EQ(script.attachments().size(), 1U);
  const auto session = connect();
  script.line("ls \"$MRC_D\" | wc -l; cat {} {}", one, two);
  const auto out = must(session->run(script, {})).out;
  EXPECT_THAT(out, HasSubstr("2\n"));  // the file and the script itself
  EXPECT_THAT(out, HasSubstr("samesame"));
}

TEST_P(Sessions, TheSessionsOwnFolderGoesWithIt) {
  auto session = connect();
  const auto folder = must(session->run(Script().line("dirname \"$MRC_D\""), {})).out;
  const auto path = folder.substr(0, folder.find('\n'));
  ASSERT_TRUE(std::filesystem::exists(path));
  session.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_P(Sessions, ATimeoutEndsTheScriptToo) {
  auto session = connect();
  RunOptions options;
  options.timeout = 300ms;
  const auto pid_file = m_here / "pid";
  const auto answer = session->run(
      Script().line("trap '' HUP; echo $$ >{}; sleep 100 & wait", pid_file.string()), options);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timeout);
  EXPECT_EQ(answer.error().message, "not done within 0.3 s");
  session.reset();
  auto pid = read_file(pid_file);
  pid.erase(pid.find('\n'));
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists("/proc/" + pid); }, 5s));
}

TEST_P(Sessions, AStopEndsTheWaitAtOnce) {
  auto session = connect();
  std::stop_source source;
  RunOptions options;
  options.timeout = 60s;
  options.stop = source.get_token();
  options.on_note = [&](std::string_view) { source.request_stop(); };
  const auto start = std::chrono::steady_clock::now();
  const auto answer = session->run(Script().line("mrc_note running; sleep 100"), options);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::cancelled);
  session.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

TEST_P(Sessions, MeasuresTheTimeOnTheHost) {
  const auto session = connect();
  const auto answer = must(session->run(Script().line("sleep 0.3"), {}));
  EXPECT_GE(answer.remote, 250ms);
  EXPECT_LT(answer.remote, 5s);
}

TEST_P(Sessions, AFailingCommandEndsTheScript) {
  const auto session = connect();
  const auto answer = must(session->run(Script().line("false").line("echo not reached"), {}));
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(answer.out, "");
}

TEST_P(Sessions, NoiseBeforeTheGreetingIsNoAnswer) {
  auto noisy = words();
  noisy.insert(noisy.begin(),
               {"sh",
                "-c",
                "printf 'Welcome\\nA 0 5 0 0\\nhello\\nmrc-0000 ready\\nno newline'; sleep 0.3; "
                "echo more >&2; exec \"$@\"",
                "sh"});
  LocalConnector connector(noisy);
  for (const bool wait : {true, false}) {
    auto session = wait ? connector.connect({}, {}) : connector.begin({}, {});
    ASSERT_TRUE(session) << session.error().text();
    EXPECT_EQ(must((*session)->run(Script().line("echo mine"), {})).out, "mine\n");
  }
}

TEST_P(Sessions, ALoginThatEndsInsteadQuotesWhatItSaid) {
  LocalConnector connector(
      {"sh", "-c", "echo This account is currently not available.; exit 1", "sh"});
  const auto session = connector.connect({}, {});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::unreachable);
  EXPECT_THAT(session.error().evidence, HasSubstr("not available"));
}

TEST_P(Sessions, BegunAndLockedInOneRoundTrip) {
  LocalConnector connector(words());
  auto session = connector.begin({}, {});
  ASSERT_TRUE(session);
  int connected = 0;
  RunOptions options;
  options.lock = LockRequest{unit("begun"), "me\n1\n"};
  options.on_connected = [&] { ++connected; };
  EXPECT_EQ(must((*session)->run(Script().line("echo hi"), options)).out, "hi\n");
  options.lock.reset();
  EXPECT_EQ(must((*session)->run(Script().line("echo ho"), options)).out, "ho\n");
  EXPECT_EQ(connected, 1);
}

TEST_P(Sessions, LoopIsOneLineThatEveryLoginShellPassesOn) {
  const auto session = connect();
  const auto out = must(session->run(Script().line("tr '\\0' '\\n' </proc/$PPID/cmdline"), {})).out;
  const auto start = out.find("umask 077");
  ASSERT_NE(start, std::string::npos) << out;
  const auto loop = out.substr(start, out.find('\n', start) - start);
  EXPECT_THAT(loop, ::testing::EndsWith("done"));
  EXPECT_EQ(loop.find('\''), std::string::npos);
  EXPECT_EQ(loop.find("\\\\"), std::string::npos);  // means one in fish
  for (auto at = loop.find('!'); at != std::string::npos; at = loop.find('!', at + 1)) {
    EXPECT_EQ(loop[at + 1], ' ') << "csh takes it for an event of its history";
  }
}

}  // namespace
}  // namespace mrc::transport
