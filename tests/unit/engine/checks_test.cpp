#include <gmock/gmock.h>

#include "mrc/engine/engine.hpp"

namespace mrc::engine {
namespace {

using Level = systems::Verdict::Level;
using ::testing::HasSubstr;

systems::Check check(const std::string& id, const std::string& host) {
  systems::Check made;
  made.id = id;
  made.host = HostId(host);
  made.ask.line("ask {}", id);
  made.judge = [](const systems::Observation& seen) {
    return seen.out == "yes" ? systems::Verdict{} : systems::Verdict{Level::fail, seen.out, {}};
  };
  return made;
}

systems::Observation nobody_outside(const systems::Dial& dial) {
  return {1, {}, "unexpected question to " + dial.address};
}

TEST(RunChecks, AsksFromTheWorkstationWhatIsADial) {
  auto outside = check("V1", "a");
  outside.dial = systems::Dial{"192.0.2.1", Port(3306), "repl", {}, "SELECT 1"};
  const RunAll run_all = [](const std::map<HostId, shell::Script>& scripts) {
    EXPECT_TRUE(scripts.empty());
    return std::map<HostId, Result<transport::Answer>>{};
  };
  const auto ask = [](const systems::Dial& dial) {
    return systems::Observation{0, dial.address == "192.0.2.1" ? "yes" : "no", {}};
  };
  EXPECT_EQ(run_checks({outside}, run_all, ask)[0].verdict.level, Level::ok);
}

TEST(RunChecks, AsksEachHostOnceAndJudgesEachAnswerByItsOwnCheck) {
  int asked = 0;
  const RunAll run_all = [&](const std::map<HostId, shell::Script>& scripts) {
    std::map<HostId, Result<transport::Answer>> out;
    for (const auto& [host, script] : scripts) {
      ++asked;
      out.emplace(host,
                  host == HostId("a")
                      ? transport::Answer{0, "@mrc 0 0 3 0\nyes@mrc 2 0 2 0\nno", {}, {}}
                      : transport::Answer{0, "@mrc 1 0 3 0\nyes", {}, {}});
    }
    return out;
  };
  const auto results =
      run_checks({check("V1", "a"), check("V2", "b"), check("V3", "a")}, run_all, nobody_outside);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(results[0].verdict.level, Level::ok);
  EXPECT_EQ(results[1].verdict.level, Level::ok);
  EXPECT_EQ(results[2].verdict.level, Level::fail);
  EXPECT_EQ(results[2].verdict.detail, "no");
}

TEST(RunChecks, AsksTheLateOnesWhenTheOthersAreAnswered) {
  std::vector<std::string> asked;
  const RunAll run_all = [&](const std::map<HostId, shell::Script>& scripts) {
    std::map<HostId, Result<transport::Answer>> out;
    for (const auto& [host, script] : scripts) {
      asked.push_back(host.text());
      const auto number = host == HostId("a") ? 1 : 0;
      out.emplace(host, transport::Answer{0, fmt::format("@mrc {} 0 3 0\nyes", number), {}, {}});
    }
    return out;
  };
  auto late = check("V2", "b");
  late.late = true;
  const auto results = run_checks({late, check("V1", "a")}, run_all, nobody_outside);
  EXPECT_EQ(asked, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(results[0].check.id, "V2");
  EXPECT_EQ(results[0].verdict.level, Level::ok);
  EXPECT_EQ(results[1].verdict.level, Level::ok);
}

TEST(RunChecks, AHostThatCannotBeAskedFailsItsChecksWithTheReason) {
  const RunAll run_all = [](const std::map<HostId, shell::Script>& scripts) {
    std::map<HostId, Result<transport::Answer>> out;
    for (const auto& [host, script] : scripts) {
      out.emplace(host, fail(ErrorKind::unreachable, "connection refused"));
    }
    return out;
  };
  const auto results = run_checks({check("V1", "a")}, run_all, nobody_outside);
  EXPECT_EQ(results[0].verdict.level, Level::fail);
  EXPECT_THAT(results[0].verdict.detail, HasSubstr("connection refused"));
}

TEST(RunChecks, ACutAnswerFailsTheCheckThatItLacks) {
  const RunAll run_all = [](const std::map<HostId, shell::Script>&) {
    std::map<HostId, Result<transport::Answer>> out;
    out.emplace(HostId("a"), transport::Answer{0, "@mrc 0 0 3 0\nyes@mrc 1 0", {}, {}});
    return out;
  };
  const auto results = run_checks({check("V1", "a"), check("V2", "a")}, run_all, nobody_outside);
  EXPECT_EQ(results[1].verdict.level, Level::fail);
}

TEST(RunChecks, OneThatHangsFailsAlone) {
  const RunAll run_all = [](const std::map<HostId, shell::Script>&) {
    std::map<HostId, Result<transport::Answer>> out;
    out.emplace(HostId("a"),
                transport::Answer{0, "@mrc 0 142 0 10\nlast words@mrc 1 0 3 0\nyes", {}, {}});
    return out;
  };
  auto late = check("V1", "a");
  late.judge = [](const systems::Observation&) { return systems::Verdict{}; };
  const auto results = run_checks({late, check("V2", "a")}, run_all, nobody_outside);
  EXPECT_EQ(results[0].verdict.level, Level::fail);
  EXPECT_THAT(results[0].verdict.detail, HasSubstr("no answer in time: last word"));
  EXPECT_EQ(results[1].verdict.level, Level::ok);
}

}  // namespace
}  // namespace mrc::engine
