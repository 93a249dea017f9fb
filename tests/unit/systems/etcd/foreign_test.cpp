#include <gmock/gmock.h>

#include "unit/systems/etcd/etcd_world.hpp"

namespace mrc::systems::etcd {
namespace {

using test::stopped;
using test::titles;
using test::with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class EtcdForeign : public ::testing::Test {
 protected:
  /// What preflight says, after seeing that `steps` refuses as well.
  std::vector<Finding> refused(const Observations& seen) const {
    EXPECT_FALSE(world.system()->steps(seen).has_value());
    return world.system()->preflight(seen).value();
  }
  std::vector<Finding> findings(const std::string& first) const {
    return world.system()->preflight(world.see({first, world.absent, world.absent}, false)).value();
  }
  test::EtcdWorld world;
};

TEST_F(EtcdForeign, ARunningMemberThatMrcDidNotMakeIsNeverAdopted) {
  const auto found = refused(world.see({world.absent, world.lone, world.absent}, false));
  EXPECT_THAT(titles(found), ElementsAre("docker2: etcd runs there already"));
  EXPECT_THAT(found[0].remedy, HasSubstr("systemctl disable --now etcd"));
}

TEST_F(EtcdForeign, EvenWhenItIsJustWhatTheFileWants) {
  EXPECT_EQ(refused(world.see(world.healthy, false)).size(), 3U);
}

TEST_F(EtcdForeign, DataThatMrcDidNotMakeAreRefused) {
  const auto data = with(world.disabled, "data absent", "data present");
  const auto found = refused(world.see({world.absent, world.absent, data}, false));
  EXPECT_THAT(titles(found), ElementsAre("docker3: the data directory of another etcd is there"));
  EXPECT_THAT(found[0].detail, HasSubstr("/var/lib/etcd/default.etcd"));
}

TEST_F(EtcdForeign, ATakenPortIsNamedWithItsHolder) {
  const auto taken = with(
      world.disabled,
      "data absent\n",
      "data absent\nlisten LISTEN 0 128 0.0.0.0:2379 0.0.0.0:* users:((\"other\",pid=7,fd=3))\n");
  const auto found = refused(world.see({taken, world.absent, world.absent}, false));
  EXPECT_THAT(titles(found), ElementsAre("docker1: port 2379 or 2380 is taken"));
  EXPECT_THAT(found[0].detail, HasSubstr("other"));
}

TEST_F(EtcdForeign, AChangeOfMembersIsRefusedHonestly) {
  world.topology.etcd.members.pop_back();
  const auto found = refused(world.see({world.healthy[0], world.healthy[1]}, true));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].title, "the members of the running cluster differ from the file's");
  EXPECT_THAT(found[0].detail, HasSubstr("docker3=http://192.168.56.113:2380"));
  EXPECT_THAT(found[0].remedy, HasSubstr("cannot add, remove or replace members"));
}

TEST_F(EtcdForeign, AFormerMemberThatTheFileNoLongerNamesIsFoundByItsRecord) {
  world.topology.etcd.members.pop_back();
  const auto found = refused(world.see(world.healthy, true));
  EXPECT_EQ(found[0].host, HostId("docker3"));
}

TEST_F(EtcdForeign, AChangeOfMembersOfAStoppedClusterIsSeenInItsConfiguration) {
  world.topology.hosts[2].ip = Ipv4::parse("192.168.56.119").value();
  const auto found = refused(world.see(
      {stopped(world.healthy[0]), stopped(world.healthy[1]), stopped(world.healthy[2])}, true));
  EXPECT_EQ(found.size(), 3U);
}

TEST_F(EtcdForeign, AMemberThatLostItsDataIsNotStartedEmpty) {
  const auto lost = with(stopped(world.healthy[1]), "data present", "data absent");
  const auto found = refused(world.see({world.healthy[0], lost, world.healthy[2]}, true));
  EXPECT_THAT(titles(found), ElementsAre("docker2: a member has lost its data"));
  EXPECT_THAT(found[0].remedy, HasSubstr("6b3cbde16545c299"));
}

TEST_F(EtcdForeign, AMemberThatNeverStartedIsStarted) {
  // A first apply that was cut off: two members made the quorum, the third has not yet run.
  auto outputs = world.healthy;
  for (auto& output : outputs) {
    output = with(output, R"("clientURLs":["http://192.168.56.112:2379"])", R"("clientURLs":[])");
  }
  outputs[1] = with(stopped(world.healthy[1]), "data present", "data absent");
  const auto steps = world.system()->steps(world.see(outputs, true)).value();
  EXPECT_THAT(test::ids(steps), ElementsAre("etcd/docker2/start", "etcd/docker2/healthy"));
}

TEST_F(EtcdForeign, TwoClustersAreSeen) {
  auto outputs = world.healthy;
  outputs[2] = with(outputs[2], "9771650236295947479", "9771650236295947480");
  EXPECT_THAT(titles(refused(world.see(outputs, true))),
              ElementsAre("docker3: docker1 and docker3 are in different clusters"));
}

TEST_F(EtcdForeign, WhatCannotWorkIsSaidBeforehand) {
  EXPECT_THAT(findings(world.absent), IsEmpty());
  EXPECT_THAT(titles(findings("systemd no\nend\n")), ElementsAre("docker1: no systemd there"));
  EXPECT_THAT(titles(findings(with(world.absent, "candidate 3.4.23-4+b4", "candidate 3.6.1"))),
              ElementsAre("docker1: etcd 3.6 has no v2 API"));
  EXPECT_THAT(titles(findings(with(world.absent, "manager apt", "manager none"))),
              ElementsAre("docker1: no package manager to install etcd with"));
  EXPECT_THAT(titles(findings(with(world.disabled, "FileState=disabled", "FileState=masked"))),
              ElementsAre("docker1: the unit etcd.service is masked"));
  EXPECT_THAT(
      titles(findings(with(world.disabled, "etcd $DAEMON_ARGS", "etcd --config-file=/etc/e.yml"))),
      ElementsAre("docker1: etcd.service takes its configuration from a YAML file"));
  EXPECT_THAT(titles(findings(with(world.disabled, "config-path /etc/default/etcd\n", ""))),
              ElementsAre("docker1: etcd.service reads no environment file"));
}

TEST_F(EtcdForeign, TodaysCalicoTakesTodaysEtcd) {
  world.topology.calico.version = "v3.32.1";
  EXPECT_THAT(findings(with(world.absent, "candidate 3.4.23-4+b4", "candidate 3.6.1")), IsEmpty());
}

TEST_F(EtcdForeign, InstallNoneWantsItInstalled) {
  world.topology.etcd.install = topology::Etcd::Install::none;
  EXPECT_EQ(findings(world.disabled).size(), 2U);  // docker2 and docker3 have none
}

}  // namespace
}  // namespace mrc::systems::etcd
