#include "cli/failures.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/run_record.hpp"

namespace mrc::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using State = exec::Outcome::State;

topology::Topology three_hosts() {
  topology::Topology topology;
  for (int i = 1; i <= 3; ++i) {
    topology::Host host;
    host.id = HostId(fmt::format("h{}", i));
    host.address = fmt::format("10.0.0.{}", i);
    host.ip = *Ipv4::parse(host.address);
    topology.hosts.push_back(host);
    topology::Server server;
    server.id = ServerId(fmt::format("db{}", i));
    server.host = host.id;
    server.address = *Ipv4::parse(fmt::format("10.77.0.{}", i));
    topology.mysql.servers.push_back(server);
  }
  return topology;
}

const Names k_names{three_hosts()};

Trouble trouble(const std::string& host, const std::string& cause) {
  return {HostId(host), cause, {}, {}};
}

plan::Step step(const std::string& id,
                const std::string& host,
                const std::vector<std::string>& after = {}) {
  plan::Step out;
  out.id = StepId(id);
  out.host = HostId(host);
  out.title = "do " + id;
  for (const auto& one : after) out.after.emplace_back(one);
  return out;
}

/// A run of steps and how it ended, put together by hand.
struct Told {
  explicit Told(std::vector<plan::Step> steps) : plan(plan::Plan::make(std::move(steps))) {
    report.outcomes.resize(plan.steps().size());
    for (auto& one : report.outcomes) one.state = State::done;
  }
  exec::Outcome& of(const std::string& id) {
    for (std::size_t i = 0; i < plan.steps().size(); ++i) {
      if (plan.steps()[i].id == StepId(id)) return report.outcomes[i];
    }
    throw std::out_of_range(id);
  }
  Told& failed(const std::string& id,
               const std::string& message,
               const std::string& evidence = "",
               ErrorKind kind = ErrorKind::exit_status) {
    of(id).state = State::failed;
    of(id).error = {kind, message, {}, 1, evidence};
    return *this;
  }
  Told& skipped(const std::vector<std::string>& ids, State state = State::skipped) {
    for (const auto& id : ids) of(id).state = state;
    return *this;
  }
  Aftermath aftermath() const {
    return aftermath_of(plan, report, k_names, [](const plan::Step& one) {
      return one.id.text().starts_with("mysql/") ? "docker logs " + one.host.text() : "";
    });
  }
  std::string text() const {
    return render_aftermath(aftermath(), k_names, {"mrc apply x.yaml", "mrc show R"});
  }
  plan::Plan plan;
  exec::Report report;
};

TEST(Failures, CausesThatDifferOnlyInTheOwnNamesAreOne) {
  const auto failures = by_cause({trouble("h1", "the server of db1 at 10.77.0.1 ended"),
                                  trouble("h2", "no room on h2"),
                                  trouble("h2", "the server of db2 at 10.77.0.2 ended"),
                                  trouble("h3", "no room on h3")},
                                 k_names);
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].cause, "the server of <server> at <server> ended");
  EXPECT_EQ(failures[1].cause, "no room on <host>");
  EXPECT_EQ(failures[1].troubles.size(), 2U);
}

TEST(Failures, ACauseThatIsAboutAnotherHostIsAnotherCause) {
  EXPECT_EQ(by_cause({trouble("h1", "peer 10.0.0.3"), trouble("h2", "peer 10.0.0.3")}, k_names)
                .front()
                .cause,
            "peer 10.0.0.3");
  EXPECT_EQ(
      by_cause({trouble("h1", "peer 10.0.0.2"), trouble("h2", "peer 10.0.0.3")}, k_names).size(),
      2U);
}

TEST(Failures, OnlyWholeWordsAreNames) {
  EXPECT_EQ(k_names.without(HostId("h1"), "h1.local h10 old-h1 10.0.0.1:80 10.0.0.11 /db1/"),
            "<host>.local h10 old-h1 <host>:80 10.0.0.11 /<server>/");
  EXPECT_EQ(k_names.without(HostId("gone"), "gone h1"), "<host> h1");
}

TEST(Failures, ALoneCauseKeepsItsNames) {
  const auto text = render_failures(by_cause({trouble("h2", "db2 ended")}, k_names), k_names);
  EXPECT_EQ(text, "FAILED on h2: db2 ended\n");
}

TEST(Failures, WhatNeededAFailureCountsForTheFirstOfThem) {
  auto told = Told({step("a", "h1"),
                    step("b", "h2"),
                    step("after-a", "h1", {"a"}),
                    step("after-both", "h1", {"after-a", "b"}),
                    step("free", "h3")})
                  .failed("a", "one")
                  .failed("b", "two")
                  .skipped({"after-a", "after-both"});
  told.of("after-both").because = StepId("b");  // as it came in that run
  const auto aftermath = told.aftermath();
  ASSERT_EQ(aftermath.failures.size(), 2U);
  EXPECT_THAT(aftermath.failures[0].not_reached,
              ElementsAre(StepId("after-a"), StepId("after-both")));
  EXPECT_THAT(aftermath.failures[1].not_reached, ElementsAre());
  EXPECT_THAT(told.text(),
              HasSubstr("\n1 of 5 steps done, which stay; 2 failed, 2 not reached.\n"));
}

