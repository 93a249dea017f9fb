// Which host sees to pool and profile.

#include "systems/calico/keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "v3_world.hpp"

namespace mrc::systems::calico {
namespace {

using ::testing::HasSubstr;

const std::vector<HostId> k_hosts{HostId("docker1"), HostId("docker2"), HostId("docker3")};

TEST(CalicoKeeper, IsTheFirstWhenNobodyHasSeenToThemYet) {
  EXPECT_EQ(keeper(k_hosts, Observations()), HostId("docker1"));
}

TEST(CalicoKeeper, RemainsWhoSawToThemWhenAnotherHostBecomesTheFirst) {
  Observations seen;
  seen.put_record(HostId("docker3"), {{"did/calico/profile", R"("0123456789abcdef")"}});
  EXPECT_EQ(keeper(k_hosts, seen), HostId("docker3"));
  EXPECT_EQ(keeper({HostId("docker1"), HostId("docker2")}, seen), HostId("docker1"));
}

TEST(CalicoKeeper, SeesToThemInBothGenerations) {
  test::calico::World v0;
  v0.records["docker2"]["did/calico/pool"] = R"("0123456789abcdef")";
  v0.topology.calico.profile = "other";
  EXPECT_EQ(test::calico::step(v0.steps(), "calico/profile").host, HostId("docker2"));

  test::calico3::World v3;
  v3.records["docker2"]["did/calico/pool"] = R"("0123456789abcdef")";
  v3.topology.calico.profile = "other";
  EXPECT_EQ(test::calico3::step(v3.steps(), "calico/profile").host, HostId("docker2"));
}

TEST(CalicoKeeper, WhoeverComesAfterItGetsItsGoals) {
  test::calico3::World world;
  world.records["docker1"]["did/calico/profile"] = R"("0123456789abcdef")";
  world.leave_file("docker1");
  const auto steps = world.steps();
  const auto& take = test::calico3::step(steps, "calico/docker1/take-over");
  EXPECT_EQ(take.host, HostId("docker2"));
  EXPECT_THAT(take.apply.body(), HasSubstr("mrc_record current did/calico/profile"));
  EXPECT_THAT(test::calico3::step(steps, "calico/docker1/leave-cluster").apply.body(),
              HasSubstr("mrc_forget current did/calico/profile"));
}

}  // namespace
}  // namespace mrc::systems::calico
