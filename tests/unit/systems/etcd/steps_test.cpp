#include <gmock/gmock.h>

#include "unit/systems/etcd/etcd_world.hpp"

namespace mrc::systems::etcd {
namespace {

using test::after;
using test::find;
using test::ids;
using test::stopped;
using test::with;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class EtcdSteps : public ::testing::Test {
 protected:
  std::vector<plan::Step> steps(const std::vector<std::string>& outputs, bool recorded) const {
    return world.system()->steps(world.see(outputs, recorded)).value();
  }
  test::EtcdWorld world;
};

TEST_F(EtcdSteps, AsWantedNeedsNothing) {
  EXPECT_THAT(steps(world.healthy, true), IsEmpty());
  EXPECT_THAT(world.system()->preflight(world.see(world.healthy, true)).value(), IsEmpty());
}

TEST_F(EtcdSteps, FromBareHostsTheMembersStartTogetherAndOnlyThenAnybodyWaits) {
  const auto made = steps({world.absent, world.disabled, world.absent}, false);
  EXPECT_THAT(ids(made),
              ElementsAre("etcd/docker1/install",
                          "etcd/docker1/config",
                          "etcd/docker2/config",
                          "etcd/docker3/install",
                          "etcd/docker3/config",
                          "etcd/docker1/start",
                          "etcd/docker2/start",
                          "etcd/docker3/start",
                          "etcd/docker1/healthy",
                          "etcd/docker2/healthy",
                          "etcd/docker3/healthy"));
  EXPECT_THAT(after(find(made, "etcd/docker1/config")), ElementsAre("etcd/docker1/install"));
  EXPECT_THAT(after(find(made, "etcd/docker2/start")), ElementsAre("etcd/docker2/config"));
  EXPECT_THAT(
      after(find(made, "etcd/docker3/healthy")),
      UnorderedElementsAre("etcd/docker1/start", "etcd/docker2/start", "etcd/docker3/start"));
  for (const auto* host : {"docker1", "docker2", "docker3"}) {
    EXPECT_THAT(find(made, fmt::format("etcd/{}/healthy", host)).gives,
                ElementsAre("etcd/healthy"));
  }
}

TEST_F(EtcdSteps, AMemberThatStartsNeedsThePeerPortsOfTheOthersBothWays) {
  const auto made = steps({world.healthy[0], world.healthy[1], world.absent}, true);
  std::vector<std::string> ways;
  for (const auto& one : find(made, "etcd/docker3/start").passages) {
    ways.push_back(fmt::format("{} to {} at {}:{}", one.from, one.to, one.address, one.port));
  }
  EXPECT_THAT(ways,
              UnorderedElementsAre("docker3 to docker1 at 192.168.56.111:2380",
                                   "docker1 to docker3 at 192.168.56.113:2380",
                                   "docker3 to docker2 at 192.168.56.112:2380",
                                   "docker2 to docker3 at 192.168.56.113:2380"));
}

TEST_F(EtcdSteps, EveryStepWaitsForItsHost) {
  for (const auto& step : steps({world.absent, world.absent, world.absent}, false)) {
    EXPECT_THAT(step.needs, ElementsAre("host/" + step.host.text() + "/ready")) << step.id.text();
  }
}

TEST_F(EtcdSteps, InstallNoneInstallsNothing) {
  world.topology.etcd.install = topology::Etcd::Install::none;
  const auto made = steps({world.disabled, world.disabled, world.disabled}, false);
  EXPECT_EQ(made.front().id.text(), "etcd/docker1/config");
  EXPECT_EQ(made.size(), 9U);
}

TEST_F(EtcdSteps, AStoppedMemberIsStartedAndWaitedFor) {
  const auto made = steps({world.healthy[0], stopped(world.healthy[1]), world.healthy[2]}, true);
  EXPECT_THAT(ids(made), ElementsAre("etcd/docker2/start", "etcd/docker2/healthy"));
  EXPECT_EQ(made[0].reason, "the unit is inactive");
  EXPECT_EQ(made[0].apply.body(), "mrc_etcd_start try /var/lib/etcd/default.etcd\n");
  EXPECT_EQ(made[1].apply.body(),
            "mrc_etcd_wait http://192.168.56.112:2379 120\n"
            "mrc_etcd_formed try http://192.168.56.112:2379\n");
}

TEST_F(EtcdSteps, AnUnhealthyRunningMemberIsWaitedFor) {
  const auto sick = with(world.healthy[2], "health ok", "health no quorum");
  const auto made = steps({world.healthy[0], world.healthy[1], sick}, true);
  EXPECT_THAT(ids(made), ElementsAre("etcd/docker3/healthy"));
  EXPECT_EQ(made[0].reason, "no quorum");
}

TEST_F(EtcdSteps, AMemberThatWouldNotStartAtBootIsEnabled) {
  const auto off = with(world.healthy[0], "UnitFileState=enabled", "UnitFileState=disabled");
  const auto made = steps({off, world.healthy[1], world.healthy[2]}, true);
  EXPECT_THAT(ids(made), ElementsAre("etcd/docker1/enable"));
  EXPECT_EQ(made[0].risk, plan::Risk::safe);
  EXPECT_EQ(made[0].cause, plan::Cause::drift);
}

TEST_F(EtcdSteps, AChangedConfigurationOfAHealthyClusterRollsOneByOne) {
  world.topology.calico.version = "v3.32.1";
  const auto made = steps(world.healthy, true);
  EXPECT_THAT(ids(made),
              ElementsAre("etcd/docker1/config",
                          "etcd/docker2/config",
                          "etcd/docker3/config",
                          "etcd/docker1/restart",
                          "etcd/docker2/restart",
                          "etcd/docker3/restart"));
  EXPECT_EQ(made[0].diff,
            (std::vector<plan::DiffLine>{{plan::Change::remove, "ETCD_ENABLE_V2", "true", {}}}));
  EXPECT_THAT(after(made[4]), ElementsAre("etcd/docker2/config", "etcd/docker1/restart"));
  EXPECT_THAT(after(made[5]), ElementsAre("etcd/docker3/config", "etcd/docker2/restart"));
  EXPECT_EQ(made[3].risk, plan::Risk::disruptive);
  EXPECT_EQ(made[3].impact, "one etcd member is away, some 5 s; the others answer");
}

TEST_F(EtcdSteps, WhatEtcdReadsOnlyAtItsFirstStartIsWrittenWithoutARestart) {
  world.topology.etcd.cluster_token = "other";
  const auto made = steps(world.healthy, true);
  EXPECT_THAT(ids(made),
              ElementsAre("etcd/docker1/config", "etcd/docker2/config", "etcd/docker3/config"));
  EXPECT_EQ(made[0].diff,
            (std::vector<plan::DiffLine>{
                {plan::Change::update, "ETCD_INITIAL_CLUSTER_TOKEN", "etcd-cluster-1", "other"}}));
  EXPECT_THAT(made[0].reason, ::testing::HasSubstr("no restart"));
}

TEST_F(EtcdSteps, HowTheClusterWasBegunMakesNoDifferenceLater) {
  auto outputs = world.healthy;
  outputs[1] = with(outputs[1], R"(STATE="new")", R"(STATE="existing")");
  EXPECT_THAT(steps(outputs, true), IsEmpty());
}

TEST_F(EtcdSteps, AClusterThatIsSickByItsConfigurationRestartsAsAWhole) {
  world.topology.calico.version = "v3.32.1";
  auto outputs = world.healthy;
  for (auto& output : outputs) output = with(output, "health ok", "health no quorum");
  const auto made = steps(outputs, true);
  EXPECT_THAT(after(find(made, "etcd/docker2/restart")), ElementsAre("etcd/docker2/config"));
  EXPECT_THAT(
      after(find(made, "etcd/docker1/healthy")),
      UnorderedElementsAre("etcd/docker1/restart", "etcd/docker2/restart", "etcd/docker3/restart"));
}

TEST_F(EtcdSteps, AGoalIsTheSameWheneverTheFileAsksForTheSame) {
  const auto first = steps({world.absent, world.absent, world.absent}, false);
  for (const auto& step : first) {
    EXPECT_EQ(step.goal.empty(), step.id.text().ends_with("healthy")) << step.id.text();
  }
  const auto edited = with(world.healthy[0], R"(NAME="docker1")", R"(NAME="x")");
  const auto later = steps({edited, stopped(world.healthy[1]), world.healthy[2]}, true);
  for (const auto* id : {"etcd/docker1/config", "etcd/docker2/start"}) {
    EXPECT_EQ(find(later, id).goal, find(first, id).goal) << id;
  }
}

TEST_F(EtcdSteps, ALostRecordIsWrittenAgainAndNothingRestarts) {
  auto outputs = world.healthy;
  outputs[1] = with(outputs[1], "config ETCD_NAME", "config-mark try\nconfig ETCD_NAME");
  auto seen = world.see(outputs, true);
  seen.put_record(world.host(1), {});
  const auto made = world.system()->steps(seen).value();
  EXPECT_THAT(ids(made), ElementsAre("etcd/docker2/record"));
  EXPECT_EQ(made[0].cause, plan::Cause::drift);
  EXPECT_EQ(made[0].apply.body(),
            "mrc_etcd_rerecord try /var/lib/etcd/default.etcd http://192.168.56.112:2379\n");
}

TEST_F(EtcdSteps, AMemberThatGotHealthyAfterItsRunWasCutOffIsRecorded) {
  world.record.erase("etcd/cluster");
  const auto made = steps(world.healthy, true);
  EXPECT_EQ(made.size(), 3U);
  EXPECT_EQ(made[0].id.text(), "etcd/docker1/record");
  EXPECT_EQ(made[0].cause, plan::Cause::change);
}

TEST_F(EtcdSteps, ARemovedPackageIsInstalledAgainForTheDataThatAreThere) {
  const auto bare = test::fixture("etcd/package-removed-3.4.txt");
  const auto made = steps({world.healthy[0], world.healthy[1], bare}, true);
  // Without the unit nobody can tell which file it will read.
  EXPECT_THAT(ids(made),
              ElementsAre("etcd/docker3/install",
                          "etcd/docker3/config",
                          "etcd/docker3/start",
                          "etcd/docker3/healthy"));
}

TEST_F(EtcdSteps, ASettingAddedByHandIsDrift) {
  const auto more = with(world.healthy[0], "data present", "config ETCD_DEBUG=true\ndata present");
  const auto made = steps({more, world.healthy[1], world.healthy[2]}, true);
  EXPECT_THAT(ids(made), ElementsAre("etcd/docker1/config", "etcd/docker1/restart"));
  EXPECT_EQ(made[0].diff[0], (plan::DiffLine{plan::Change::remove, "ETCD_DEBUG", "true", {}}));
}

TEST_F(EtcdSteps, ACutAnswerIsUnreadable) {
  test::cut_everywhere(world, *world.system(), world.healthy, MRC_EXPECT_UNREADABLE);
  test::cut_everywhere(
      world, *world.system(), {world.absent, world.absent, world.absent}, MRC_EXPECT_UNREADABLE);
}

TEST_F(EtcdSteps, ARunningMemberThatTellsNothingIsUnreadable) {
  auto outputs = world.healthy;
  outputs[0] = with(outputs[0], "health ok\n", "");
  EXPECT_FALSE(world.system()->steps(world.see(outputs, true)).has_value());
  outputs[0] = with(world.healthy[0], R"("members":[)", R"("members":)");
  EXPECT_FALSE(world.system()->steps(world.see(outputs, true)).has_value());
}

TEST_F(EtcdSteps, ForeignEndpointsAreNeverChanged) {
  world.topology.etcd.members.clear();
  world.topology.etcd.endpoints = {"http://10.0.0.9:2379"};
  const std::string good = "endpoint http://10.0.0.9:2379 ok\nend\n";
  const std::string bad = "endpoint http://10.0.0.9:2379 connection refused\nend\n";
  const auto seen = world.see({good, bad, good}, false);
  EXPECT_THAT(world.system()->steps(seen).value(), IsEmpty());
  EXPECT_THAT(test::titles(world.system()->preflight(seen).value()),
              ElementsAre("docker2: etcd at http://10.0.0.9:2379 does not answer"));
  EXPECT_FALSE(world.system()->steps(world.see({good, "end\n", good}, false)).has_value());
  test::cut_everywhere(world, *world.system(), {good, good, good}, MRC_EXPECT_UNREADABLE);
}

}  // namespace
}  // namespace mrc::systems::etcd
