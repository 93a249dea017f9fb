#include "mrc/exec/executor.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <set>

#include "mrc/base/bug.hpp"
#include "mrc/transport/local.hpp"
#include "support/fake_session.hpp"
#include "support/recording_sink.hpp"
#include "support/wait.hpp"

namespace mrc::exec {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using State = Outcome::State;

plan::Step step(const std::string& id,
                const std::string& host,
                std::vector<std::string> after = {}) {
  plan::Step made;
  made.id = StepId(id);
  made.host = HostId(host);
  made.title = "do " + id;
  made.apply.line("run {}", id);
  for (auto& one : after) made.after.emplace_back(std::move(one));
  return made;
}

std::string id_of(const shell::Script& script) {
  const auto& body = script.body();
  return body.substr(4, body.find('\n') - 4);
}

Result<transport::Answer> ends_with(int status, const std::string& err = {}) {
  return transport::Answer{status, {}, err, 1ms};
}

class Executors : public ::testing::Test {
 protected:
  Report run(std::vector<plan::Step> steps, ExecutorOptions options = {}) {
    m_plan = plan::Plan::make(std::move(steps));
    Fleet fleet(m_world, test::targets({"h1", "h2", "h3"}), {});
    return execute(m_plan, fleet, m_sink, m_redactor, options);
  }
  State state(const Report& report, const std::string& id) const {
    return outcome(report, id).state;
  }
  const Outcome& outcome(const Report& report, const std::string& id) const {
    for (std::size_t i = 0; i < m_plan.steps().size(); ++i) {
      if (m_plan.steps()[i].id.text() == id) return report.outcomes.at(i);
    }
    throw std::runtime_error("no step " + id);
  }

  test::FakeConnector m_world;
  test::RecordingSink m_sink;
  Redactor m_redactor;
  plan::Plan m_plan;
};

TEST_F(Executors, RunsNothingOfAnEmptyPlan) {
  const auto report = run({});
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(m_world.logins(HostId("h1")), 0);
}

TEST_F(Executors, AStepStartsAfterThoseBeforeIt) {
  const auto report = run({step("c", "h1", {"a", "b"}), step("a", "h1"), step("b", "h2", {"a"})});
  EXPECT_TRUE(report.complete());
  EXPECT_THAT(m_sink.events,
              ElementsAre("started a",
                          "finished a done",
                          "started b",
                          "finished b done",
                          "started c",
                          "finished c done"));
}

TEST_F(Executors, AFailedStepSkipsOnlyItsDependents) {
  m_world.answer = [](const auto&, const auto& script, const auto&) {
    return id_of(script) == "bad" ? ends_with(7, "first\nno space left\n") : ends_with(0);
  };
  const auto report = run({step("bad", "h1"),
                           step("child", "h2", {"bad"}),
                           step("grandchild", "h1", {"child", "good"}),
                           step("good", "h1"),
                           step("other", "h2", {"good"})});
  EXPECT_EQ(state(report, "bad"), State::failed);
  EXPECT_EQ(state(report, "good"), State::done);
  EXPECT_EQ(state(report, "other"), State::done);
  EXPECT_EQ(state(report, "child"), State::skipped);
  EXPECT_EQ(state(report, "grandchild"), State::skipped);
  EXPECT_EQ(outcome(report, "grandchild").because, StepId("bad"));
  EXPECT_EQ(outcome(report, "bad").error.kind, ErrorKind::exit_status);
  EXPECT_EQ(outcome(report, "bad").error.exit_status, 7);
  EXPECT_EQ(outcome(report, "bad").error.message, "no space left");
  EXPECT_EQ(outcome(report, "bad").error.evidence, "first\n");
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.count(State::skipped), 2U);
  for (const auto& line : m_world.ran()) EXPECT_THAT(line, Not(HasSubstr("child")));
}

TEST_F(Executors, HostsDoNotWaitForOneAnother) {
  std::atomic<int> running{0};
  std::atomic<bool> met{false};
  m_world.answer = [&](const auto&, const auto&, const auto&) {
    ++running;
    // Each waits for the other: one after the other would not get through.
    met = eventually([&] { return running == 2; });
    return ends_with(0);
  };
  EXPECT_TRUE(run({step("a", "h1"), step("b", "h2")}).complete());
  EXPECT_TRUE(met);
}

