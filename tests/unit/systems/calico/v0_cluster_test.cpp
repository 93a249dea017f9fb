#include <gtest/gtest.h>

#include "systems/calico/v0/cluster.hpp"
#include "v0_world.hpp"

namespace mrc::systems::calico::v0 {
namespace {

using test::calico::fixture;

TEST(CalicoV0Cluster, ReadsPoolsProfilesNodesAndEndpoints) {
  const auto cluster = parse_cluster(fixture("etcd-ready.json"));
  ASSERT_TRUE(cluster) << cluster.error().text();
  EXPECT_TRUE(cluster->started);
  EXPECT_EQ(cluster->pools, (std::map<std::string, Pool>{{"192.168.0.0/16", {"", false}}}));
  ASSERT_TRUE(cluster->profiles.contains("mysql-replication"));
  EXPECT_EQ(cluster->profiles.at("mysql-replication").tags,
            std::set<std::string>{"mysql-replication"});
  EXPECT_EQ(cluster->nodes.at("docker2.local"), "192.168.55.112");
  ASSERT_EQ(cluster->endpoints.size(), 3U);
  const auto* endpoint = cluster->find_by_address("192.168.0.51");
  ASSERT_NE(endpoint, nullptr);
  EXPECT_EQ(*endpoint,
            (Endpoint{"docker2.local",
                      "docker",
                      test::calico::repeat("b2"),
                      "7a1c22d0e75b11e6b1a50242ac110002",
                      "active",
                      "cali7a1c22d0e75",
                      {"mysql-replication"},
                      {"192.168.0.51"}}));
  EXPECT_EQ(cluster->find_by_address("192.168.0.5"), nullptr);
}

TEST(CalicoV0Cluster, NoSuchKeyIsAnEmptyClusterButNoOtherErrorIs) {
  const auto none = parse_cluster(fixture("etcd-no-calico.json"));
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->started);
  EXPECT_TRUE(none->pools.empty());
  const auto election = parse_cluster(R"({"errorCode":301,"message":"During leader election"})");
  ASSERT_FALSE(election);
  EXPECT_EQ(election.error().kind, ErrorKind::unreadable);
}

TEST(CalicoV0Cluster, ReadsTheOptionsOfAPool) {
  const auto tree = [](const std::string& value) {
    return R"({"node":{"key":"/calico/v1/ipam/v4/pool/10.0.0.0-16","value":")" + value + "\"}}";
  };
  const auto both = parse_cluster(tree(
      R"({\"cidr\":\"10.0.0.0/16\",\"ipip\":\"tunl0\",\"masquerade\":true,\"disabled\":true})"));
  ASSERT_TRUE(both);
  EXPECT_EQ(both->pools.at("10.0.0.0/16"), (Pool{"ipip,nat-outgoing", true}));
  EXPECT_FALSE(parse_cluster(tree("{}")));
  EXPECT_FALSE(parse_cluster(tree("[1]")));
}

TEST(CalicoV0Cluster, CutAnywhereIsUnreadable) {
  auto text = fixture("etcd-ready.json");
  text.pop_back();
  for (std::size_t size = 0; size < text.size(); size += 29) {
    const auto cluster = parse_cluster(text.substr(0, size));
    ASSERT_FALSE(cluster) << size;
    ASSERT_EQ(cluster.error().kind, ErrorKind::unreadable);
  }
}

TEST(CalicoV0Cluster, AnEndpointThatIsNotJsonIsUnreadable) {
  auto text = fixture("etcd-ready.json");
  const std::string from = R"("value":"{\"state\")";
  text.replace(text.find(from), from.size(), R"("value":"#\"state\")");
  EXPECT_FALSE(parse_cluster(text));
}

}  // namespace
}  // namespace mrc::systems::calico::v0
