#include <gmock/gmock.h>

#include "mrc/plan/milestone.hpp"
#include "unit/systems/survival/survival_world.hpp"

namespace mrc::systems::survival {
namespace {

using test::ids;
using test::titles;
using test::with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SurvivalSteps : public ::testing::Test {
 protected:
  std::vector<plan::Step> steps_with_first(const std::string& output) const {
    return world.steps(world.see({output, world.good(1), world.good(2)}));
  }
  std::vector<Finding> findings(const std::string& output) const {
    return world.system()->preflight(world.see({output, world.good(1), world.good(2)})).value();
  }
  test::SurvivalWorld world;
};

TEST_F(SurvivalSteps, AsWantedNeedsNothing) {
  EXPECT_THAT(world.steps(world.see(world.all_good())), IsEmpty());
  EXPECT_THAT(findings(world.good(0)), IsEmpty());
}

TEST_F(SurvivalSteps, AUnitComesWhenTheServerHasAllThatItWouldBringBack) {
  const auto made = world.steps(world.see({world.bare(), world.good(1), world.good(2)}, false));
  ASSERT_EQ(ids(made).at(0), "survival/mysql-1/keep");
  EXPECT_THAT(made[0].needs,
              ElementsAre("host/docker1/ready",
                          "container/mysql-1/running",
                          "endpoint/mysql-1/ready",
                          "exposure/mysql-1/ready"));
  EXPECT_THAT(made[0].gives, ElementsAre("survival/mysql-1/ready"));
  EXPECT_EQ(made[0].risk, plan::Risk::safe);
  // What marks it as ours is written first.
  EXPECT_THAT(
      made[0].apply.body(),
      ::testing::StartsWith("mrc_record try survival/mysql-1 '\"mrc-try.mysql-1.service\"'\n"
                            "mrc_survival_keep try mysql-1 \"$MRC_D\"/file-"));
}

TEST_F(SurvivalSteps, TheScriptHasAllSystemsSharesInTheirOrderAndNoSecret) {
  const auto script = world.want(0).body;
  EXPECT_THAT(script,
              HasSubstr("mrc_survival_restore() {\n(\nnet_back mysql-1\n)\n(\nnat_back mysql-1\n)"
                        "\n:\n}\nmrc_survival try mysql-1 'net, nat'\n"));
  EXPECT_THAT(world.want(2).body, HasSubstr("(\nnet_back mysql-3\n)\n:\n}\n"));
}

TEST_F(SurvivalSteps, ServersShareTheFunctionsInMemory) {
  const auto all = desired(world.topology, world.others);
  EXPECT_EQ(all[0].functions, all[2].functions);
  EXPECT_THAT(*all[0].functions, HasSubstr("mrc_survival() {"));
}

TEST_F(SurvivalSteps, AFileThatACompanionScriptNeedsComesWithIt) {
  class WithFile final : public System {
   public:
    std::string_view name() const override { return "cni"; }
    shell::Script probe(const HostId& /*host*/) const override { return {}; }
    Result<std::vector<Finding>> preflight(const Observations& /*seen*/) const override {
      return std::vector<Finding>{};
    }
    Result<std::vector<plan::Step>> steps(const Observations& /*seen*/) const override {
      return std::vector<plan::Step>{};
    }
    Result<std::vector<plan::Step>> teardown(const Observations& /*seen*/,
                                             bool /*delete_data*/) const override {
      return std::vector<plan::Step>{};
    }
    shell::Script restore(const ServerId& /*server*/) const override {
      shell::Script script;
      const auto file = script.attach("{\"it\": \"is\"}\n");
      return script.line("add <{}", file);
    }
    std::vector<Check> checks(const CheckOptions& /*options*/) const override { return {}; }
    std::vector<systems::Condition> status(const Observations& /*seen*/) const override {
      return {};
    }
  };
  world.others.push_back(std::make_unique<WithFile>());
  EXPECT_THAT(world.want(0).body, HasSubstr("printf %s '{\"it\": \"is\"}\n' >\"$MRC_D\"/file-"));
}

TEST_F(SurvivalSteps, WhateverDiffersIsMendedAndShown) {
  const auto good = world.good(0);
  const auto one = world.want(0);
  const auto& file = one.file_sum;
  for (const auto& [bad, field] : {std::pair{with(good, file, "1:2"), "unit's file"},
                                   {with(good, one.script_sum, "-"), "unit's script"},
                                   {with(good, "enabled", "disabled"), "at boot"},
                                   {with(good, " active", " inactive"), "now"}}) {
    const auto made = steps_with_first(bad);
    ASSERT_THAT(ids(made), ElementsAre("survival/mysql-1/keep")) << bad;
    ASSERT_EQ(made[0].diff.size(), 1U);
    EXPECT_EQ(made[0].diff[0].field, field);
    EXPECT_EQ(made[0].change, plan::Change::update);
  }
}

TEST_F(SurvivalSteps, TheGoalIsWhatTheFileAsksAndNothingSeen) {
  const auto goal = steps_with_first(world.bare())[0].goal;
  EXPECT_EQ(goal, steps_with_first(with(world.good(0), "enabled", "disabled"))[0].goal);
  world.others.push_back(std::make_unique<test::Restorer>("more", ""));
  EXPECT_NE(goal, steps_with_first(world.bare())[0].goal);
}

TEST_F(SurvivalSteps, ALostRecordIsMadeUpAsDrift) {
  const auto made = world.steps(world.see(world.all_good(), false));
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made[0].cause, plan::Cause::drift);
  EXPECT_EQ(
      made[0].diff,
      (std::vector<plan::DiffLine>{{plan::Change::create, "record", "", "survival/mysql-1"}}));
}

TEST_F(SurvivalSteps, WhoeverEndsTheContainerHasTheUnitStartedAgain) {
  auto seen = world.see(world.all_good());
  seen.lose({plan::milestone::survival_ready(ServerId("mysql-2"))});
  const auto made = world.steps(seen);
  ASSERT_THAT(ids(made), ElementsAre("survival/mysql-2/keep"));
  EXPECT_EQ(made[0].change, plan::Change::run);
  EXPECT_THAT(made[0].diff, IsEmpty());
}

TEST_F(SurvivalSteps, AServerThatLeftItsHostIsKeptThereNoMore) {
  world.topology.mysql.servers[2].host = world.host(1);
  const auto made = world.steps(world.see({world.good(0), world.good(1), world.good(2)}));
  ASSERT_THAT(ids(made), ElementsAre("survival/docker3/mysql-3/remove", "survival/mysql-3/keep"));
  EXPECT_THAT(made[0].gives, ElementsAre("gone/survival/mysql-3"));
  EXPECT_THAT(made[0].forgets, ElementsAre("survival/mysql-3/"));
  EXPECT_EQ(made[0].apply.body(), "mrc_survival_gone try mysql-3\n");
  EXPECT_EQ(made[1].host, HostId("docker2"));
}

TEST_F(SurvivalSteps, AHostThatLeftTheFileKeepsNothing) {
  auto seen = world.see(world.all_good());
  world.topology.hosts.pop_back();
  world.topology.mysql.servers.pop_back();
  seen.put_departed({{HostId("docker3"), {}}});
  EXPECT_THAT(ids(world.steps(seen)), ElementsAre("survival/docker3/mysql-3/remove"));
  EXPECT_EQ(world.system()->teardown(seen, false)->size(), 3U);
}

TEST_F(SurvivalSteps, TeardownFollowsMarksAndRecordsAndOfNothingIsNothing) {
  const auto gone = [&](const Observations& seen) {
    return ids(world.system()->teardown(seen, false).value());
  };
  EXPECT_THAT(gone(world.see({world.bare(), world.bare(), world.bare()}, false)), IsEmpty());
  const auto marked = gone(world.see(world.all_good(), false));
  EXPECT_EQ(marked.size(), 3U);
  EXPECT_EQ(gone(world.see({world.bare(), world.bare(), world.bare()})), marked);
}

TEST_F(SurvivalSteps, AUnitWithoutAMarkIsReportedAndStaysUnlessItIsAdopted) {
  const auto foreign = with(world.good(0), "mysql-1 try", "mysql-1 -");
  EXPECT_THAT(titles(findings(foreign)),
              ElementsAre("docker1: a unit mrc-try.mysql-1.service is there"));
  EXPECT_THAT(world.system()
                  ->teardown(world.see({foreign, world.bare(), world.bare()}, false), true)
                  .value(),
              IsEmpty());
  world.adopt = true;
  EXPECT_THAT(findings(foreign), IsEmpty());
}

TEST_F(SurvivalSteps, AHostWithoutSystemdIsReportedWhenItHasServers) {
  const auto found = findings("systemd no\nend\n");
  EXPECT_THAT(titles(found), ElementsAre("docker1: systemd does not run"));
  EXPECT_THAT(found[0].remedy, HasSubstr("boot the host with systemd"));
  world.topology.mysql.servers.erase(world.topology.mysql.servers.begin());
  EXPECT_THAT(world.system()
                  ->preflight(world.see({"systemd no\nend\n", world.good(0), world.good(1)}, false))
                  .value(),
              IsEmpty());
}

TEST_F(SurvivalSteps, ACutOrOddAnswerIsUnreadable) {
  test::cut_everywhere(world, *world.system(), world.all_good(), MRC_EXPECT_UNREADABLE);
  for (const auto* odd : {"unit mysql-1 try 1:2\n", "state mysql-9 whole x\n", "state mysql-1\n"}) {
    const auto seen = world.see(
        {with(world.good(0), "end\n", std::string(odd) + "end\n"), world.good(1), world.good(2)});
    EXPECT_FALSE(world.system()->steps(seen).has_value()) << odd;
  }
}

TEST_F(SurvivalSteps, NoTwoDeploymentsHaveOneUnit) {
  EXPECT_NE(unit_name("a", ServerId("b-c")), unit_name("a-b", ServerId("c")));
}

TEST_F(SurvivalSteps, TheUnitStopsBeforeDockerAndStartsAtBoot) {
  const auto file = world.want(0).file;
  EXPECT_THAT(file, ::testing::StartsWith("# Written by mrc for try:"));
  EXPECT_THAT(file, HasSubstr("After=docker.service\n"));
  EXPECT_THAT(file, HasSubstr("WantedBy=multi-user.target\n"));
  EXPECT_THAT(file, Not(HasSubstr("Requires")));
}

}  // namespace
}  // namespace mrc::systems::survival