TEST_F(Executors, AHostRunsAsManyStepsAtOnceAsItHasLanes) {
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  std::atomic<bool> full{false};
  m_world.answer = [&](const auto&, const auto&, const auto&) {
    const int now = ++running;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    if (now == 2) full = true;
    eventually([&] { return full.load(); });
    --running;
    return ends_with(0);
  };
  ExecutorOptions options;
  options.lanes = 2;
  EXPECT_TRUE(run({step("a", "h1"), step("b", "h1"), step("c", "h1"), step("d", "h1")}, options)
                  .complete());
  EXPECT_EQ(most, 2);
  EXPECT_EQ(m_world.logins(HostId("h1")), 2);
}

TEST_F(Executors, ASoftStopFinishesWhatRunsAndStartsNoMore) {
  std::stop_source soft;
  m_world.answer = [&](const auto&, const auto&, const auto&) {
    soft.request_stop();
    return ends_with(0);
  };
  ExecutorOptions options;
  options.soft_stop = soft.get_token();
  options.lanes = 1;
  const auto report = run({step("a", "h1"), step("b", "h1", {"a"})}, options);
  EXPECT_EQ(state(report, "a"), State::done);
  EXPECT_EQ(state(report, "b"), State::not_started);
}

TEST_F(Executors, AHardStopReachesTheRunningScript) {
  std::stop_source hard;
  m_world.answer = [&](const auto&, const auto&, const auto& options) -> Result<transport::Answer> {
    hard.request_stop();
    if (!eventually([&] { return options.stop.stop_requested(); })) return ends_with(0);
    return fail(ErrorKind::cancelled, "interrupted");
  };
  ExecutorOptions options;
  options.hard_stop = hard.get_token();
  const auto report = run({step("a", "h1"), step("b", "h1", {"a"})}, options);
  EXPECT_EQ(outcome(report, "a").error.kind, ErrorKind::cancelled);
  EXPECT_NE(state(report, "b"), State::done);
}

TEST_F(Executors, ALostLinkIsMendedOnceForEachStep) {
  std::atomic<int> runs{0};
  m_world.answer = [&](const auto&, const auto&, const auto&) -> Result<transport::Answer> {
    if (++runs == 1) return fail(ErrorKind::unreachable, "the link went dead");
    return ends_with(0);
  };
  // Proven once, so that it is a lost link and not a host that cannot be reached.
  m_plan = plan::Plan::make({step("a", "h1")});
  Fleet fleet(m_world, test::targets({"h1"}), {});
  ASSERT_TRUE(fleet.connect().empty());
  const auto report = execute(m_plan, fleet, m_sink, m_redactor, {});
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(m_world.logins(HostId("h1")), 2);
}

TEST_F(Executors, ALinkThatIsLostAgainFailsTheStep) {
  m_world.answer = [&](const auto&, const auto&, const auto&) -> Result<transport::Answer> {
    return fail(ErrorKind::unreachable, "the link went dead");
  };
  m_plan = plan::Plan::make({step("a", "h1")});
  Fleet fleet(m_world, test::targets({"h1"}), {});
  ASSERT_TRUE(fleet.connect().empty());
  const auto report = execute(m_plan, fleet, m_sink, m_redactor, {});
  EXPECT_EQ(report.outcomes[0].error.message, "the link went dead");
  EXPECT_EQ(m_world.ran().size(), 2U);
}

TEST_F(Executors, ATimeoutTellsWhatItWaitedFor) {
  m_world.answer = [&](const auto&, const auto&, const auto& options) -> Result<transport::Answer> {
    options.on_note("waiting for a leader");
    return fail(ErrorKind::timeout, "not done within 60 s");
  };
  const auto report = run({step("a", "h1")});
  EXPECT_EQ(report.outcomes[0].error.message, "not done within 60 s, last waiting for a leader");
  EXPECT_THAT(m_sink.events, Contains("note a: waiting for a leader"));
}

