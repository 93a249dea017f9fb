#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "v0_world.hpp"

namespace mrc::test::calico {
namespace {

using ::testing::HasSubstr;
using Level = systems::Verdict::Level;

systems::Verdict judge(const std::string& id,
                       const std::string& host,
                       const systems::Observation& seen,
                       const std::string& subject = "") {
  for (const auto& check : World().system()->checks({})) {
    if (check.id == id && check.host.text() == host &&
        (subject.empty() || check.subject == subject)) {
      return check.judge(seen);
    }
  }
  throw std::logic_error("no check " + id);
}

TEST(CalicoV0Checks, PeersMustBeEstablished) {
  EXPECT_EQ(judge("MRC-V203", "docker1", {0, fixture("status-established.txt"), ""}).level,
            Level::ok);
  const auto connecting = judge("MRC-V203", "docker1", {0, fixture("status-connecting.txt"), ""});
  EXPECT_EQ(connecting.level, Level::fail);
  EXPECT_THAT(connecting.detail, HasSubstr("192.168.55.113: Connect"));
  EXPECT_THAT(connecting.detail, ::testing::Not(HasSubstr("192.168.55.112")));
  EXPECT_EQ(judge("MRC-V203", "docker1", {0, fixture("status-no-peers.txt"), ""}).level,
            Level::fail);
  EXPECT_THAT(judge("MRC-V203", "docker1", {0, fixture("status-bird-down.txt"), ""}).detail,
              HasSubstr("BIRD does not tell"));
  EXPECT_EQ(judge("MRC-V203", "docker1", {0, fixture("status-not-running.txt"), ""}).level,
            Level::fail);
}

TEST(CalicoV0Checks, PoolAndProfileMustBeExact) {
  const auto tree = World::tree();
  EXPECT_EQ(judge("MRC-V204", "docker1", {0, tree, ""}).level, Level::ok);
  EXPECT_EQ(judge("MRC-V205", "docker1", {0, tree, ""}).level, Level::ok);
  auto without = tree;
  const std::string port = R"(\"dst_ports\": [3306])";
  without.replace(without.find(port), port.size(), R"(\"dst_ports\": [3307])");
  const auto verdict = judge("MRC-V205", "docker1", {0, without, ""});
  EXPECT_EQ(verdict.level, Level::fail);
  EXPECT_THAT(verdict.detail, HasSubstr("has {\"action\":\"allow\",\"dst_ports\":[3307]"));
  EXPECT_THAT(verdict.detail, HasSubstr("lacks {\"action\":\"allow\",\"dst_ports\":[3306]"));
  auto nat = tree;
  const std::string pool = R"({\"cidr\": \"192.168.0.0/16\"})";
  nat.replace(
      nat.find(pool), pool.size(), R"({\"cidr\": \"192.168.0.0/16\", \"masquerade\": true})");
  EXPECT_THAT(judge("MRC-V204", "docker1", {0, nat, ""}).detail, HasSubstr("nat-outgoing"));
}

TEST(CalicoV0Checks, SilenceOfEtcdIsSaidAsSuch) {
  for (const auto* id : {"MRC-V204", "MRC-V205"}) {
    EXPECT_THAT(judge(id, "docker1", {1, "", "refused"}).detail,
                HasSubstr("etcd does not answer: refused"));
  }
  EXPECT_THAT(judge("MRC-V202", "docker1", {1, "docker1.local\n", "refused"}).detail,
              HasSubstr("etcd does not answer"));
}

TEST(CalicoV0Checks, TheEndpointMustBeThisContainersOnThisHost) {
  const auto seen = [](const std::string& host, const std::string& id) {
    return systems::Observation{0, host + "\n" + id + "\n" + World::tree(), ""};
  };
  const auto ask = [&](const systems::Observation& what) {
    return judge("MRC-V206", "docker2", what, "mysql-slave1");
  };
  EXPECT_EQ(ask(seen("docker2.local", World::container_id(1))).level, Level::ok);
  EXPECT_THAT(ask(seen("docker2.local", repeat("d4"))).detail, HasSubstr("another container"));
  EXPECT_THAT(ask(seen("docker2", World::container_id(1))).detail, HasSubstr("not docker2"));
  EXPECT_EQ(ask({1, "docker2.local\n", ""}).level, Level::fail);
}

TEST(CalicoV0Checks, NodesStandInEtcdWithTheirAddress) {
  EXPECT_EQ(judge("MRC-V202", "docker3", {0, "docker3.local\n" + World::tree(), ""}).level,
            Level::ok);
  EXPECT_EQ(judge("MRC-V202", "docker3", {0, "docker2.local\n" + World::tree(), ""}).level,
            Level::fail);
}

TEST(CalicoV0Checks, RoutesGoThroughTheServersHost) {
  const std::string good =
      "192.168.0.51 via 192.168.55.112 dev eth0 src 192.168.55.111 uid 0 \\    cache \n"
      "192.168.0.52 via 192.168.55.113 dev eth0 src 192.168.55.111 uid 0 \\    cache \n";
  EXPECT_EQ(judge("MRC-V208", "docker1", {0, good, ""}).level, Level::ok);
  const auto bad = judge("MRC-V208", "docker1", {0, good.substr(0, good.find('\n') + 1), ""});
  EXPECT_EQ(bad.level, Level::fail);
  EXPECT_EQ(bad.detail, "192.168.0.52 not via 192.168.55.113");
}

TEST(CalicoV0Checks, RpFilterTwoIsNamed) {
  EXPECT_EQ(judge("MRC-V209", "docker1", {0, "1\n1\n", ""}).level, Level::ok);
  EXPECT_THAT(judge("MRC-V209", "docker1", {0, "2\n1\n", ""}).detail, HasSubstr("rp_filter is 2"));
  EXPECT_THAT(judge("MRC-V209", "docker1", {0, "1\n0\n", ""}).detail, HasSubstr("ip_forward is 0"));
  EXPECT_EQ(judge("MRC-V209", "docker1", {1, "", "gone"}).level, Level::fail);
}

TEST(CalicoV0Checks, OneHostHasNoPeersToAskFor) {
  World world;
  world.topology.hosts.resize(1);
  world.topology.etcd.members.resize(1);
  world.topology.mysql.servers.resize(1);
  for (const auto& check : world.system()->checks({})) {
    EXPECT_NE(check.id, "MRC-V203");
    EXPECT_NE(check.id, "MRC-V208");
  }
}

}  // namespace
}  // namespace mrc::test::calico
