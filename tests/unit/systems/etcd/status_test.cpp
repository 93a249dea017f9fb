#include <gmock/gmock.h>

#include "unit/systems/etcd/etcd_world.hpp"

namespace mrc::systems::etcd {
namespace {

using test::stopped;
using test::with;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Level = Verdict::Level;

class EtcdStatus : public ::testing::Test {
 protected:
  std::vector<Condition> rows(const std::vector<std::string>& outputs) const {
    return world.system()->status(world.see(outputs, true));
  }
  /// The row of docker1, when it said this and the others are well.
  Condition first(const std::string& output) const {
    return rows({output, world.healthy[1], world.healthy[2]}).at(0);
  }
  test::EtcdWorld world;
};

TEST_F(EtcdStatus, HealthyMembersAreAllOk) {
  const auto all = rows(world.healthy);
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[2],
            (Condition{"etcd", world.host(2), "", Level::ok, "healthy, 3 of 3 members, etcd 3.4"}));
}

TEST_F(EtcdStatus, EachFaultIsTold) {
  const auto& good = world.healthy[0];
  EXPECT_EQ(first(world.absent).text, "it is not installed");
  EXPECT_EQ(first(stopped(good)).text, "the unit is inactive");
  EXPECT_EQ(first(with(good, "health ok", "health no quorum")).text, "not healthy: no quorum");
  for (const auto& output :
       {world.absent, stopped(good), with(good, "health ok", "health no quorum")}) {
    EXPECT_EQ(first(output).level, Level::fail);
  }
  const auto not_at_boot = first(with(good, "=enabled", "=disabled"));
  EXPECT_EQ(not_at_boot.level, Level::warn);
  EXPECT_THAT(not_at_boot.text, HasSubstr("will not start at boot: the unit is disabled"));
  world.topology.etcd.members.pop_back();
  const auto more = first(good);
  EXPECT_EQ(more.level, Level::fail);
  EXPECT_THAT(more.text, HasSubstr("3 of 2 members"));
}

TEST_F(EtcdStatus, AHostThatWasNotReadIsNotKnownAndHidesNoOther) {
  const auto all = rows({world.healthy[0], world.healthy[1]});
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[1].level, Level::ok);
  EXPECT_EQ(
      all[2],
      (Condition{"etcd", world.host(2), "", Level::warn, "not known: the host could not be read"}));
}

TEST_F(EtcdStatus, ACutAnswerFails) {
  const auto& good = world.healthy[0];
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_EQ(first(good.substr(0, size)).level, Level::fail) << size;
  }
}

TEST_F(EtcdStatus, AClusterThatIsNotOursIsTheEndpointsThatAnswer) {
  world.topology.etcd.members.clear();
  world.topology.etcd.endpoints = {"http://10.0.0.9:2379", "http://10.0.0.8:2379"};
  const auto all =
      rows({"endpoint http://10.0.0.9:2379 ok\nendpoint http://10.0.0.8:2379 refused\nend\n"});
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_EQ(all[0].subject, "http://10.0.0.8:2379");
  EXPECT_EQ(all[0].text, "does not answer: refused");
  EXPECT_EQ(all[0].level, Level::fail);
  EXPECT_EQ(all[1].level, Level::ok);
  EXPECT_EQ(all[3].level, Level::warn);
}

}  // namespace
}  // namespace mrc::systems::etcd
