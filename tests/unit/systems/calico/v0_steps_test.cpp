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
using ::testing::Not;

TEST(CalicoV0Steps, NothingWhenAllIsAsWanted) { EXPECT_THAT(ids(World().steps()), IsEmpty()); }

TEST(CalicoV0Steps, FromBareHostsInAnOrderThatWorks) {
  World world;
  world.be_bare();
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps),
              ElementsAre("calico/docker1/calicoctl",
                          "calico/docker2/calicoctl",
                          "calico/docker3/calicoctl",
                          "calico/pool",
                          "calico/profile",
                          "calico/docker1/sysctl",
                          "calico/docker1/image",
                          "calico/docker1/node",
                          "calico/docker2/sysctl",
                          "calico/docker2/image",
                          "calico/docker2/node",
                          "calico/docker3/sysctl",
                          "calico/docker3/image",
                          "calico/docker3/node",
                          "calico/docker1/peers",
                          "calico/docker2/peers",
                          "calico/docker3/peers",
                          "calico/mysql-master/endpoint",
                          "calico/mysql-slave1/endpoint",
                          "calico/mysql-slave2/endpoint"));
  // A node that finds no pool makes Calico's default one; two first nodes at once may fail.
  EXPECT_THAT(after(step(steps, "calico/docker1/node")), Contains("calico/pool"));
  EXPECT_THAT(after(step(steps, "calico/docker2/node")), Contains("calico/docker1/node"));
  EXPECT_THAT(after(step(steps, "calico/docker3/node")), Not(Contains("calico/docker2/node")));
  EXPECT_THAT(after(step(steps, "calico/docker1/peers")), Contains("calico/docker3/node"));
  EXPECT_THAT(step(steps, "calico/profile").gives, ElementsAre("profile/open"));
  EXPECT_THAT(step(steps, "calico/docker2/peers").gives, ElementsAre("network/docker2/ready"));
  EXPECT_EQ(plan::Plan::make(steps).steps().size(), steps.size());
}

TEST(CalicoV0Steps, TheNodesOfAStartedClusterStartTogether) {
  World world;
  world.probes["docker2"].set("container calico-node", "container calico-node absent");
  world.probes["docker3"].set("container calico-node", "container calico-node absent");
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps),
              ElementsAre("calico/docker2/sysctl",
                          "calico/docker2/node",
                          "calico/docker3/sysctl",
                          "calico/docker3/node",
                          "calico/docker1/peers",
                          "calico/docker2/peers",
                          "calico/docker3/peers"));
  EXPECT_THAT(after(step(steps, "calico/docker3/node")), ElementsAre("calico/docker3/sysctl"));
}

TEST(CalicoV0Steps, ANodeThatDiffersIsStartedAnewAndSaysWhy) {
  const std::pair<std::string, std::string> cases[] = {
      {"calico/node:v0.22.0\",\"env", "calico/node:v0.21.0\",\"env"},
      {"HOSTNAME=docker2.local", "HOSTNAME=docker2"},
      {"IP=192.168.55.112\"", "IP=10.0.0.1\""},
      {"http://192.168.55.113:2379", "http://10.0.0.1:2379"},
      {"\"running\":true", "\"running\":false"},
      {"\"restart\":\"always\"", "\"restart\":\"no\""}};
  for (const auto& [from, to] : cases) {
    World world;
    for (auto& line : world.probes["docker2"].lines) {
      if (!line.starts_with("container calico-node")) continue;
      ASSERT_NE(line.find(from), std::string::npos) << from;
      line.replace(line.find(from), from.size(), to);
    }
    const auto steps = world.steps();
    ASSERT_THAT(ids(steps), Contains("calico/docker2/node")) << to;
    EXPECT_FALSE(step(steps, "calico/docker2/node").reason.empty());
    EXPECT_THAT(ids(steps), Not(Contains("calico/docker1/node")));
  }
}

TEST(CalicoV0Steps, ARunningNodeThatEtcdForgotIsStartedAnew) {
  World world;
  world.change_tree("/calico/bgp/v1/host/docker3.local/ip_addr_v4",
                    "/calico/bgp/v1/host/docker9.local/ip_addr_v4");
  const auto steps = world.steps();
  EXPECT_THAT(step(steps, "calico/docker3/node").reason, HasSubstr("etcd does not know"));
}

