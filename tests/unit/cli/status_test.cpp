#include <gmock/gmock.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "cli/conditions.hpp"
#include "unit/cli/world.hpp"

namespace mrc::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Level = systems::Verdict::Level;

const std::string k_article = MRC_TESTS_DIR "/../examples/blog-2016.yaml";

Standing standing() {
  return {"shop",
          std::chrono::system_clock::from_time_t(1'000'000'000),
          {{"hosts", HostId("docker1"), "", Level::ok, "here"},
           {"servers", HostId("docker10"), "mysql-slave1", Level::fail, "stopped"},
           {"hosts", HostId("docker1"), "docker", Level::warn, "old\nand grey"}}};
}

TEST(StatusText, IsATableForEachGroup) {
  EXPECT_EQ(render_text(standing()),
            "shop at 2001-09-09 01:46:40 UTC\n"
            "hosts\n"
            "  ok    docker1                 here\n"
            "  warn  docker1   docker        old\n"
            "servers\n"
            "  FAIL  docker10  mysql-slave1  stopped\n"
            "status: 1 ok, 1 to look at, 1 failed\n");
}

TEST(StatusRecord, HasEveryRow) {
  const auto record = json::parse(render_json(standing()));
  EXPECT_EQ(record["schema"], "mrc/status/1");
  EXPECT_EQ(record["deployment"], "shop");
  EXPECT_EQ(record["at"], "2001-09-09T01:46:40Z");
  EXPECT_EQ(record["ok"], false);
  ASSERT_EQ(record["conditions"].size(), 3U);
  EXPECT_TRUE(record["conditions"][0]["subject"].is_null());
  EXPECT_EQ(record["conditions"][1],
            (json{{"group", "servers"},
                  {"host", "docker10"},
                  {"subject", "mysql-slave1"},
                  {"level", "fail"},
                  {"text", "stopped"}}));
}

class Status : public ::testing::Test {
 protected:
  std::string out() const { return world.out.str(); }
  test::CliWorld world;
};

TEST_F(Status, AHostThatIsAwayIsARowAndTheOthersAreShown) {
  world.hosts.let_in = [](const HostId& host, int) -> Result<void> {
    if (host == HostId("docker1")) return {};
    return fail(ErrorKind::unreachable, "there is no route to the host");
  };
  EXPECT_EQ(world.run({"status", k_article}), ExitCode::unreachable);
  EXPECT_THAT(out(), HasSubstr("FAIL  docker2                there is no route to the host"));
  EXPECT_THAT(out(), HasSubstr("FAIL  docker1                the probe's answer does not parse"));
  EXPECT_THAT(out(), HasSubstr("warn  docker3  mysql-slave2  not known"));
  EXPECT_THAT(out(), Not(HasSubstr("\033")));
}

TEST_F(Status, ReadsEachHostOnceAndTakesNoLock) {
  world.hosts.hold(HostId("docker1"), "ann@there since 10:00:00 UTC, mrc apply, pid 7\n");
  EXPECT_EQ(world.run({"status", k_article, "--json"}), ExitCode::verify_failed);
  EXPECT_EQ(world.hosts.ran().size(), 3U);
  const auto record = json::parse(out());
  EXPECT_EQ(record["ok"], false);
  EXPECT_THAT(out(), Not(HasSubstr("-Pass")));
}

TEST_F(Status, WatchShowsItAgainUntilItIsInterrupted) {
  std::atomic<int> asked = 0;
  world.hosts.answer = [&](const auto&, const auto&, const auto&) {
    if (++asked == 6) kill(getpid(), SIGTERM);  // all three hosts were asked twice
    return Result<transport::Answer>(transport::Answer{});
  };
  EXPECT_EQ(world.run({"status", k_article, "--watch=1"}), ExitCode::verify_failed);
  EXPECT_EQ(asked, 6);
  EXPECT_EQ(world.hosts.logins(HostId("docker1")), 1);
  EXPECT_THAT(out(), AllOf(StartsWith("blog-2016 at "), Not(HasSubstr("\033"))));
  const auto first = out().find("blog-2016 at ");
  EXPECT_NE(out().find("blog-2016 at ", first + 1), std::string::npos);
}

TEST_F(Status, OnATerminalTheScreenIsDrawnOver) {
  world.out_is_terminal = true;
  world.hosts.answer = [&](const auto&, const auto&, const auto&) {
    kill(getpid(), SIGTERM);
    return Result<transport::Answer>(transport::Answer{});
  };
  world.run({"status", "--watch", k_article});
  EXPECT_THAT(out(),
              AllOf(StartsWith("\033[2J\033[Hblog-2016 at"), HasSubstr("every 2 s; Ctrl-C")));
}

TEST_F(Status, AnIntervalMustBeASecondAtLeast) {
  for (const auto* odd : {"--watch=0", "--watch=-1", "--watch=x", "--watch=0.5"}) {
    EXPECT_EQ(world.run({"status", k_article, odd}), ExitCode::usage) << odd;
  }
  EXPECT_EQ(world.run({"status", k_article, "--watch", "--json"}), ExitCode::usage);
  EXPECT_EQ(world.hosts.logins(HostId("docker1")), 0);
}

}  // namespace
}  // namespace mrc::cli
