#include <gtest/gtest.h>

#include "systems/calico/v0/probe.hpp"
#include "v0_world.hpp"

namespace mrc::systems::calico::v0 {
namespace {

using test::calico::World;

TEST(CalicoV0Probe, ReadsAReadyHost) {
  World world;
  const auto seen = parse_probe(world.probes["docker1"].text());
  ASSERT_TRUE(seen) << seen.error().text();
  EXPECT_EQ(seen->kernel_name, "docker1.local");
  EXPECT_EQ(seen->sysctls.at("net/ipv4/conf/all/rp_filter"), "1");
  EXPECT_FALSE(seen->modules.at("ipip"));
  EXPECT_TRUE(seen->bgp_port_taken);
  ASSERT_TRUE(seen->calicoctl);
  EXPECT_EQ(seen->calicoctl->version, "");
  ASSERT_TRUE(seen->node);
  EXPECT_EQ(seen->node->env.at("HOSTNAME"), "docker1.local");
  EXPECT_EQ(seen->node->env.at("IP6"), "");
  EXPECT_TRUE(seen->images.at("calico/node:v0.22.0"));
  const auto& server = seen->servers.at(ServerId("mysql-master"));
  EXPECT_EQ(server.container, World::container_id(0));
  EXPECT_TRUE(server.running);
  EXPECT_EQ(server.addresses, std::set<std::string>{"192.168.0.50/32"});
  EXPECT_EQ(server.route, "cali64503f18e75");
  ASSERT_TRUE(seen->cluster);
}

TEST(CalicoV0Probe, SilenceOfEtcdIsNoEmptyCluster) {
  World world;
  world.probes["docker1"].set("etcd json", "etcd down http://h:2379: connection refused");
  const auto seen = parse_probe(world.probes["docker1"].text());
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->cluster);
  EXPECT_EQ(seen->etcd_why, "http://h:2379: connection refused");
}

TEST(CalicoV0Probe, CutAnywhereIsUnreadable) {
  World world;
  for (const auto* host : World::hosts) {
    const auto text = world.probes[host].text();
    for (std::size_t size = text.size(); size-- > 0; size -= std::min<std::size_t>(size, 6)) {
      const auto seen = parse_probe(text.substr(0, size));
      ASSERT_FALSE(seen) << host << " cut at " << size;
      ASSERT_EQ(seen.error().kind, ErrorKind::unreadable);
    }
  }
}

TEST(CalicoV0Probe, ALineItDoesNotKnowIsUnreadable) {
  World world;
  for (const auto* bad : {"surprise 1",
                          "bgp maybe",
                          "calicoctl /usr/local/bin/calicoctl abc -",
                          "container calico-node {\"image\":1}",
                          "container other absent",
                          "server mysql-slave1 abc true 1",
                          "etcd json {\"errorCode\":300}",
                          "etcd what"}) {
    auto probe = world.probes["docker2"];
    probe.set("end", bad);
    probe.lines.emplace_back("end");
    EXPECT_FALSE(parse_probe(probe.text())) << bad;
  }
}

TEST(CalicoV0Probe, OnlyTheFirstHostWithAServerAsksEtcd) {
  World world;
  const auto system = world.system();
  EXPECT_NE(system->probe(HostId("docker1")).body().find(" yes "), std::string::npos);
  EXPECT_EQ(system->probe(HostId("docker2")).body().find(" yes "), std::string::npos);
  world.topology.mysql.servers.erase(world.topology.mysql.servers.begin());
  EXPECT_NE(world.system()->probe(HostId("docker2")).body().find(" yes "), std::string::npos);
}

TEST(CalicoV0Probe, AFailedProbeOfOneHostStopsThePlan) {
  World world;
  auto seen = world.seen();
  seen.put(HostId("docker3"), "calico", {1, "", "ip: not found"});
  const auto system = world.system();
  EXPECT_EQ(system->steps(seen).error().kind, ErrorKind::unreadable);
  EXPECT_EQ(system->teardown(seen, false).error().kind, ErrorKind::unreadable);
  EXPECT_EQ(system->preflight(seen).error().kind, ErrorKind::unreadable);
}

TEST(CalicoV0Probe, ReadsTheRecord) {
  World world;
  const auto made = parse_made(world.records["docker1"]);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->calicoctl_sha256, test::calico::sha('c'));
  EXPECT_TRUE(made->node);
  EXPECT_EQ(made->images, std::vector<std::string>{"calico/node:v0.22.0"});
  EXPECT_THAT(made->pools,
              ::testing::ElementsAre(::testing::Pair("192.168.0.0/16", "192.168.0.0/16")));
  EXPECT_EQ(made->endpoints.at(ServerId("mysql-master")).container, World::container_id(0));
  EXPECT_EQ(made->sysctls.size(), 2U);
  EXPECT_FALSE(parse_made({{"calico/sysctl", "1"}}));
  EXPECT_FALSE(parse_made({{"calico/endpoint/x", "{}"}}));
  EXPECT_TRUE(parse_made({{"etcd/unit", "1"}}));
}

}  // namespace
}  // namespace mrc::systems::calico::v0
