// What is read: etcd's keys, a host's probe, a record.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "systems/calico/v3/probe.hpp"
#include "v3_world.hpp"

namespace mrc::systems::calico::v3 {
namespace {

using test::calico3::sha;
using test::calico3::World;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CalicoV3Cluster, WhatCalicoKeepsInEtcd) {
  const auto cluster = parse_cluster(World().tree()).value();
  EXPECT_TRUE(cluster.started);
  EXPECT_TRUE(cluster.ready);
  EXPECT_EQ(cluster.version, "v3.32.1");
  Pool pool;
  pool.name = "mrc-10-77-0-0-24";
  EXPECT_EQ(cluster.pools.at("10.77.0.0/24"), pool);
  EXPECT_EQ(cluster.nodes.at("docker2.local"), "192.168.55.112");
  const auto* endpoint = cluster.find_by_address("10.77.0.51");
  ASSERT_NE(endpoint, nullptr);
  EXPECT_EQ(*endpoint,
            (Endpoint{"docker2.local",
                      World::container_id(1),
                      "eth0",
                      World::link(1),
                      {"mysql-replication"},
                      {"10.77.0.51"}}));
  EXPECT_EQ(cluster.assigned.at("10.77.0.51"), "mysql-replication." + World::container_id(1));
  EXPECT_FALSE(cluster.assigned.contains("10.77.0.49"));
  EXPECT_FALSE(cluster.strict_affinity);
  EXPECT_TRUE(cluster.mesh);
}

TEST(CalicoV3Cluster, NoKeysAreAnEmptyCluster) {
  const auto cluster = parse_cluster(R"({"header":{"revision":"7"}})").value();
  EXPECT_FALSE(cluster.started);
  EXPECT_TRUE(cluster.endpoints.empty());
}

TEST(CalicoV3Cluster, UnreadableIsNeverAbsent) {
  EXPECT_FALSE(parse_cluster("").has_value());
  EXPECT_FALSE(parse_cluster("[]").has_value());
  EXPECT_THAT(parse_cluster(R"({"error":"etcdserver: no leader","code":14})").error().text(),
              HasSubstr("no leader"));
  EXPECT_FALSE(parse_cluster(R"({"header":{},"kvs":[{"key":"===="}]})").has_value());
  World world;
  world.change_key("ippools/mrc-10-77-0-0-24", R"("cidr":"10.77.0.0/24")", R"("cidr":7)");
  EXPECT_THAT(parse_cluster(world.tree()).error().text(), HasSubstr("ippools/mrc-10-77-0-0-24"));
  const auto whole = World().tree();
  for (std::size_t cut = 1; cut < whole.size(); cut += 97) {
    EXPECT_FALSE(parse_cluster(whole.substr(0, cut)).has_value()) << cut;
  }
}

TEST(CalicoV3Probe, AHostThatIsReady) {
  const auto seen = parse_probe(World().probes.at("docker2").text()).value();
  EXPECT_EQ(seen.node_name(), "docker2.local");
  EXPECT_EQ(seen.nodename, "docker2.local");
  EXPECT_EQ(seen.files.at("cni"), (File{sha('c'), ""}));
  EXPECT_EQ(seen.node->env.at("NODENAME"), "docker2.local");
  EXPECT_EQ(seen.servers.at(ServerId("mysql-slave1")).route, World::link(1));
  EXPECT_THAT(seen.networks, ElementsAre("eth0 192.168.55.0/24", "docker0 172.17.0.0/16"));
}

TEST(CalicoV3Probe, CutOffAnywhereIsAnError) {
  const auto whole = World().probes.at("docker2").text();
  for (std::size_t cut = 0; cut + 1 < whole.size(); ++cut) {
    EXPECT_FALSE(parse_probe(whole.substr(0, cut)).has_value()) << cut;
  }
}

TEST(CalicoV3Probe, ANodesNameIsLowercaseAndTheFileIsReadToTheLastByte) {
  auto probe = World().probes.at("docker2");
  probe.set("kernel", "kernel Docker2.Local")
      .set("nodename", "nodename =" + World::hex("docker2.local\n").substr(1));
  const auto seen = parse_probe(probe.text()).value();
  EXPECT_EQ(seen.node_name(), "docker2.local");
  EXPECT_EQ(seen.nodename, "docker2.local\n");
}

TEST(CalicoV3Made, OfTheRecordOnlyWhatIsOfThisGeneration) {
  const auto made = parse_made(World().records.at("docker1")).value();
  EXPECT_EQ(made.files.at("cni"), (MadeFile{sha('c'), "v3.32.1", false}));
  EXPECT_EQ(made.pools.at("mrc-10-77-0-0-24"), "10.77.0.0/24");
  EXPECT_TRUE(made.cluster);
  EXPECT_EQ(made.endpoints.at(ServerId("mysql-master")).node, "docker1.local");
  EXPECT_FALSE(parse_made({{"calico/node", R"({"image":"calico/node:v0.22.0"})"}})->anything);
  EXPECT_FALSE(parse_made({{"calico3/endpoint/a", R"({"address":"10.77.0.1"})"}}).has_value());
  EXPECT_FALSE(parse_made({{"calico3/pool/a", "true"}}).has_value());
}

}  // namespace
}  // namespace mrc::systems::calico::v3
