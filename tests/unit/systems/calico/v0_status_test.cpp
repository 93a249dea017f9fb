#include <gmock/gmock.h>

#include "v0_world.hpp"

namespace mrc::test::calico {
namespace {

using systems::Condition;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Level = systems::Verdict::Level;

std::vector<Condition> rows(const World& world) { return world.system()->status(world.seen()); }

/// "docker1 pool: text" of every row that is not ok.
std::vector<std::string> faults(const World& world) {
  std::vector<std::string> out;
  for (const auto& one : rows(world)) {
    if (one.level != Level::ok) {
      out.push_back(one.host.text() + " " + one.subject + ": " + one.text);
    }
  }
  return out;
}

TEST(CalicoV0Status, AllIsWellOnThreeHosts) {
  const World world;
  const auto all = rows(world);
  EXPECT_THAT(faults(world), IsEmpty());
  ASSERT_EQ(all.size(), 8U);
  EXPECT_EQ(all[1].text, "up as docker2.local, calico/node:v0.22.0");
  EXPECT_EQ(all[3], (Condition{"calico", HostId("docker1"), "pool", Level::ok, "192.168.0.0/16"}));
  EXPECT_EQ(all[4].text, "mysql-replication");
  EXPECT_EQ(all[7].text, "192.168.0.52, routed");
}

TEST(CalicoV0Status, OnlyWhatIsWrongFails) {
  World world;
  world.probes["docker2"].set("container calico-node", "container calico-node absent");
  world.probes["docker3"].set("eth1", "");
  EXPECT_EQ(faults(world),
            (std::vector<std::string>{
                "docker2 node: calico-node is not there",
                "docker3 mysql-slave2: 192.168.0.52: the container has lost the interface"}));
  world = World();
  world.change_tree("/pool/192.168.0.0-16", "/pools/192.168.0.0-16");
  EXPECT_EQ(faults(world), (std::vector<std::string>{"docker1 pool: 192.168.0.0/16 is not there"}));
}

TEST(CalicoV0Status, EtcdThatDoesNotAnswerIsOneRow) {
  World world;
  world.probes["docker1"].set("etcd", "etcd down connection refused");
  EXPECT_EQ(faults(world),
            (std::vector<std::string>{"docker1 etcd: does not answer: connection refused"}));
}

TEST(CalicoV0Status, AHostThatWasNotReadHidesNoOther) {
  World world;
  world.probes.erase("docker3");
  EXPECT_EQ(faults(world),
            (std::vector<std::string>{"docker3 node: not known: the host could not be read"}));
  EXPECT_EQ(rows(world).size(), 7U);
  world = World();
  world.probes.erase("docker1");
  EXPECT_EQ(faults(world).size(), 2U);
  EXPECT_THAT(faults(world)[1], HasSubstr("it is this host that is asked"));
}

TEST(CalicoV0Status, ACutAnswerFails) {
  World world;
  auto& probe = world.probes["docker2"];
  while (!probe.lines.empty()) {
    probe.lines.pop_back();
    ASSERT_THAT(faults(world), ::testing::SizeIs(1)) << probe.text();
  }
}

}  // namespace
}  // namespace mrc::test::calico