TEST(CalicoV0Steps, RpFilterAloneIsMendedWithoutTouchingTheNode) {
  World world;
  world.probes["docker2"].set("sysctl net/ipv4/conf/all/rp_filter",
                              "sysctl net/ipv4/conf/all/rp_filter 2");
  EXPECT_THAT(ids(world.steps()), ElementsAre("calico/docker2/sysctl"));
}

TEST(CalicoV0Steps, ThePoolIsAlwaysSetWithAllOfItsFlags) {
  World world;
  world.topology.calico.nat_outgoing = true;
  world.topology.calico.ipip = true;
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps), ElementsAre("calico/pool"));
  EXPECT_EQ(steps[0].change, plan::Change::update);
  EXPECT_THAT(steps[0].apply.body(),
              HasSubstr("mrc_calico_pool 192.168.0.0/16 ipip,nat-outgoing --ipip --nat-outgoing"));
}

TEST(CalicoV0Steps, ARuleTooManyIsDriftAndIsShown) {
  World world;
  world.change_tree(R"(\"dst_ports\": [3306]})",
                    R"(\"dst_ports\": [3306]}, {\"action\": \"allow\"})");
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps), ElementsAre("calico/profile"));
  EXPECT_EQ(steps[0].diff,
            (std::vector<plan::DiffLine>{
                {plan::Change::remove, "inbound_rules", R"({"action":"allow"})", ""}}));
}

TEST(CalicoV0Steps, WithoutExposureThePortStaysShut) {
  World world;
  world.topology.expose.reset();
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps), ElementsAre("calico/profile"));
  EXPECT_EQ(steps[0].diff.at(0).change, plan::Change::remove);
  EXPECT_THAT(steps[0].diff.at(0).before, HasSubstr("3306"));
}

TEST(CalicoV0Steps, WhileEtcdIsSilentEverythingIsEnsuredAndNothingTakenForAbsent) {
  World world;
  world.probes["docker1"].set("etcd json", "etcd down refused");
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps), Contains("calico/pool"));
  EXPECT_THAT(ids(steps), Contains("calico/docker2/node"));
  EXPECT_THAT(ids(steps), Contains("calico/mysql-slave2/endpoint"));
  for (const auto& one : steps) {
    if (one.id.text() == "calico/pool" || one.id.text().ends_with("/node")) {
      EXPECT_THAT(one.reason, HasSubstr("etcd does not answer"));
      EXPECT_THAT(one.needs, Contains("etcd/healthy"));
    }
  }
}

TEST(CalicoV0Steps, ACalicoctlThatMrcDidNotPutIsLeft) {
  World world;
  world.records["docker1"].erase("calico/calicoctl");
  world.probes["docker1"].set("calicoctl",
                              "calicoctl /usr/local/bin/calicoctl " + sha('f') + " 0.22.0");
  world.probes["docker2"].set("calicoctl",
                              "calicoctl /usr/local/bin/calicoctl " + sha('f') + " 0.21.0");
  EXPECT_THAT(ids(world.steps()), ElementsAre("calico/docker2/calicoctl"));
}

TEST(CalicoV0Steps, AHostWithoutServersGetsNoNode) {
  World world;
  world.be_bare();
  world.topology.mysql.servers.pop_back();
  EXPECT_THAT(ids(world.steps()), Not(Contains("calico/docker3/node")));
}

TEST(CalicoV0Steps, ANodeThatMrcDidNotStartIsLeftWhileItFits) {
  World world;
  world.records["docker2"].erase("calico/node");
  for (auto& line : world.probes["docker2"].lines) {
    const std::string from = "ETCD_ENDPOINTS=http://192.168.55.111:2379,";
    if (line.find(from) != std::string::npos && line.starts_with("container")) {
      line.replace(
          line.find('[') + 1,
          line.find(']') - line.find('[') - 1,
          R"("HOSTNAME=docker2.local","IP=192.168.55.112","ETCD_AUTHORITY=127.0.0.1:2379")");
    }
  }
  EXPECT_THAT(ids(world.steps()), IsEmpty());
  world.probes["docker1"].set("etcd json", "etcd down refused");
  EXPECT_THAT(ids(world.steps()), Not(Contains("calico/docker2/node")));
}

}  // namespace
}  // namespace mrc::test::calico
