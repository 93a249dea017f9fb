#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "v0_world.hpp"

namespace mrc::test::calico {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> titles(const World& world) {
  std::vector<std::string> all;
  for (const auto& one : world.findings()) {
    all.push_back(one.host.text() + ": " + one.title);
    EXPECT_FALSE(one.remedy.empty()) << one.title;
  }
  return all;
}

TEST(CalicoV0Preflight, NothingOnReadyOrBareHosts) {
  EXPECT_THAT(titles(World()), IsEmpty());
  World world;
  world.be_bare();
  EXPECT_THAT(titles(world), IsEmpty());
  world.be_bare("etcd down refused");  // ours: its own steps start it
  EXPECT_THAT(titles(world), IsEmpty());
}

TEST(CalicoV0Preflight, ACalicoctlIsNeeded) {
  World world;
  world.be_bare();
  world.artefacts.clear();
  EXPECT_EQ(titles(world).size(), 3U);
  for (const auto* host : World::hosts) {
    world.probes[host].set("calicoctl", "calicoctl /usr/bin/calicoctl " + sha('f') + " 0.22.0");
  }
  EXPECT_THAT(titles(world), IsEmpty());
  world.probes["docker2"].set("calicoctl", "calicoctl /usr/bin/calicoctl " + sha('f') + " v3.32.1");
  EXPECT_THAT(titles(world), ElementsAre("docker2: another calicoctl is in the way"));
}

TEST(CalicoV0Preflight, ANodeOfSomebodyElseIsNotReplaced) {
  World world;
  world.records["docker3"].clear();
  for (auto& line : world.probes["docker3"].lines) {
    if (!line.starts_with("container calico-node")) continue;
    const auto list = line.find("http://192.168.55.111");
    line.replace(list, line.find('"', list) - list, "http://10.9.9.9:2379");
  }
  world.probes["docker3"].set("server", "server mysql-slave2 absent");
  const auto all = world.findings();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all[0].title, "a Calico node that mrc did not start is in the way");
  EXPECT_THAT(all[0].detail, HasSubstr("another cluster"));
}

TEST(CalicoV0Preflight, PortAndKernel) {
  World world;
  world.be_bare();
  world.topology.calico.ipip = true;
  world.probes["docker1"].set("bgp", "bgp taken");
  world.probes["docker2"].set("module xt_set", "module ipip no");
  EXPECT_THAT(titles(world),
              ElementsAre("docker1: TCP port 179 is taken", "docker2: the kernel has no IP-in-IP"));
}

TEST(CalicoV0Preflight, PoolsThatStandInTheWay) {
  World world;
  world.records["docker1"].erase("calico/pool/192.168.0.0/16");
  world.topology.calico.nat_outgoing = true;
  EXPECT_THAT(titles(world), ElementsAre("docker1: the address pool has other options"));
  world.topology.calico.pool.value = *Cidr::parse("192.168.0.0/24");
  EXPECT_THAT(titles(world), ElementsAre("docker1: another address pool overlaps"));
}

TEST(CalicoV0Preflight, AProfileOfSomebodyElseKeepsItsRules) {
  World world;
  world.records["docker1"].erase("calico/profile/mysql-replication");
  EXPECT_THAT(titles(world), IsEmpty());
  world.topology.expose.reset();
  EXPECT_THAT(titles(world), ElementsAre("docker1: the profile mysql-replication has other rules"));
}

TEST(CalicoV0Preflight, NamesAndAddressesMustTellHostsApart) {
  World world;
  world.be_bare();
  world.probes["docker2"].set("kernel", "kernel docker1.local");
  EXPECT_THAT(titles(world), ElementsAre("docker2: two hosts have one name"));
  World other;
  other.change_tree("\"value\":\"192.168.55.113\"", "\"value\":\"192.168.55.112\"");
  const auto all = other.findings();
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back().title, "another Calico node has this host's address");
}

TEST(CalicoV0Preflight, AHostThatWasRenamedIsStillTheSame) {
  World world;
  world.probes["docker3"].set("kernel", "kernel new.local");
  EXPECT_THAT(titles(world), IsEmpty());
}

TEST(CalicoV0Preflight, NobodyMayBeLeftOutsideTheNewPool) {
  World world;
  world.topology.calico.pool.value = *Cidr::parse("192.168.0.0/24");
  EXPECT_THAT(titles(world), IsEmpty());
  world.records["docker2"].erase("calico/endpoint/mysql-slave1");
  world.change_tree("192.168.0.51/32", "192.168.9.9/32");
  EXPECT_THAT(titles(world), ElementsAre("docker1: the pool 192.168.0.0/16 is still used"));
}

TEST(CalicoV0Preflight, WhatIsTakenOverIsNoFault) {
  World world;
  world.adopt = true;
  for (const auto* host : World::hosts) {
    world.records[host].clear();
    world.probes[host].set("calicoctl",
                           "calicoctl /usr/local/bin/calicoctl " + sha('f') + " 0.21.0");
    for (auto& line : world.probes[host].lines) {
      const auto env = line.find("\"restart\":\"always\"");
      if (env != std::string::npos) line.replace(env, 18, "\"restart\":\"no\"");
    }
  }
  world.topology.calico.nat_outgoing = true;
  world.topology.expose.reset();
  world.change_tree(World::container_id(1), repeat("d4"));
  EXPECT_THAT(titles(world), IsEmpty());
  world.adopt = false;
  EXPECT_THAT(titles(world), ::testing::Not(IsEmpty()));
}

TEST(CalicoV0Preflight, ASilentEtcdOfSomebodyElse) {
  World world;
  world.be_bare("etcd down refused");
  world.topology.etcd.members.clear();
  world.topology.etcd.endpoints = {"http://10.0.0.9:2379/"};
  EXPECT_THAT(titles(world), ElementsAre("docker1: etcd does not answer"));
}

}  // namespace
}  // namespace mrc::test::calico
