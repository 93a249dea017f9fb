#include <gmock/gmock.h>
#include <sys/stat.h>

#include "support/wait.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::shell {
namespace {

using ::testing::HasSubstr;

class Prelude : public test::EachShell {
 protected:
  transport::Answer run(const Script& script, const transport::RunOptions& options = {}) const {
    const auto session = connect();
    auto answer = session->run(script, options);
    if (!answer) throw std::runtime_error(answer.error().text());
    return *answer;
  }
  std::string here(const std::string& name) const { return (m_here / name).string(); }
  static unsigned mode_of(const std::string& path) {
    struct stat seen {};
    return stat(path.c_str(), &seen) == 0 ? seen.st_mode & 07777U : 0;
  }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         Prelude,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(Prelude, AFailedCommandEndsTheScriptAndSoDoesAnUnknownVariable) {
  EXPECT_EQ(run(Script().line("echo a").line("false").line("echo b")).out, "a\n");
  EXPECT_NE(run(Script().line("echo \"$no_such_variable\"")).status, 0);
}

TEST_P(Prelude, DieSaysWhy) {
  const auto answer = run(Script().line("mrc_die the reason").line("echo never"));
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(answer.err, "the reason\n");
  EXPECT_EQ(answer.out, "");
}

TEST_P(Prelude, TheFirstLineIsTheReasonAndTheOthersAreEvidence) {
  EXPECT_EQ(run(Script().line("mrc_die {}", "the reason\nmore\nyet more")).err,
            "the reason\n| more\n| yet more\n");
}

TEST_P(Prelude, EvidenceIsMarkedAndBoundedAndFailsNothing) {
  EXPECT_EQ(run(Script().line("f() { echo a; echo a; echo b >&2; return 3; }; mrc_evidence {} f",
                              "f's words"))
                .err,
            "| f's words:\n| a\n| b\n");
  const auto answer = run(Script()
                              .line("f() { i=0; while [ $i -lt 30 ]; do echo $((i=i+1)); done; }")
                              .line("mrc_evidence 'it' f; mrc_evidence 'it' no-such-command; "
                                    "mrc_mend this; mrc_die why"));
  EXPECT_EQ(answer.status, 1);
  EXPECT_TRUE(answer.err.starts_with("| it:\n| 21\n| 22\n")) << answer.err;
  EXPECT_TRUE(answer.err.ends_with("\n| mend: this\nwhy\n")) << answer.err;
}

TEST_P(Prelude, AFileIsPutWholeWithItsMode) {
  const std::string bytes("a\0b\n\n", 5);
  const auto answer = run(Script().file(here("f"), Mode{0640}, bytes));
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(test::read_file(here("f")), bytes);
  EXPECT_EQ(mode_of(here("f")), 0640U);
}

TEST_P(Prelude, AFileThatCannotBePutIsAsItWas) {
  test::write_file(here("f"), "old");
  const auto answer = run(Script().line("mrc_put {} {} 0644", here("missing"), here("f")));
  EXPECT_NE(answer.status, 0);
  EXPECT_EQ(test::read_file(here("f")), "old");
}

TEST_P(Prelude, APutThatIsEndedHalfWayLeavesNothing) {
  transport::RunOptions options;
  options.timeout = std::chrono::milliseconds(500);
  auto session = connect();
  const auto answer = session->run(Script()
                                       .line("mkfifo {}", here("source"))
                                       .line("mrc_put {} {} 0644", here("source"), here("f")),
                                   options);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::timeout);
  EXPECT_TRUE(std::filesystem::exists(here("f.mrc-new")));
  session.reset();
  EXPECT_TRUE(test::eventually([&] { return !std::filesystem::exists(here("f.mrc-new")); }));
  EXPECT_FALSE(std::filesystem::exists(here("f")));
}

TEST_P(Prelude, WaitEndsWhenTheConditionHolds) {
  std::vector<std::string> notes;
  transport::RunOptions options;
  options.on_note = [&](std::string_view text) { notes.emplace_back(text); };
  const auto answer =
      run(Script()
              .line("try() { n=$(cat {}); echo $((n + 1)) >{}; [ \"$n\" -ge 2 ] || ",
                    here("n"),
                    here("n"))
              .line("{ echo 'not yet'; return 1; }; }")
              .line("echo 0 >{}; mrc_wait 20 'the thing' try; cat {}", here("n"), here("n")),
          options);
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out, "3\n");
  EXPECT_EQ(notes, std::vector<std::string>{"waiting for the thing: not yet"}) << "told once";
}

TEST_P(Prelude, WaitThatIsInVainSaysWhatItWaitedForAndWhy) {
  const auto answer =
      run(Script().line("no() { echo 'no quorum'; return 1; }; mrc_wait 0 health no"));
  EXPECT_EQ(answer.status, 124);
  EXPECT_EQ(answer.err, "gave up waiting for health: no quorum\n");
  const auto longer =
      run(Script().line("no() { echo a; echo b; return 1; }; mrc_wait 0 health no"));
  EXPECT_EQ(longer.err, "| a\ngave up waiting for health: b\n");
}

/// The record lies in /var/lib/mrc, where each test uses a deployment of its own.
class Record : public Prelude {
 protected:
  std::string name = unit("record");
  std::string path = "/var/lib/mrc/" + name + ".json";
};
INSTANTIATE_TEST_SUITE_P(Shells, Record, ::testing::ValuesIn(test::all_shells()), test::shell_name);

TEST_P(Record, HoldsEntriesAndGoesWithTheLast) {
  const auto made = run(Script()
                            .line("mrc_record {} b '{\"x\": 1}'", name)
                            .line("mrc_record {} a '\"one\"'", name)
                            .line("mrc_record {} a '\"two, three\"'", name)
                            .line("mrc_recorded {} a; mrc_recorded {} c || echo no c", name, name));
  EXPECT_EQ(made.status, 0) << made.err;
  EXPECT_EQ(made.out, "no c\n");
  EXPECT_EQ(test::read_file(path),
            "{\"mrc\": 1, \"name\": \"" + name +
                "\", \"made\": {\n  \"a\": \"two, three\",\n  \"b\": {\"x\": 1}\n}}\n");
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(run(Script().line("mrc_forget {} a; mrc_forget {} never", name, name)).status, 0);
  EXPECT_THAT(test::read_file(path), HasSubstr("{\n  \"b\": {\"x\": 1}\n}}"));
  EXPECT_EQ(run(Script().line("mrc_forget {} b", name)).status, 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_P(Record, ManyWritersLoseNothing) {
  Script script;
  script.line("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do")
      .line("(MRC_D=$MRC_D/$i; mkdir \"$MRC_D\"; mrc_record {} \"k$i\" \"$i\") &", name)
      .line("done; wait");
  EXPECT_EQ(run(script).status, 0);
  const auto text = test::read_file(path);
  for (int i = 1; i <= 12; ++i) {
    EXPECT_THAT(text, HasSubstr(fmt::format("\"k{}\": {}", i, i)));
  }
  script = Script();
  script.line("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do mrc_forget {} \"k$i\"; done", name);
  EXPECT_EQ(run(script).status, 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace mrc::shell
