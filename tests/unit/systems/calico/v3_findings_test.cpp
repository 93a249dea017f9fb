// What stands in the way, what is asked afterwards, and how it stands.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "v3_world.hpp"

namespace mrc::systems {
namespace {

using test::calico3::repeat;
using test::calico3::sha;
using test::calico3::World;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(CalicoV3Preflight, NothingStandsInTheWay) {
  EXPECT_THAT(World().titles(), IsEmpty());
  World bare;
  bare.be_bare();
  EXPECT_THAT(bare.titles(), IsEmpty());
}

TEST(CalicoV3Preflight, AModeThatTheKernelLacks) {
  World world;
  world.topology.calico.mode = topology::Calico::Mode::ipip;
  world.be_bare();
  world.probes["docker2"].set("module", "module ipip no");
  EXPECT_THAT(world.titles(), ElementsAre("the kernel has no IP-in-IP"));
  world.probes["docker2"].set("module", "module vxlan no");
  world.topology.calico.mode = topology::Calico::Mode::vxlan_cross_subnet;
  EXPECT_THAT(world.titles(), ElementsAre("the kernel has no VXLAN"));
  world.topology.calico.mode = topology::Calico::Mode::none;
  EXPECT_THAT(world.titles(), IsEmpty());
}

TEST(CalicoV3Preflight, ThePoolAgainstTheHostsNetworksAndDockers) {
  World world;
  world.probes["docker2"].set("network eth0", "network eth0 10.77.0.0/16");
  ASSERT_THAT(world.titles(), ElementsAre("the pool overlaps a network of the host"));
  EXPECT_EQ(world.findings()[0].level, Verdict::Level::warn);
  world.probes["docker2"].set("network eth0", "network docker0 10.77.0.0/24");
  ASSERT_THAT(world.titles(), ElementsAre("the pool overlaps a network of Docker's"));
  EXPECT_EQ(world.findings()[0].level, Verdict::Level::fail);
}

TEST(CalicoV3Preflight, ATakenBgpPortFirewalldAndTwoKindsOfIptables) {
  World world;
  world.be_bare();
  world.probes["docker1"].set("bgp", "bgp taken").set("firewalld", "firewalld yes");
  world.probes["docker1"].set("iptables", "iptables both");
  EXPECT_THAT(world.titles(),
              ElementsAre("TCP port 179 is taken",
                          "firewalld runs",
                          "rules of both iptables-legacy and iptables-nft are in the kernel"));
}

TEST(CalicoV3Preflight, AProgramOfSomebodyElses) {
  World world;
  world.be_bare();
  world.probes["docker1"].set("file calicoctl", "file calicoctl " + sha('d') + " v3.31.0");
  const auto all = world.findings();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].title, "another /usr/local/bin/calicoctl is in the way");
  EXPECT_THAT(all[0].detail, HasSubstr("it is of v3.31.0"));
  world.adopt = true;
  EXPECT_THAT(world.titles(), IsEmpty());
}

TEST(CalicoV3Preflight, ANodeThatMrcDidNotStart) {
  World world;
  world.records["docker2"].erase("calico3/node");
  world.others["docker2"];
  auto json = World::node_json(1);
  json.replace(
      json.find(World::endpoints), std::string(World::endpoints).size(), "http://10.0.0.9:2379");
  world.probes["docker2"].set("container", "container calico-node " + json);
  EXPECT_THAT(world.titles(), ElementsAre("a Calico node that mrc did not start is in the way"));
}

TEST(CalicoV3Preflight, NamesThatAreOneInLowercase) {
  World world;
  world.be_bare();
  world.probes["docker2"].set("kernel", "kernel DOCKER1.local");
  EXPECT_THAT(world.titles(), ElementsAre("two hosts have one name"));
  world.probes["docker2"].set("kernel", "kernel docker_2");
  EXPECT_THAT(world.titles(), ElementsAre("Calico does not take the host's name"));
}

TEST(CalicoV3Preflight, AnAddressThatIsTaken) {
  World world;
  world.records["docker2"].erase("calico3/endpoint/mysql-slave1");
  world.probes["docker2"].set("server", "server mysql-slave1 " + repeat("e5") + " true 99");
  auto all = world.findings();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(all[0].detail, HasSubstr("the container b2b2b2b2b2b2 on docker2.local"));
  world.keys.erase(world.endpoint_key(1));
  all = world.findings();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(all[0].detail, HasSubstr("mysql-replication." + World::container_id(1)));
  EXPECT_THAT(all[0].remedy, StartsWith("give the server another address"));
}