TEST(Failures, AStoppedRunTellsWhatItDidNotBegin) {
  const auto text = Told({step("a", "h1"), step("b", "h1", {"a"}), step("c", "h2")})
                        .failed("a", "interrupted", "", ErrorKind::cancelled)
                        .skipped({"b"})
                        .skipped({"c"}, State::not_started)
                        .text();
  EXPECT_THAT(text, HasSubstr("1 step not reached for it: b\n"));
  EXPECT_THAT(text, HasSubstr("not begun, as the run was stopped: c\n"));
  EXPECT_THAT(text, HasSubstr("note: the step was broken off"));
}

TEST(Failures, AWholeReport) {
  std::vector<plan::Step> steps;
  for (int i = 1; i <= 2; ++i) {
    steps.push_back(step(fmt::format("mysql/db{}/container", i), fmt::format("h{}", i)));
  }
  for (int i = 0; i < 7; ++i) {
    steps.push_back(step(fmt::format("later-{}", i), "h3", {"mysql/db1/container"}));
  }
  const auto text =
      Told(std::move(steps))
          .failed("mysql/db1/container", "db1 ended", "12:00:01 [ERROR] disk full\n12:00:02 bye\n")
          .failed("mysql/db2/container", "db2 ended", "12:00:07 [ERROR] disk full\n12:00:09 bye\n")
          .skipped({"later-0", "later-1", "later-2", "later-3", "later-4", "later-5", "later-6"})
          .text();
  EXPECT_EQ(text,
            "FAILED on h1, h2: <server> ended\n"
            "    h1: do mysql/db1/container (mysql/db1/container)\n"
            "    h2: do mysql/db2/container (mysql/db2/container)\n"
            "      | 12:00:01 [ERROR] disk full\n"
            "      | 12:00:02 bye\n"
            "    7 steps not reached for it: later-0, later-1, later-2, later-3, later-4 and 2 "
            "more\n"
            "\n"
            "0 of 9 steps done, which stay; 2 failed, 7 not reached.\n"
            "Go on with:    mrc apply x.yaml\n"
            "Step by step:  mrc show R\n");
}

TEST(Failures, DifferentEvidenceIsToldForEachHost) {
  auto one = trouble("h1", "it failed");
  one.evidence = "no room";
  auto other = trouble("h2", "it failed");
  other.evidence = "no memory";
  EXPECT_EQ(render_failures(by_cause({one, other}, k_names), k_names),
            "FAILED on h1, h2: it failed\n"
            "    h1:\n      | no room\n"
            "    h2:\n      | no memory\n");
}

TEST(Failures, LongEvidenceIsCutAtItsBeginning) {
  auto one = trouble("h1", "it failed");
  for (int i = 0; i < 40; ++i) one.evidence += fmt::format("line {}\n\n", i);
  const auto text = render_failures(by_cause({one}, k_names), k_names);
  EXPECT_THAT(text, HasSubstr("      | (25 lines before)\n      | line 25\n"));
  EXPECT_THAT(text, HasSubstr("      | line 39\n"));
  EXPECT_THAT(text, Not(HasSubstr("line 24\n")));
}

TEST(Failures, WhatTheScriptSaysToDoIsNoEvidence) {
  const auto text = Told({step("a", "h1")}).failed("a", "no", "mend: make room\nfull\n").text();
  EXPECT_THAT(text, HasSubstr("      | full\n    mend: make room\n"));
}

TEST(Failures, AStepThatCouldNotTellSaysSoAndWhereToLook) {
  for (const auto kind : {ErrorKind::unreachable, ErrorKind::timeout}) {
    const auto text =
        Told({step("mysql/db1/start", "h1")}).failed("mysql/db1/start", "gone", "", kind).text();
    EXPECT_THAT(text, HasSubstr("    note: the "));
    EXPECT_THAT(text, HasSubstr("the next run finds out"));
    EXPECT_THAT(text, HasSubstr("    look: on h1: docker logs h1\n"));
  }
  const auto text =
      Told({step("mysql/db1/start", "h1")}).failed("mysql/db1/start", "no", "x").text();
  EXPECT_THAT(text, Not(HasSubstr("look:")));
  EXPECT_THAT(text, Not(HasSubstr("note:")));
}

TEST(Failures, TheRecordOfARunHasThemToo) {
  auto told = Told({step("a", "h1"), step("b", "h2"), step("after", "h1", {"a"})})
                  .failed("a", "no room on h1", "mend: make room\n")
                  .failed("b", "no room on h2", "df: 100%\n")
                  .skipped({"after"});
  const Performance performed{told.report, told.aftermath(), {"mrc apply x", "mrc show R"}};
  const RunRecord record{.command = "apply",
                         .deployment = "d",
                         .plan = &told.plan,
                         .performed = &performed,
                         .exit_code = ExitCode::incomplete};
  const auto json = nlohmann::json::parse(render_json(record));
  ASSERT_EQ(json["failures"].size(), 1U);
  EXPECT_EQ(json["failures"][0]["cause"], "no room on <host>");
  EXPECT_EQ(json["failures"][0]["not_reached"], nlohmann::json({"after"}));
  EXPECT_EQ(json["failures"][0]["steps"][0]["error"], "no room on h1");
  EXPECT_EQ(json["failures"][0]["steps"][0]["mend"], "make room");
  EXPECT_TRUE(json["failures"][0]["steps"][0]["evidence"].is_null());
  EXPECT_EQ(json["failures"][0]["steps"][1]["evidence"], "df: 100%\n");
  EXPECT_EQ(json["next"]["again"], "mrc apply x");
  EXPECT_EQ(json["not_begun"], nlohmann::json::array());
}

}  // namespace
}  // namespace mrc::cli
