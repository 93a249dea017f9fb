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
  EXPECT_EQ(made[1].apply.body(), "mrc_etcd_wait http://192.168.56.112:2379 120\n");
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
}

TEST_F(EtcdSteps, AChangedConfigurationOfAHealthyClusterRollsOneByOne) {
  world.topology.etcd.cluster_token = "other";
  const auto made = steps(world.healthy, true);
  EXPECT_THAT(ids(made),
              ElementsAre("etcd/docker1/config",
                          "etcd/docker2/config",
                          "etcd/docker3/config",
                          "etcd/docker1/restart",
                          "etcd/docker2/restart",
                          "etcd/docker3/restart"));
  EXPECT_EQ(made[0].diff,
            (std::vector<plan::DiffLine>{
                {plan::Change::update, "ETCD_INITIAL_CLUSTER_TOKEN", "etcd-cluster-1", "other"}}));
  EXPECT_THAT(after(made[4]), ElementsAre("etcd/docker2/config", "etcd/docker1/restart"));
  EXPECT_THAT(after(made[5]), ElementsAre("etcd/docker3/config", "etcd/docker2/restart"));
  EXPECT_EQ(made[3].risk, plan::Risk::disruptive);
}

TEST_F(EtcdSteps, AClusterThatIsSickByItsConfigurationRestartsAsAWhole) {
  world.topology.etcd.cluster_token = "other";
  auto outputs = world.healthy;
  for (auto& output : outputs) output = with(output, "health ok", "health no quorum");
  const auto made = steps(outputs, true);
  EXPECT_THAT(after(find(made, "etcd/docker2/restart")), ElementsAre("etcd/docker2/config"));
  EXPECT_THAT(
      after(find(made, "etcd/docker1/healthy")),
      UnorderedElementsAre("etcd/docker1/restart", "etcd/docker2/restart", "etcd/docker3/restart"));
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
