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

TEST_F(EtcdForeign, AMemberThatNobodyKnowsIsNotRemoved) {
  const auto outputs = test::with_member(
      world.healthy,
      R"({"ID":255,"name":"stranger","peerURLs":["http://10.0.0.9:2380"],"clientURLs":["http://10.0.0.9:2379"]})");
  const auto found = refused(world.see(outputs, true));
  EXPECT_THAT(titles(found),
              ElementsAre("docker1: the cluster has a member that mrc does not know"));
  EXPECT_THAT(found[0].detail, HasSubstr("stranger=http://10.0.0.9:2380"));
  EXPECT_THAT(found[0].remedy, HasSubstr("member remove ff"));
}

TEST_F(EtcdForeign, AMemberOfASilentClusterIsNotRemoved) {
  world.drop_member(2);
  auto outputs = world.healthy;
  for (auto& output : outputs) {
    output = with(stopped(output), ",docker3=http://192.168.56.113:2380", "");
  }
  EXPECT_THAT(titles(refused(world.see(outputs, true))),
              ElementsAre("docker3: a member of a cluster that does not answer cannot be removed"));
}

TEST_F(EtcdForeign, ChangesThatNoQuorumCanMakeAreRefused) {
  const auto lost = with(stopped(world.healthy[1]), "data present", "data absent");
  const auto found = refused(world.see(
      {with(world.healthy[0], "health ok", "health no leader"), lost, world.absent}, true));
  EXPECT_THAT(titles(found), ElementsAre("docker1: the etcd cluster has lost its quorum"));
  EXPECT_THAT(found[0].detail, HasSubstr("of 3 members 1 can take part (docker1), and 2"));
}

TEST_F(EtcdForeign, OnesThatAreSilentAndLostAsWell) {
  const auto lost = with(stopped(world.healthy[1]), "data present", "data absent");
  EXPECT_THAT(titles(refused(world.see({stopped(world.healthy[0]), lost, lost}, true))),
              ElementsAre("docker1: the etcd cluster has lost its quorum"));
}

TEST_F(EtcdForeign, DataAreNotMoved) {
  world.topology.etcd.data_dir = "/srv/etcd";
  EXPECT_EQ(refused(world.see(world.healthy, true))[0].title,
            "a member's data directory cannot be moved");
}

TEST_F(EtcdForeign, WhatRunsIsAdoptedWhenItIsTheWantedMember) {
  world.adopt = true;
  const auto seen = world.see(world.healthy, false);
  EXPECT_THAT(world.system()->preflight(seen).value(), IsEmpty());
  const auto steps = world.system()->steps(seen).value();
  EXPECT_THAT(test::ids(steps),
              ElementsAre("etcd/docker1/record", "etcd/docker2/record", "etcd/docker3/record"));
  EXPECT_EQ(steps[0].apply.body(), "mrc_etcd_adopt try http://192.168.56.111:2379\n");
  EXPECT_EQ(steps[0].cause, plan::Cause::change);
}

TEST_F(EtcdForeign, WhatIsNotTheWantedMemberIsNotAdopted) {
  world.adopt = true;
  const auto found = refused(world.see({world.absent, world.lone, world.absent}, false));
  EXPECT_THAT(titles(found),
              ElementsAre("docker2: the etcd there is not the member that the file wants"));
  EXPECT_THAT(found[0].detail, HasSubstr("it does not tell its members"));
  world.topology.etcd.cluster_token = "other";
  EXPECT_THAT(refused(world.see(world.healthy, false))[0].detail,
              HasSubstr("ETCD_INITIAL_CLUSTER_TOKEN is etcd-cluster-1; the file wants other"));
}

TEST_F(EtcdForeign, AChangeOfMembersOfAStoppedClusterIsSeenInItsConfiguration) {
  world.topology.hosts[2].ip = Ipv4::parse("192.168.56.119").value();
  const auto found = refused(world.see(
      {stopped(world.healthy[0]), stopped(world.healthy[1]), stopped(world.healthy[2])}, true));
  EXPECT_EQ(found.size(), 3U);
}

TEST_F(EtcdForeign, AMemberThatNeverStartedIsStarted) {
  // A first apply that was cut off: two members made the quorum, the third has not yet run.
  auto outputs = world.healthy;
  for (auto& output : outputs) {
    output = with(output, R"("clientURLs":["http://192.168.56.112:2379"])", R"("clientURLs":[])");
  }
  outputs[1] = with(stopped(world.healthy[1]), "data present", "data absent");
  const auto steps = world.system()->steps(world.see(outputs, true)).value();
  EXPECT_THAT(test::ids(steps),
              ElementsAre("etcd/docker2/config", "etcd/docker2/start", "etcd/docker2/healthy"));
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
