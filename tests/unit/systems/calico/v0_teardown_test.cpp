#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mrc/plan/plan.hpp"
#include "v0_world.hpp"

namespace mrc::test::calico {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CalicoV0Teardown, NothingWithoutARecord) {
  World world;
  world.records.clear();
  EXPECT_THAT(world.teardown(), IsEmpty());
  world.be_bare();
  EXPECT_THAT(world.teardown(), IsEmpty());
}

TEST(CalicoV0Teardown, EndpointsThenNodesThenTheClusterThenCalicoctl) {
  World world;
  const auto steps = world.teardown();
  EXPECT_THAT(ids(steps),
              ElementsAre("calico/docker1/mysql-master/endpoint-remove",
                          "calico/docker2/mysql-slave1/endpoint-remove",
                          "calico/docker3/mysql-slave2/endpoint-remove",
                          "calico/docker1/node-remove",
                          "calico/docker2/node-remove",
                          "calico/docker3/node-remove",
                          "calico/docker1/cluster-remove",
                          "calico/docker1/keys-remove",
                          "calico/docker1/calicoctl-remove",
                          "calico/docker2/calicoctl-remove",
                          "calico/docker3/calicoctl-remove"));
  const auto& endpoint = steps[1];
  EXPECT_THAT(
      endpoint.needs,
      ElementsAre("etcd/healthy", "gone/survival/mysql-slave1", "gone/exposure/mysql-slave1"));
  EXPECT_THAT(endpoint.gives, ElementsAre("gone/endpoint/mysql-slave1"));
  EXPECT_THAT(endpoint.apply.body(), HasSubstr("mysql-slave1 192.168.0.51 " + repeat("b2")));
  EXPECT_THAT(after(step(steps, "calico/docker2/node-remove")),
              ElementsAre("calico/docker2/mysql-slave1/endpoint-remove"));
  EXPECT_THAT(after(step(steps, "calico/docker1/cluster-remove")),
              Contains("calico/docker3/node-remove"));
  EXPECT_THAT(
      after(step(steps, "calico/docker1/calicoctl-remove")),
      ::testing::IsSupersetOf({"calico/docker1/cluster-remove", "calico/docker1/keys-remove"}));
  EXPECT_THAT(after(step(steps, "calico/docker1/keys-remove")),
              Contains("calico/docker1/cluster-remove"));
  // Whoever removes etcd waits for all that still needs it.
  EXPECT_THAT(step(steps, "calico/docker1/cluster-remove").gives,
              ElementsAre("gone/network/docker1"));
  EXPECT_EQ(plan::Plan::make(steps).steps().size(), steps.size());
}

TEST(CalicoV0Teardown, ACalicoThatWasThereBeforeStays) {
  World world;
  for (const auto* host : World::hosts) {
    auto& record = world.records[host];
    for (auto it = record.begin(); it != record.end();) {
      it = it->first.starts_with("calico/endpoint/") ? std::next(it) : record.erase(it);
    }
  }
  EXPECT_THAT(ids(world.teardown()),
              ElementsAre("calico/docker1/mysql-master/endpoint-remove",
                          "calico/docker2/mysql-slave1/endpoint-remove",
                          "calico/docker3/mysql-slave2/endpoint-remove"));
}

TEST(CalicoV0Teardown, PutsBackWhatTheRecordNoted) {
  World world;
  const auto steps = world.teardown();
  const auto& body = step(steps, "calico/docker3/node-remove").apply.body();
  EXPECT_THAT(
      body,
      HasSubstr("mrc_calico_sysctl_gone net/ipv4/conf/all/rp_filter 2 net/ipv4/ip_forward 1"));
  EXPECT_THAT(body, HasSubstr("mrc_calico_image_gone calico/node:v0.22.0"));
  EXPECT_THAT(body, HasSubstr("mrc_calico_paths_gone /var/log/calico /var/run/calico"));
}

TEST(CalicoV0Teardown, WhatAnotherDeploymentUsesIsLeftToIt) {
  World world;
  // It is on the other two hosts only, with an address of the same pool and a profile of its own.
  world.others["docker2"]["second"] = {
      {"calico/endpoint/db",
       R"({"address":"192.168.7.1","container":"x","host":"docker2.local","profile":"second"})"}};
  const auto steps = world.teardown();
  EXPECT_EQ(step(steps, "calico/docker2/node-remove").title, "leave the Calico node to second");
  EXPECT_EQ(step(steps, "calico/docker2/node-remove").risk, plan::Risk::safe);
  EXPECT_EQ(step(steps, "calico/docker2/calicoctl-remove").title, "leave calicoctl to second");
  EXPECT_EQ(step(steps, "calico/docker1/node-remove").title, "remove the Calico node");
  const auto& pool = step(steps, "calico/docker1/give-pool/192.168.0.0/16");
  EXPECT_EQ(pool.host, HostId("docker2"));
  EXPECT_THAT(pool.apply.body(), HasSubstr("mrc_calico_give second calico/pool/192.168.0.0/16"));
  EXPECT_THAT(after(step(steps, "calico/docker1/cluster-remove")), Contains(pool.id.text()));
  EXPECT_EQ(step(steps, "calico/docker1/give-keys").host, HostId("docker2"));
  EXPECT_THAT(after(step(steps, "calico/docker1/keys-remove")),
              Contains("calico/docker1/give-keys"));
  EXPECT_THAT(ids(steps),
              ::testing::Not(Contains("calico/docker1/give-profile/mysql-replication")));
  EXPECT_EQ(plan::Plan::make(steps).steps().size(), steps.size());
}

TEST(CalicoV0Teardown, AHostThatLeftTheFileIsCleanedLikeTheOthers) {
  World world;
  world.leave_file("docker3");
  EXPECT_THAT(ids(world.teardown()),
              ::testing::IsSupersetOf({"calico/docker3/mysql-slave2/endpoint-remove",
                                       "calico/docker3/node-remove",
                                       "calico/docker3/calicoctl-remove"}));
}

}  // namespace
}  // namespace mrc::test::calico