TEST(CalicoV3Preflight, AnAddressThatIsANodesEndOfTheTunnel) {
  World world;
  world.topology.calico.mode = topology::Calico::Mode::vxlan;
  world.keys.erase(world.endpoint_key(1));
  world.change_key("block/10.77.0.0-26",
                   "mysql-replication." + World::container_id(1),
                   "vxlan-tunnel-addr-docker3.local");
  const auto all = world.findings();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].title, "the address of mysql-slave1 is taken");
  EXPECT_EQ(all[0].detail, "10.77.0.51 is the end of docker3.local's tunnel");
  EXPECT_THAT(all[0].remedy, StartsWith("give the server another address"));
}

TEST(CalicoV3Preflight, AnAddressThatANodesEndOfTheTunnelMayTake) {
  World world;
  world.be_bare();
  world.topology.calico.mode = topology::Calico::Mode::vxlan;
  EXPECT_THAT(world.titles(), IsEmpty());
  world.topology.mysql.servers[0].address = *Ipv4::parse("10.77.0.3");
  EXPECT_THAT(world.titles(), IsEmpty()) << "three nodes take three at most";
  world.topology.mysql.servers[0].address = *Ipv4::parse("10.77.0.66");
  ASSERT_THAT(world.titles(), ElementsAre("a node may take the address of mysql-master first"));
  EXPECT_EQ(world.findings()[0].level, Verdict::Level::warn);
  world.topology.calico.mode = topology::Calico::Mode::none;
  EXPECT_THAT(world.titles(), IsEmpty());
}

TEST(CalicoV3Preflight, AnAddressThatTheServersUnitMovesRightNow) {
  World world;
  auto& record = world.records["docker2"]["calico3/endpoint/mysql-slave1"];
  record.replace(record.find(World::container_id(1)), 64, repeat("e5"));
  world.probes["docker2"].set("server", "server mysql-slave1 " + repeat("e5") + " true 99");
  const auto all = world.findings();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_THAT(all[0].detail, HasSubstr("its unit gives it the address at this moment"));
  EXPECT_THAT(all[0].remedy, StartsWith("see `mrc status`"));
}

TEST(CalicoV3Preflight, AClusterThatCannotDo) {
  World world;
  world.keys["/calico/ipam/v2/config"] = R"({"strict_affinity":true})";
  world.keys[World::resources + std::string("globalnetworkpolicies/closed")] = R"({"spec":{}})";
  world.change_key("clusterinformations/default", "true", "false");
  world.change_key("bgpconfigurations/default", "{}", R"({"nodeToNodeMeshEnabled":false})");
  EXPECT_THAT(world.titles(),
              ElementsAre("network policies are in the cluster",
                          "Calico's datastore is locked",
                          "Calico's IPAM has strict affinity",
                          "the nodes' mesh is off"));
}

TEST(CalicoV3Preflight, AForeignClusterOfAnotherVersionAndASilentOne) {
  World world;
  world.be_bare("");
  world.topology.etcd.members.clear();
  world.topology.etcd.endpoints = {"http://10.0.0.9:2379"};
  world.keys = {{World::resources + std::string("clusterinformations/default"),
                 R"({"spec":{"calicoVersion":"v3.30.7","datastoreReady":true}})"}};
  EXPECT_THAT(world.titles(), ElementsAre("the cluster is of another version"));
  world.etcd = "etcd down no answer";
  EXPECT_THAT(world.titles(), ElementsAre("etcd does not answer"));
}

TEST(CalicoV3Preflight, PoolsAndProfilesOfOthers) {
  World world;
  world.be_bare("");
  world.keys = World::ready_keys();
  for (std::size_t i = 0; i < 3; ++i) {
    world.keys.erase(world.endpoint_key(i));
    world.keys.erase(World::resources + ("nodes/" + World::node(i)));
  }
  world.keys.erase("/calico/ipam/v2/assignment/ipv4/block/10.77.0.0-26");
  EXPECT_THAT(world.titles(), IsEmpty()) << "they fit";
  world.change_key("ippools/mrc-10-77-0-0-24", R"("ipipMode":"Never")", R"("ipipMode":"Always")");
  world.change_key("profiles/mysql-replication", "3306", "3307");
  EXPECT_THAT(world.titles(),
              ElementsAre("the address pool has other options",
                          "the profile mysql-replication has other rules"));
  world.change_key("ippools/mrc-10-77-0-0-24", "10.77.0.0/24", "10.77.0.0/16");
  EXPECT_THAT(world.titles(), Contains("another address pool overlaps"));
}

TEST(CalicoGenerations, EachFindsTheOthersRecords) {
  World today;
  today.be_bare();
  today.records["docker2"] = {{"calico/node", R"({"image":"calico/node:v0.22.0"})"}};
  auto all = today.findings();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].title, "current runs on Calico v0.22 here, and the file asks for v3");
  EXPECT_THAT(all[0].remedy, HasSubstr("mrc destroy"));
  EXPECT_FALSE(today.system()->teardown(today.seen(), false).has_value());

  test::calico::World article;
  article.records["docker3"]["calico3/node"] = "{}";
  all = article.findings();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].title, "blog runs on Calico v3 here, and the file asks for v0.22");
  EXPECT_FALSE(article.system()->teardown(article.seen(), false).has_value());
}

