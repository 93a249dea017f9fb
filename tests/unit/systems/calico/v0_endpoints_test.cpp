#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "v0_world.hpp"

namespace mrc::test::calico {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const auto k_just_slave1 = ElementsAre("calico/mysql-slave1/endpoint");

std::string reason(const World& world) {
  const auto steps = world.steps();
  return ids(steps) == std::vector<std::string>{"calico/mysql-slave1/endpoint"}
             ? steps[0].reason
             : "other steps: " + ::testing::PrintToString(ids(steps));
}

TEST(CalicoV0Endpoints, NoContainerYet) {
  World world;
  world.probes["docker2"]
      .set("eth1", "")
      .set("route", "")
      .set("server", "server mysql-slave1 absent");
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps), k_just_slave1);
  EXPECT_THAT(steps[0].needs, Contains("container/mysql-slave1/running"));
  EXPECT_THAT(steps[0].needs, Contains("network/docker2/ready"));
  EXPECT_THAT(steps[0].gives, ElementsAre("endpoint/mysql-slave1/ready"));
  EXPECT_EQ(steps[0].host, HostId("docker2"));
}

TEST(CalicoV0Endpoints, AContainerThatIsAboutToBeReplacedLosesItsInterface) {
  const World world;
  auto seen = world.seen();
  EXPECT_TRUE(seen.lose({"endpoint/mysql-slave1/ready"}));
  const auto steps = world.system()->steps(seen).value();
  ASSERT_THAT(ids(steps), k_just_slave1);
  EXPECT_EQ(steps[0].reason, "its container is replaced");
}

TEST(CalicoV0Endpoints, ContainerStopped) {
  World world;
  world.probes["docker2"].set("server",
                              "server mysql-slave1 " + World::container_id(1) + " false 0");
  EXPECT_EQ(reason(world), "the container does not run");
}

TEST(CalicoV0Endpoints, NoEndpointHasTheAddress) {
  World world;
  const std::string endpoint = "/endpoint/7a1c22d0e75b11e6b1a50242ac110002";
  world.change_tree(World::container_id(1) + endpoint, repeat("d4") + endpoint);
  world.change_tree("192.168.0.51/32", "192.168.0.77/32");
  EXPECT_EQ(reason(world), "no endpoint has the address");
}

TEST(CalicoV0Endpoints, AnotherAddressOfTheSameContainer) {
  World world;
  world.topology.mysql.servers[1].address = *Ipv4::parse("192.168.0.61");
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps), k_just_slave1);
  EXPECT_EQ(steps[0].diff,
            (std::vector<plan::DiffLine>{
                {plan::Change::update, "address", "192.168.0.51", "192.168.0.61"}}));
  EXPECT_EQ(steps[0].risk, plan::Risk::disruptive);
  EXPECT_EQ(steps[0].impact, "mysql-slave1 cannot be reached, some 5 s");
}

TEST(CalicoV0Endpoints, ContainerMadeAnew) {
  World world;
  world.probes["docker2"].set("server", "server mysql-slave1 " + repeat("d4") + " true 99");
  EXPECT_THAT(reason(world), HasSubstr("earlier container, b2b2b2b2b2b2"));
  // The id under which mrc attached it is given along: that endpoint may be removed.
  EXPECT_THAT(world.steps()[0].apply.body(), HasSubstr(World::container_id(1)));
}

TEST(CalicoV0Endpoints, InterfaceLostByARestart) {
  World world;
  world.probes["docker2"].set("eth1", "").set("route", "");
  EXPECT_EQ(reason(world), "the container has lost the interface");
}

TEST(CalicoV0Endpoints, AnEth1OfDockerIsNotTheInterface) {
  World world;
  world.probes["docker2"].set("eth1", "eth1 mysql-slave1 172.18.0.2/16");
  EXPECT_EQ(reason(world), "the container has lost the interface");
}

TEST(CalicoV0Endpoints, FelixHasNotRoutedIt) {
  World world;
  world.probes["docker2"].set("route", "");
  EXPECT_EQ(reason(world), "the host has no route to the container");
  EXPECT_THAT(world.steps()[0].undoes, ElementsAre("server/mysql-slave1/ready"));
}

TEST(CalicoV0Endpoints, OnAnotherHostName) {
  World world;
  world.change_tree("/calico/v1/host/docker2.local/workload/docker/" + World::container_id(1) +
                        "/endpoint/7a1c22d0e75b11e6b1a50242ac110002",
                    "/calico/v1/host/docker2/workload/docker/" + World::container_id(1) +
                        "/endpoint/7a1c22d0e75b11e6b1a50242ac110002");
  EXPECT_EQ(reason(world), "the endpoint is on the host docker2");
  EXPECT_EQ(world.steps()[0].risk, plan::Risk::disruptive);
}

TEST(CalicoV0Endpoints, OtherProfiles) {
  World world;
  const std::string key = "/endpoint/7a1c22d0e75b11e6b1a50242ac110002";
  const std::string value =
      R"(,"value":"{\"state\": \"active\", \"name\": \"cali7a1c22d0e75\", \"mac\": \"6e:52:2c:fd:25:fc\", \"profile_ids\": [)";
  world.change_tree(key + "\"" + value + R"(\"mysql-replication\"])",
                    key + "\"" + value + R"(\"web\", \"mysql-replication\"])");
  EXPECT_EQ(reason(world), "it has the profiles 'web,mysql-replication'");
  EXPECT_EQ(world.steps()[0].risk, plan::Risk::safe);
  EXPECT_EQ(world.steps()[0].diff,
            (std::vector<plan::DiffLine>{
                {plan::Change::update, "profiles", "web,mysql-replication", "mysql-replication"}}));
}

TEST(CalicoV0Endpoints, NotInTheRecord) {
  World world;
  world.records["docker2"].erase("calico/endpoint/mysql-slave1");
  EXPECT_EQ(reason(world), "mrc's record does not have it");
  EXPECT_EQ(world.steps()[0].risk, plan::Risk::safe);
  EXPECT_THAT(world.steps()[0].undoes, IsEmpty());
}

TEST(CalicoV0Endpoints, TheAddressOfAForeignContainerIsRefusedBeforehand) {
  World world;
  world.records["docker2"].erase("calico/endpoint/mysql-slave1");
  world.probes["docker2"].set("server", "server mysql-slave1 " + repeat("d4") + " true 99");
  const auto findings = world.findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].title, "the address of mysql-slave1 is taken");
  EXPECT_THAT(findings[0].detail, HasSubstr("b2b2b2b2b2b2 on docker2.local"));
  EXPECT_THAT(findings[0].remedy, StartsWith("give the server another address"));
}

TEST(CalicoV0Endpoints, AnAddressThatTheServersUnitMovesRightNowIsToldAsSuch) {
  World world;
  // Its record has the new container already, etcd the one before.
  auto& record = world.records["docker2"]["calico/endpoint/mysql-slave1"];
  record.replace(record.find(World::container_id(1)), 64, repeat("d4"));
  world.probes["docker2"].set("server", "server mysql-slave1 " + repeat("d4") + " true 99");
  const auto findings = world.findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_THAT(findings[0].detail, HasSubstr("its unit gives it the address at this moment"));
  EXPECT_THAT(findings[0].remedy, StartsWith("see `mrc status`"));
}

}  // namespace
}  // namespace mrc::test::calico