TEST_F(Executors, NoSecretReachesEventsOrReport) {
  m_redactor.add(Secret("mysql.root_password", "hunter2"));
  m_world.answer = [&](const auto&, const auto&, const auto& options) {
    options.on_note("logging in with hunter2");
    return ends_with(1, "| a log with hunter2 in it\nhunter2 again\ndenied for hunter2\n");
  };
  const auto report = run({step("a", "h1")});
  for (const auto& event : m_sink.events) EXPECT_THAT(event, Not(HasSubstr("hunter2")));
  const auto& error = report.outcomes[0].error;
  EXPECT_EQ(error.message, "denied for ‹secret mysql.root_password›");
  EXPECT_EQ(error.evidence,
            "a log with ‹secret mysql.root_password› in it\n"
            "‹secret mysql.root_password› again\n");
}

TEST_F(Executors, TheReasonIsTheLastLineThatIsNoEvidence) {
  m_world.answer = [](const auto&, const auto&, const auto&) {
    return ends_with(1, "| before\nfirst\nthe reason  \n\n| a log:\n|   its line\n|\n");
  };
  const auto report = run({step("a", "h1")});
  EXPECT_EQ(report.outcomes[0].error.message, "the reason");
  EXPECT_EQ(report.outcomes[0].error.evidence, "before\nfirst\na log:\n  its line\n");
}

TEST_F(Executors, EvidenceAloneIsNoReason) {
  m_world.answer = [](const auto&, const auto&, const auto&) { return ends_with(4, "| log\n"); };
  const auto report = run({step("a", "h1")});
  EXPECT_EQ(report.outcomes[0].error.message, "exit status 4");
  EXPECT_EQ(report.outcomes[0].error.evidence, "log\n");
}

TEST_F(Executors, ABugInAWorkerIsThrownToTheCaller) {
  m_sink.on_started = [](const plan::Step&) { throw Bug("broken sink"); };
  EXPECT_THROW(run({step("a", "h1"), step("b", "h2")}), Bug);
}

TEST_F(Executors, KeepsOnlyTheTailOfLongOutput) {
  m_world.answer = [](const auto&, const auto&, const auto&) {
    std::string err;
    for (int i = 0; i < 2000; ++i) err += fmt::format("line {}\n", i);
    return ends_with(1, err);
  };
  const auto report = run({step("a", "h1")});
  const auto& evidence = report.outcomes[0].error.evidence;
  EXPECT_LE(evidence.size(), 2000U);
  EXPECT_THAT(evidence, ::testing::StartsWith("line "));
  EXPECT_THAT(evidence, ::testing::EndsWith("line 1998\n"));
  EXPECT_EQ(report.outcomes[0].error.message, "line 1999");
}

TEST_F(Executors, ManyStepsOfManyHostsAllRunOnce) {
  std::vector<plan::Step> steps;
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> after;
    if (i >= 3) after.push_back(fmt::format("s{}", i - 3));
    if (i >= 7) after.push_back(fmt::format("s{}", i - 7));
    steps.push_back(step(fmt::format("s{}", i), fmt::format("h{}", i % 3 + 1), after));
  }
  EXPECT_TRUE(run(std::move(steps)).complete());
  const auto ran = m_world.ran();
  EXPECT_EQ(ran.size(), 300U);
  EXPECT_EQ(std::set<std::string>(ran.begin(), ran.end()).size(), 300U);
}

TEST(ExecutorOnShells, RunsRealScripts) {
  transport::LocalConnector connector;
  Fleet fleet(connector, test::targets({"h1", "h2"}), {});
  auto one = step("a", "h1");
  one.apply = shell::Script().line("mrc_note hello; echo fine");
  auto two = step("b", "h2", {"a"});
  two.apply = shell::Script().line("echo reason >&2; exit 4");
  const auto plan = plan::Plan::make({one, two});
  test::RecordingSink sink;
  const auto report = execute(plan, fleet, sink, {}, {});
  EXPECT_THAT(
      sink.events,
      ElementsAre(
          "started a", "note a: hello", "finished a done", "started b", "finished b failed"));
  EXPECT_EQ(report.outcomes[1].error.message, "reason");
  EXPECT_EQ(report.outcomes[1].error.exit_status, 4);
}

}  // namespace
}  // namespace mrc::exec
