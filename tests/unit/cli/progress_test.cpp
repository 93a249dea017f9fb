#include "cli/progress.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "support/fake_clock.hpp"

namespace mrc::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using State = exec::Outcome::State;

plan::Step step(const std::string& host, const std::string& title) {
  plan::Step made;
  made.id = StepId(host + "/" + title);
  made.host = HostId(host);
  made.title = title;
  return made;
}

std::string shown(bool terminal) {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;
  const test::FakeClock clock;
  Env env{.out = out,
          .err = err,
          .in = in,
          .in_is_terminal = terminal,
          .err_is_terminal = terminal,
          .color = false,
          .variable = {},
          .make_connector = {},
          .run_in_foreground = {},
          .clock = clock};
  Progress progress(env, 7);
  const auto one = step("docker1", "start etcd");
  const auto two = step("h2", "run the container");
  const auto three = step("h2", "replicate");
  progress.started(one);
  progress.note(one, "waiting for quorum");
  progress.finished(one, {State::done, {}, {}, std::chrono::milliseconds(1250)});
  progress.started(two);
  progress.finished(two, {State::failed, {}, {}, std::chrono::milliseconds(9)});
  progress.finished(three, {State::skipped, {}, two.id, {}});
  EXPECT_EQ(out.str(), "");
  return err.str();
}

TEST(Progress, IsOneLineAStepWithHostTitleAndDuration) {
  EXPECT_EQ(shown(false),
            "...  docker1  start etcd: waiting for quorum\n"
            "ok   docker1  start etcd  1.2 s\n"
            "FAIL h2       run the container  9 ms\n"
            "skip h2       replicate  (needs h2/run the container)\n");
}

TEST(Progress, IsLiveOnATerminalOnly) {
  EXPECT_THAT(shown(false), Not(HasSubstr("\033")));
  EXPECT_THAT(shown(true), HasSubstr("\rdocker1 start etcd: waiting for quorum\033[K"));
}

TEST(Progress, DurationsAreForHumans) {
  EXPECT_EQ(render_duration(std::chrono::milliseconds(0)), "0 ms");
  EXPECT_EQ(render_duration(std::chrono::milliseconds(999)), "999 ms");
  EXPECT_EQ(render_duration(std::chrono::milliseconds(12'340)), "12.3 s");
  EXPECT_EQ(render_duration(std::chrono::seconds(125)), "2 min 5 s");
}

}  // namespace
}  // namespace mrc::cli
