#include <gmock/gmock.h>

#include "unit/systems/etcd/etcd_world.hpp"

namespace mrc::systems::etcd {
namespace {

using test::ids;
using test::stopped;
using test::titles;
using test::with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EtcdSharing : public ::testing::Test {
 protected:
  /// All hosts: the record of `first` set etcd up; our own says `own`.
  Observations shared(const std::vector<std::string>& outputs,
                      const std::map<std::string, std::string>& own) const {
    auto seen = world.see(outputs, false);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      seen.put_record(world.host(i), own);
      seen.put_others(world.host(i), {{"first", world.record}});
    }
    return seen;
  }
  test::EtcdWorld world;
};

TEST_F(EtcdSharing, TheEtcdOfAnotherDeploymentIsUsedWhenItIsTheWantedOne) {
  const auto seen = shared(world.healthy, {});
  EXPECT_THAT(world.system()->preflight(seen).value(), IsEmpty());
  const auto steps = world.system()->steps(seen).value();
  EXPECT_THAT(ids(steps), ElementsAre("etcd/docker1/use", "etcd/docker2/use", "etcd/docker3/use"));
  EXPECT_EQ(steps[0].apply.body(), "mrc_record try etcd/uses '\"first\"'\n");
  EXPECT_THAT(world.system()->steps(shared(world.healthy, {{"etcd/uses", "\"first\""}})).value(),
              IsEmpty());
}

TEST_F(EtcdSharing, WhatDiffersIsSaid) {
  world.topology.etcd.cluster_token = "other";
  const auto seen = shared(world.healthy, {});
  const auto found = world.system()->preflight(seen).value();
  EXPECT_EQ(titles(found)[0],
            "docker1: the etcd of the deployment first is another than this file wants");
  EXPECT_EQ(found[0].detail, "ETCD_INITIAL_CLUSTER_TOKEN is etcd-cluster-1, wanted other");
  EXPECT_FALSE(world.system()->steps(seen).has_value());
}

TEST_F(EtcdSharing, OtherMembersAreAnotherCluster) {
  world.add_host(true);
  auto outputs = world.healthy;
  outputs.push_back(world.absent);
  auto seen = shared(outputs, {});
  seen.put_others(world.host(3), {});
  const auto found = world.system()->preflight(seen).value();
  EXPECT_EQ(found.back().detail, "docker4 has no member of that cluster");
}

TEST_F(EtcdSharing, AStoppedMemberIsStartedInItsOwnersName) {
  auto outputs = world.healthy;
  outputs[1] = stopped(outputs[1]);
  const auto steps = world.system()->steps(shared(outputs, {{"etcd/uses", "\"first\""}})).value();
  EXPECT_THAT(ids(steps), ElementsAre("etcd/docker2/start", "etcd/docker2/healthy"));
  EXPECT_EQ(steps[0].apply.body(), "mrc_etcd_start first /var/lib/etcd/default.etcd\n");
}

TEST_F(EtcdSharing, TheUserLeavesWithoutATrace) {
  const auto steps =
      world.system()->teardown(shared(world.healthy, {{"etcd/uses", "\"first\""}}), true).value();
  EXPECT_THAT(ids(steps),
              ElementsAre("etcd/docker1/unuse", "etcd/docker2/unuse", "etcd/docker3/unuse"));
}

TEST_F(EtcdSharing, TheOwnerLeavesEtcdToWhoeverUsesIt) {
  auto seen = world.see(world.healthy, true);
  for (std::size_t i = 0; i < 3; ++i) {
    seen.put_others(world.host(i),
                    {{"second", {{"etcd/uses", "\"try\""}}},
                     {"third", {{"etcd/uses", "\"try\""}}},
                     {"fourth", {{"calico/node", "{}"}}}});
  }
  const auto steps = world.system()->teardown(seen, true).value();
  EXPECT_THAT(
      ids(steps),
      ElementsAre("etcd/docker1/hand-over", "etcd/docker2/hand-over", "etcd/docker3/hand-over"));
  EXPECT_EQ(steps[0].apply.body(), "mrc_etcd_hand_over try second third\n");
  EXPECT_EQ(steps[0].risk, plan::Risk::safe);
}

TEST_F(EtcdSharing, WhoWasLeftItIsTheOwner) {
  auto seen = world.see(world.healthy, true);
  EXPECT_THAT(world.system()->steps(seen).value(), IsEmpty());
  EXPECT_EQ(world.system()->teardown(seen, true).value().size(), 12U);
}

TEST_F(EtcdSharing, AMemberThatAnotherUsesIsNotTakenSilently) {
  world.drop_member(2);
  auto seen = world.see(world.healthy, true);
  seen.put_others(world.host(2), {{"second", {{"etcd/uses", "\"try\""}}}});
  const auto found = world.system()->preflight(seen).value();
  EXPECT_THAT(titles(found),
              ElementsAre("docker3: the deployment second uses this etcd member too"));
  EXPECT_EQ(found[0].level, Verdict::Level::warn);
  EXPECT_TRUE(world.system()->steps(seen).has_value());
}

TEST_F(EtcdSharing, AnAdoptedMemberIsGivenBackRunning) {
  world.record = {{"etcd/cluster", R"({"id":"1"})"},
                  {"etcd/config", R"({"path":"/etc/default/etcd","was":"file"})"},
                  {"etcd/unit", R"({"enabled":"enabled", "active":"yes"})"}};
  const auto steps = world.system()->teardown(world.see(world.healthy, true), true).value();
  EXPECT_EQ(steps.size(), 6U);
  EXPECT_EQ(steps[0].id.text(), "etcd/docker1/restore-config");
  EXPECT_EQ(steps[1].apply.body(), "mrc_etcd_give_back try enabled\n");
}

}  // namespace
}  // namespace mrc::systems::etcd
