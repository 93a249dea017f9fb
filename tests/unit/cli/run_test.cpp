#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "unit/cli/world.hpp"

namespace mrc::cli {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string k_article = MRC_TESTS_DIR "/../examples/blog-2016.yaml";

class Run : public ::testing::Test {
 protected:
  std::string out() const { return world.out.str(); }
  std::string err() const { return world.err.str(); }
  test::CliWorld world;
};

TEST_F(Run, HelpIsNoFaultAndANonsenseWordIs) {
  EXPECT_EQ(world.run({"--help"}), ExitCode::done);
  EXPECT_THAT(out(), AllOf(HasSubstr("validate"), HasSubstr("destroy"), HasSubstr("Exit codes")));
  EXPECT_EQ(world.run({}), ExitCode::usage);
  EXPECT_EQ(world.run({"frobnicate"}), ExitCode::usage);
  EXPECT_EQ(world.run({"plan", "--nonsense"}), ExitCode::usage);
  EXPECT_THAT(out(), IsEmpty());
  EXPECT_THAT(world.hosts.ran(), IsEmpty());
}

TEST_F(Run, ValidateTakesAFileStdinOrTheDefault) {
  EXPECT_EQ(world.run({"validate", k_article}), ExitCode::done);
  EXPECT_THAT(out(), HasSubstr("valid: blog-2016 on 3 hosts, 3 servers"));
  EXPECT_EQ(world.run({"validate", "-"}, test::read_file(k_article)), ExitCode::done);
  EXPECT_THAT(out(), HasSubstr("<stdin>: valid"));
  world.variables["MRC_TOPOLOGY"] = k_article;
  EXPECT_EQ(world.run({"validate"}), ExitCode::done);
  world.variables.erase("MRC_TOPOLOGY");
  EXPECT_EQ(world.run({"validate"}), ExitCode::usage);
  EXPECT_THAT(err(), HasSubstr("cannot read topology.yaml: No such file"));
  EXPECT_EQ(world.run({"validate", world.folder.path().string()}), ExitCode::usage);
  EXPECT_THAT(err(), HasSubstr("is a directory"));
}

TEST_F(Run, ValidateTellsAllFaultsAsTextOrAsARecord) {
  const auto file = world.file("bad.yaml", "mrc: 1\nname: Bad Name\nhots: {}\n");
  EXPECT_EQ(world.run({"validate", file}), ExitCode::usage);
  EXPECT_THAT(err(), AllOf(HasSubstr("bad.yaml:2:7: error"), HasSubstr("did you mean 'hosts'?")));
  EXPECT_THAT(out(), IsEmpty());
  EXPECT_EQ(world.run({"validate", "--json", file}), ExitCode::usage);
  EXPECT_THAT(err(), IsEmpty());
  const auto record = json::parse(out());
  EXPECT_EQ(record["schema"], "mrc/validate/1");
  EXPECT_EQ(record["valid"], false);
  EXPECT_GE(record["diagnostics"].size(), 3U);
  EXPECT_TRUE(record["diagnostics"][0]["hint"].is_null() ||
              record["diagnostics"][0]["hint"].is_string());
}

TEST_F(Run, SchemaIsJsonAndVersionIsOneLine) {
  EXPECT_EQ(world.run({"schema"}), ExitCode::done);
  EXPECT_TRUE(json::parse(out())["properties"].contains("hosts"));
  EXPECT_EQ(world.run({"version"}), ExitCode::done);
  EXPECT_THAT(out(), ::testing::MatchesRegex("mrc [0-9.]+.*\n"));
}

TEST_F(Run, AMissingSecretEndsItBeforeAnyHostIsAsked) {
  unsetenv("MRC_REPL_PASSWORD");
  for (const auto* command : {"plan", "apply", "verify", "destroy"}) {
    EXPECT_EQ(world.run({command, k_article}), ExitCode::usage) << command;
    EXPECT_THAT(err(), HasSubstr("the environment has no MRC_REPL_PASSWORD")) << command;
  }
  EXPECT_EQ(world.hosts.logins(HostId("docker1")), 0);
}

TEST_F(Run, HostsThatCannotBeReachedAreToldByCauseAndEndIt) {
  world.hosts.let_in = [](const HostId& host, int) -> Result<void> {
    if (host == HostId("docker1")) return {};
    return fail(ErrorKind::unreachable, "there is no route to the host");
  };
  for (const auto* command : {"plan", "apply", "verify", "destroy"}) {
    EXPECT_EQ(world.run({command, k_article}), ExitCode::unreachable) << command;
    EXPECT_THAT(err(), HasSubstr("docker2, docker3: there is no route to the host")) << command;
    EXPECT_THAT(err(), HasSubstr("nothing was changed")) << command;
    EXPECT_THAT(err(), HasSubstr(fmt::format("Go on with: mrc {} {}\n", command, k_article)));
    EXPECT_THAT(out(), IsEmpty()) << command;
  }
}

TEST_F(Run, WhatSomebodyElseHoldsIsLeftAlone) {
  world.hosts.hold(HostId("docker1"), "ann@there since 10:00:00 UTC, mrc apply, pid 7\n");
  for (const auto* command : {"apply", "destroy"}) {
    EXPECT_EQ(world.run({command, k_article, "--yes"}), ExitCode::locked) << command;
    EXPECT_THAT(err(), HasSubstr("docker1: locked by ann@there since 10:00:00 UTC, mrc apply"));
  }
}

TEST_F(Run, ALockIsWaitedForWhenAskedTo) {
  world.hosts.hold(HostId("docker1"), "ann@there since 10:00:00 UTC, mrc apply, pid 7\n");
  EXPECT_EQ(world.run({"destroy", k_article, "--lock-wait", "nonsense"}), ExitCode::usage);
  const std::jthread ann([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    world.hosts.hold(HostId("docker1"), "");
  });
  // The hosts answer nothing that parses, which is found only behind the lock.
  EXPECT_EQ(world.run({"destroy", k_article, "--lock-wait", "1m"}), ExitCode::preflight_failed);
  EXPECT_THAT(err(), HasSubstr("waiting for the lock on docker1: locked by ann@there"));
}

TEST_F(Run, AnAnswerThatDoesNotParseIsNotTakenForAbsent) {
  world.hosts.answer = [](const auto&, const auto&, const auto&) {
    return Result<transport::Answer>(transport::Answer{0, "@mrc host", "", {}});
  };
  for (const auto* command : {"plan", "apply", "destroy"}) {
    EXPECT_EQ(world.run({command, k_article}), ExitCode::preflight_failed) << command;
    EXPECT_THAT(err(), HasSubstr("not taken for absent")) << command;
  }
}

TEST_F(Run, VerifyTellsEveryCheckThatDoesNotHold) {
  world.hosts.answer = [](const auto&, const auto&, const auto&) -> Result<transport::Answer> {
    return fail(ErrorKind::unreachable, "the connection broke");
  };
  EXPECT_EQ(world.run({"verify", k_article, "--json", "--no-write"}), ExitCode::verify_failed);
  const auto record = json::parse(out());
  EXPECT_EQ(record["schema"], "mrc/verify/1");
  EXPECT_EQ(record["holds"], false);
  for (const auto& check : record["checks"]) {
    EXPECT_EQ(check["level"], "fail") << check;
    EXPECT_TRUE(check["detail"].is_string()) << check;
  }
  EXPECT_THAT(out(), Not(HasSubstr("-Pass")));
}

}  // namespace
}  // namespace mrc::cli