TEST(CalicoGenerations, AnotherDeploymentOfTheOtherOneKeepsItsHost) {
  World world;
  world.be_bare();
  world.records["docker1"];
  world.others["docker1"]["blog"] = {{"calico/node", "{}"}};
  const auto all = world.findings();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].title, "the deployment blog has Calico v0.22 on this host");
}

// -- checks

const Check& find(const std::vector<Check>& all,
                  const std::string& id,
                  const std::string& subject = "") {
  for (const auto& one : all) {
    if (one.id == id && (subject.empty() || one.subject == subject)) return one;
  }
  throw std::logic_error("no check " + id);
}

std::vector<Check> checks(const World& world) { return world.system()->checks({}); }

TEST(CalicoV3Checks, EachHasItsCodeAndHostsWithoutServersHaveNone) {
  std::map<std::string, int> count;
  for (const auto& one : checks(World())) ++count[one.id];
  EXPECT_EQ(count,
            (std::map<std::string, int>{{"MRC-V221", 3},
                                        {"MRC-V222", 3},
                                        {"MRC-V223", 3},
                                        {"MRC-V224", 1},
                                        {"MRC-V225", 1},
                                        {"MRC-V226", 3},
                                        {"MRC-V227", 3},
                                        {"MRC-V228", 3},
                                        {"MRC-V229", 3}}));
}

TEST(CalicoV3Checks, PoolAndProfileByWhatEtcdHolds) {
  World world;
  const auto all = checks(world);
  const auto judge = [&](const std::string& id) {
    return find(all, id).judge({0, world.tree(), ""});
  };
  EXPECT_EQ(judge("MRC-V224").level, Verdict::Level::ok);
  EXPECT_EQ(judge("MRC-V225").level, Verdict::Level::ok);
  world.change_key("ippools/mrc-10-77-0-0-24", "Manual", "Automatic");
  EXPECT_THAT(judge("MRC-V224").detail, HasSubstr("assignmentMode is Automatic, not Manual"));
  world.change_key("profiles/mysql-replication", "3306", "3307");
  EXPECT_THAT(judge("MRC-V225").detail, HasSubstr("lacks"));
  world.keys.clear();
  EXPECT_EQ(judge("MRC-V224").level, Verdict::Level::fail);
  EXPECT_EQ(judge("MRC-V225").level, Verdict::Level::fail);
  EXPECT_EQ(find(all, "MRC-V224").judge({1, "", "refused"}).level, Verdict::Level::fail);
}

TEST(CalicoV3Checks, AnEndpointIsJudgedByContainerNodeProfileAndIpam) {
  World world;
  const auto all = checks(world);
  const auto judge = [&](const std::string& container) {
    return find(all, "MRC-V226", "mysql-slave1")
        .judge({0, "docker2.local\n" + container + "\n" + world.tree(), ""});
  };
  EXPECT_EQ(judge(World::container_id(1)).level, Verdict::Level::ok);
  EXPECT_THAT(judge(repeat("e5")).detail, HasSubstr("that of another container"));
  world.keys.erase("/calico/ipam/v2/assignment/ipv4/block/10.77.0.0-26");
  EXPECT_THAT(judge(World::container_id(1)).detail, HasSubstr("IPAM holds the address for free"));
  world.keys.erase(world.endpoint_key(1));
  EXPECT_THAT(judge(World::container_id(1)).detail, HasSubstr("no endpoint has 10.77.0.51"));
}

// -- status

std::vector<std::string> rows(const World& world) {
  std::vector<std::string> out;
  for (const auto& one : world.system()->status(world.seen())) {
    if (one.level != Verdict::Level::ok) out.push_back(one.subject + ": " + one.text);
  }
  return out;
}

TEST(CalicoV3Status, AllIsWell) {
  EXPECT_THAT(rows(World()), IsEmpty());
  EXPECT_EQ(World().system()->status(World().seen()).size(), 8U);
}

TEST(CalicoV3Status, WhatIsWrongIsSaidInItsRow) {
  World world;
  world.probes["docker2"].set("address", "");
  world.probes["docker3"].set("container", "container calico-node absent");
  EXPECT_THAT(rows(world),
              ElementsAre("node: calico-node is not there",
                          "mysql-slave1: 10.77.0.51: the container has lost the interface"));
  world.etcd = "etcd down no answer";
  EXPECT_THAT(rows(world), Contains("etcd: does not answer: no answer"));
}

}  // namespace
}  // namespace mrc::systems
