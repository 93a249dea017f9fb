#include "mrc/exec/journal.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>

#include "support/fake_clock.hpp"
#include "support/recording_sink.hpp"
#include "support/temp_folder.hpp"

namespace mrc::exec {
namespace {

using ::testing::ElementsAre;

plan::Step step(const std::string& id) {
  plan::Step made;
  made.id = StepId(id);
  made.host = HostId("docker1");
  made.title = "do " + id;
  return made;
}

class Journals : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> open() {
    auto journal =
        Journal::open(m_folder / "runs", {"apply", "orders", "ann@here"}, m_clock, m_sink);
    EXPECT_TRUE(journal) << (journal ? "" : journal.error().text());
    return std::move(*journal);
  }

  test::TempFolder m_folder;
  test::FakeClock m_clock;
  test::RecordingSink m_sink;
};

TEST_F(Journals, TellsIntentThenOutcome) {
  auto journal = open();
  const auto path = journal->path();
  journal->started(step("a"));
  // The intent is on the disk before the step runs.
  EXPECT_EQ(read_journal(path)->back().event, "started");
  Outcome outcome;
  outcome.state = Outcome::State::failed;
  outcome.error = {ErrorKind::exit_status, "no space", {}, 1, "tail"};
  journal->finished(step("a"), outcome);
  journal->end(4);
  EXPECT_TRUE(journal->written());
  const auto lines = read_journal(path);
  ASSERT_TRUE(lines);
  std::vector<std::string> events;
  for (const auto& line : *lines) {
    EXPECT_EQ(line.at, "2026-01-02T03:04:05Z");
    events.push_back(line.event + " " + line.step + " " + line.state + ": " + line.text);
  }
  EXPECT_THAT(
      events,
      ElementsAre("run  : apply", "started a : do a", "finished a failed: no space", "end  : "));
  EXPECT_EQ(lines->front().by, "ann@here");
  EXPECT_EQ(lines->front().deployment, "orders");
  EXPECT_EQ((*lines)[1].host, "docker1");
  EXPECT_EQ((*lines)[2].evidence, "tail");
  EXPECT_EQ(lines->back().exit, 4);
}

TEST_F(Journals, IsReadableOnlyByItsOwner) {
  const auto journal = open();
  struct stat found {};
  ASSERT_EQ(stat(journal->path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(Journals, TwoOfOneSecondAreTwoFiles) {
  const auto one = open();
  const auto two = open();
  EXPECT_NE(one->path(), two->path());
}

TEST_F(Journals, CutAnywhereItGivesTheLinesThatAreWhole) {
  auto journal = open();
  journal->started(step("a"));
  journal->finished(step("a"), {Outcome::State::done, {}, {}, {}});
  const auto whole = test::read_file(journal->path());
  const auto cut = m_folder / "cut.jsonl";
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    test::write_file(cut, whole.substr(0, size));
    const auto lines = read_journal(cut);
    ASSERT_TRUE(lines) << size;
    const auto text = std::string_view(whole).substr(0, size);
    EXPECT_EQ(lines->size(), static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')));
  }
}

TEST_F(Journals, ALineInTheMiddleThatIsNoneIsAnError) {
  const auto path = m_folder / "bad.jsonl";
  test::write_file(path, "{\"event\": \"run\"}\nrubbish\n{\"event\": \"end\"}\n");
  const auto lines = read_journal(path);
  ASSERT_FALSE(lines);
  EXPECT_EQ(lines.error().kind, ErrorKind::unreadable);
  EXPECT_THAT(lines.error().message, ::testing::HasSubstr("rubbish"));
}

TEST_F(Journals, FieldsOfAnotherTypeDoNotThrow) {
  const auto path = m_folder / "odd.jsonl";
  test::write_file(path, "{\"event\": 7, \"step\": null}\n");
  const auto lines = read_journal(path);
  ASSERT_TRUE(lines);
  EXPECT_EQ(lines->at(0), JournalLine{});
}

TEST_F(Journals, BytesThatAreNoUtf8AreStillALine) {
  auto journal = open();
  Outcome outcome;
  outcome.state = Outcome::State::failed;
  outcome.error = {ErrorKind::exit_status, "\xff\xfe bad", {}, 1, {}};
  journal->finished(step("a"), outcome);
  ASSERT_TRUE(read_journal(journal->path()));
  EXPECT_EQ(read_journal(journal->path())->size(), 2U);
}

TEST_F(Journals, AFolderThatCannotBeIsSaid) {
  test::write_file(m_folder / "file", "");
  const auto journal =
      Journal::open(m_folder / "file" / "runs", {"apply", "o", "a@b"}, m_clock, m_sink);
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().kind, ErrorKind::io);
}

TEST_F(Journals, ADiskThatIsFullIsToldAndStopsNothing) {
  auto journal = open();
  // A limit on the size of files is to write(2) what a full disk is.
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto size = std::filesystem::file_size(journal->path());
  const struct rlimit tight { size + 10, before.rlim_max };
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  journal->started(step("a"));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(journal->written());
  EXPECT_EQ(journal->written().error().kind, ErrorKind::io);
  EXPECT_THAT(m_sink.events, ElementsAre("started a"));
}

}  // namespace
}  // namespace mrc::exec
