#include <gmock/gmock.h>

#include "mrc/plan/plan.hpp"
#include "systems/etcd/probe.hpp"
#include "unit/systems/etcd/etcd_world.hpp"

namespace mrc::systems::etcd {
namespace {

using test::after;
using test::find;
using test::ids;
using test::k_unasked;
using test::stopped;
using test::with;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto k_two_healthy = "http://192.168.56.111:2379 http://192.168.56.113:2379";
constexpr auto k_three_healthy =
    "http://192.168.56.111:2379 http://192.168.56.112:2379 http://192.168.56.113:2379";

class EtcdMembership : public ::testing::Test {
 protected:
  std::vector<plan::Step> steps(const Observations& seen) const {
    EXPECT_THAT(world.system()->preflight(seen).value(), ::testing::IsEmpty());
    auto made = world.system()->steps(seen).value();
    plan::Plan::make(made);  // no cycle, no unknown step
    return made;
  }
  /// The three recorded, and a bare fourth.
  Observations with_fourth(std::vector<std::string> outputs, const std::string& fourth) const {
    outputs.push_back(fourth);
    auto seen = world.see(outputs, true);
    seen.put_record(world.host(3), {});
    return seen;
  }
  Observations departed(std::vector<std::string> outputs) const {
    auto seen = world.see(outputs, true);
    seen.put(HostId("docker9"), "etcd", {0, with(world.healthy[1], "docker1", "docker9"), {}});
    return seen;
  }
  /// docker1 as the only member.
  std::string alone() const {
    return with(
        world.healthy[0],
        R"({"ID":7727259836425290393,"name":"docker2","peerURLs":["http://192.168.56.112:2380"],"clientURLs":["http://192.168.56.112:2379"]},{"ID":8498354826229142501,"name":"docker3","peerURLs":["http://192.168.56.113:2380"],"clientURLs":["http://192.168.56.113:2379"]},)",
        "");
  }
  /// It has been told of docker2, which has not started: so it has no quorum.
  std::string half_way() const {
    return with(
        test::with_member({alone()}, R"({"ID":255,"peerURLs":["http://192.168.56.112:2380"]})")[0],
        "health ok",
        "health unhealthy");
  }
  Observations beside_one(const std::vector<std::string>& members,
                          const std::string& first,
                          const std::string& second) {
    world.topology.etcd.members.clear();
    for (const auto& one : members) world.topology.etcd.members.push_back({HostId(one), {}});
    auto seen = world.see({first, second, k_unasked}, true);
    seen.put_record(world.host(1), {});
    seen.put_record(world.host(2), {});
    return seen;
  }
  test::EtcdWorld world;
};

TEST_F(EtcdMembership, AnAddedHostJoinsTheRunningClusterAndNobodyRestarts) {
  world.add_host(true);
  const auto made = steps(with_fourth(world.healthy, world.absent));
  EXPECT_THAT(ids(made),
              ElementsAre("etcd/docker1/config",
                          "etcd/docker2/config",
                          "etcd/docker3/config",
                          "etcd/docker4/install",
                          "etcd/docker4/member-add",
                          "etcd/docker4/config",
                          "etcd/docker4/start",
                          "etcd/docker4/healthy"));
  EXPECT_THAT(made[0].reason, HasSubstr("no restart"));
  const auto& add = find(made, "etcd/docker4/member-add");
  EXPECT_EQ(
      add.apply.body(),
      fmt::format("mrc_etcd_member_add docker4 http://192.168.56.114:2380 {}\n", k_three_healthy));
  EXPECT_EQ(add.host, HostId("docker4"));
  const auto& config = find(made, "etcd/docker4/config");
  EXPECT_THAT(after(config), Contains("etcd/docker4/member-add"));
  EXPECT_THAT(
      config.diff,
      Contains(plan::DiffLine{plan::Change::create, "ETCD_INITIAL_CLUSTER_STATE", {}, "existing"}));
  EXPECT_EQ(add.risk, plan::Risk::safe);
}

TEST_F(EtcdMembership, TheSecondMemberCutsTheFirstOffForAMoment) {
  const auto made = steps(beside_one({"docker1", "docker2"}, alone(), world.absent));
  EXPECT_EQ(find(made, "etcd/docker2/member-add").risk, plan::Risk::disruptive);
  EXPECT_THAT(find(made, "etcd/docker2/member-add").impact, HasSubstr("etcd does not answer"));
}

TEST_F(EtcdMembership, ARunCutOffInThatMomentIsGoneOnWith) {
  const auto made = steps(beside_one({"docker1", "docker2"}, half_way(), world.disabled));
  EXPECT_THAT(ids(made),
              ElementsAre("etcd/docker1/config",
                          "etcd/docker2/config",
                          "etcd/docker2/start",
                          "etcd/docker2/healthy"));
}

TEST_F(EtcdMembership, ThenTheOneThatHasTheDataIsNotTakenForDead) {
  const auto made = steps(beside_one({"docker2"}, half_way(), world.disabled));
  const auto& removal = find(made, "etcd/docker1/member-remove");
  EXPECT_EQ(removal.host, HostId("docker2"));
  EXPECT_EQ(removal.risk, plan::Risk::disruptive);
  EXPECT_THAT(after(removal), ElementsAre("etcd/docker2/healthy"));
  EXPECT_THAT(find(made, "etcd/docker2/config").diff,
              Contains(plan::DiffLine{
                  plan::Change::create,
                  "ETCD_INITIAL_CLUSTER",
                  {},
                  "docker2=http://192.168.56.112:2380,docker1=http://192.168.56.111:2380"}));
}

TEST_F(EtcdMembership, AnAddedMemberHasNeitherNameNorClients) {
  const auto cluster = parse_members(test::fixture("etcd/member-list-unstarted-3.4.json")).value();
  EXPECT_EQ(cluster.members[0],
            (Member{4552136188827513425U, "", {"http://192.168.56.114:2380"}, {}}));
}

TEST_F(EtcdMembership, AMemberThatWasAddedAndNeverStartedIsGoneOnWith) {
  world.add_host(true);
  const auto outputs =
      test::with_member(world.healthy, R"({"ID":255,"peerURLs":["http://192.168.56.114:2380"]})");
  const auto made = steps(with_fourth(outputs, world.disabled));
  EXPECT_THAT(ids(made), Not(Contains("etcd/docker4/member-add")));
  EXPECT_EQ(find(made, "etcd/docker4/start").reason, "it was added and never started");
}

TEST_F(EtcdMembership, WhatAJoinThatFailedLeftIsClearedFirst) {
  world.add_host(true);
  const auto outputs =
      test::with_member(world.healthy, R"({"ID":255,"peerURLs":["http://192.168.56.114:2380"]})");
  auto seen = with_fourth(outputs, with(world.disabled, "data absent", "data begun"));
  seen.put_record(world.host(3), world.record);
  EXPECT_THAT(ids(steps(seen)), Contains("etcd/docker4/reset"));
}

TEST_F(EtcdMembership, ARemovedMemberLeavesTheClusterBeforeItsHostIsCleaned) {
  world.drop_member(1);
  const auto made = steps(world.see(world.healthy, true));
  EXPECT_THAT(ids(made),
              ElementsAre("etcd/docker1/config",
                          "etcd/docker3/config",
                          "etcd/docker2/member-remove",
                          "etcd/docker2/stop",
                          "etcd/docker2/restore-config",
                          "etcd/docker2/remove-data",
                          "etcd/docker2/remove-packages"));
  const auto& remove = find(made, "etcd/docker2/member-remove");
  EXPECT_EQ(remove.host, HostId("docker1"));
  EXPECT_EQ(remove.apply.body(),
            fmt::format("mrc_etcd_member_remove 6b3cbde16545c299 {}\n", k_two_healthy));
  EXPECT_EQ(remove.risk, plan::Risk::disruptive);
  EXPECT_THAT(after(find(made, "etcd/docker2/stop")), ElementsAre("etcd/docker2/member-remove"));
  EXPECT_THAT(made.back().forgets, ElementsAre("etcd/docker2/"));
}

TEST_F(EtcdMembership, ARemovalThatWasCutOffIsGoneOnWith) {
  world.drop_member(1);
  auto outputs = world.healthy;
  for (auto& output : outputs) {
    output = with(
        output,
        R"({"ID":7727259836425290393,"name":"docker2","peerURLs":["http://192.168.56.112:2380"],"clientURLs":["http://192.168.56.112:2379"]},)",
        "");
  }
  outputs[1] = stopped(world.healthy[1]);
  EXPECT_EQ(steps(world.see(outputs, true))[2].id.text(), "etcd/docker2/stop");
}

TEST_F(EtcdMembership, WhoComesIsThereBeforeALivingMemberLeaves) {
  world.add_host(true);
  world.drop_member(1);
  const auto made = steps(with_fourth(world.healthy, world.absent));
  EXPECT_THAT(after(find(made, "etcd/docker2/member-remove")), Contains("etcd/docker4/healthy"));
  EXPECT_THAT(find(made, "etcd/docker4/member-add").apply.body(), HasSubstr("112:2379"));
  // It joined a cluster of four; in the end its file names three.
  EXPECT_THAT(find(made, "etcd/docker4/config").diff,
              Contains(::testing::Field(&plan::DiffLine::after, HasSubstr("docker2="))));
  EXPECT_THAT(find(made, "etcd/docker4/members").diff[0].after, Not(HasSubstr("docker2=")));
}

TEST_F(EtcdMembership, ADeadMemberLeavesBeforeAnybodyComes) {
  world.add_host(true);
  world.drop_member(1);
  auto outputs = world.healthy;
  outputs[1] = stopped(outputs[1]);
  const auto made = steps(with_fourth(outputs, world.absent));
  EXPECT_THAT(after(find(made, "etcd/docker4/member-add")), Contains("etcd/docker2/member-remove"));
  EXPECT_THAT(find(made, "etcd/docker4/member-add").apply.body(), HasSubstr(k_two_healthy));
}

TEST_F(EtcdMembership, AWipedHostsMemberIsReplacedAndThatIsDrift) {
  auto seen = world.see({world.healthy[0], world.absent, world.healthy[2]}, true);
  seen.put_record(world.host(1), {});
  const auto made = steps(seen);
  EXPECT_THAT(ids(made),
              ElementsAre("etcd/docker2/install",
                          "etcd/docker2/member-remove",
                          "etcd/docker2/member-add",
                          "etcd/docker2/config",
                          "etcd/docker2/start",
                          "etcd/docker2/healthy"));
  for (const auto& step : made) EXPECT_EQ(step.cause, plan::Cause::drift) << step.id.text();
  EXPECT_EQ(made[1].host, HostId("docker1"));
  EXPECT_THAT(after(made[2]), Contains("etcd/docker2/member-remove"));
}

TEST_F(EtcdMembership, DataDeletedUnderARunningMemberAreLostAsWell) {
  const auto lost = with(world.healthy[1], "data present", "data absent");
  const auto made = steps(world.see({world.healthy[0], lost, world.healthy[2]}, true));
  EXPECT_THAT(ids(made), Contains("etcd/docker2/reset"));
  EXPECT_THAT(after(find(made, "etcd/docker2/reset")), Contains("etcd/docker2/member-remove"));
}

TEST_F(EtcdMembership, InASilentClusterThoseWithDataStartAndTheOthersAskThem) {
  const auto lost = with(stopped(world.healthy[1]), "data present", "data absent");
  const auto made =
      steps(world.see({stopped(world.healthy[0]), lost, stopped(world.healthy[2])}, true));
  EXPECT_EQ(made[0].id.text(), "etcd/docker1/start");
  EXPECT_EQ(made[1].id.text(), "etcd/docker3/start");
  const auto& add = find(made, "etcd/docker2/member-add");
  EXPECT_EQ(
      add.apply.body(),
      fmt::format("mrc_etcd_member_renew docker2 http://192.168.56.112:2380 {}\n", k_two_healthy));
  EXPECT_THAT(after(add), Contains("etcd/docker3/healthy"));
}

TEST_F(EtcdMembership, AFirstStartThatWasCutOffGoesOnAsNew) {
  world.record.erase("etcd/cluster");
  const auto never = with(stopped(world.healthy[1]), "data present", "data absent");
  const auto made = steps(world.see({stopped(world.healthy[0]), never, never}, true));
  EXPECT_THAT(ids(made), Not(Contains("etcd/docker2/member-add")));
  EXPECT_THAT(after(find(made, "etcd/docker1/healthy")), Contains("etcd/docker3/start"));
}

TEST_F(EtcdMembership, OnlyWhenNobodyHasDataAllBeginAnew) {
  const auto lost = with(stopped(world.healthy[1]), "data present", "data absent");
  const auto made = steps(world.see({lost, lost, lost}, true));
  EXPECT_THAT(find(made, "etcd/docker1/start").reason, HasSubstr("all begin anew"));
}

TEST_F(EtcdMembership, AWrongPeerAddressIsPutRightWithoutARestart) {
  auto outputs = world.healthy;
  for (auto& output : outputs) {
    output = with(output, R"(["http://192.168.56.112:2380"])", R"(["http://192.168.56.112:9"])");
  }
  const auto made = steps(world.see(outputs, true));
  EXPECT_THAT(ids(made), ElementsAre("etcd/docker2/member-update", "etcd/docker2/healthy"));
  EXPECT_EQ(made[0].cause, plan::Cause::drift);
  EXPECT_EQ(made[0].diff[0],
            (plan::DiffLine{plan::Change::update,
                            "peer url",
                            "http://192.168.56.112:9",
                            "http://192.168.56.112:2380"}));
}

TEST_F(EtcdMembership, AStoppedMemberOfAWrongAddressIsWaitedForOnce) {
  auto outputs = world.healthy;
  for (auto& output : outputs) {
    output = with(output, R"(["http://192.168.56.112:2380"])", R"(["http://192.168.56.112:9"])");
  }
  outputs[1] = stopped(outputs[1]);
  EXPECT_THAT(
      ids(steps(world.see(outputs, true))),
      ElementsAre("etcd/docker2/start", "etcd/docker2/member-update", "etcd/docker2/healthy"));
}

TEST_F(EtcdMembership, AReaddressedHostKeepsItsMember) {
  world.topology.hosts[2].ip = Ipv4::parse("192.168.56.119").value();
  auto outputs = world.healthy;
  outputs[2] = with(outputs[2], "health ok", "health no leader");
  const auto made = steps(world.see(outputs, true));
  EXPECT_THAT(after(find(made, "etcd/docker3/restart")), Contains("etcd/docker3/member-update"));
  EXPECT_THAT(find(made, "etcd/docker3/member-update").apply.body(),
              HasSubstr("http://192.168.56.119:2380 http://192.168.56.111:2379"));
  EXPECT_EQ(find(made, "etcd/docker3/member-update").cause, plan::Cause::change);
}

TEST_F(EtcdMembership, ARenamedHostKeepsItsMember) {
  world.topology.hosts[2].id = HostId("db3");
  world.topology.etcd.members[2] = {HostId("db3"), {}};
  auto seen = world.see(world.healthy, true);
  seen.put(HostId("docker3"), "etcd", {0, world.healthy[2], {}});
  seen.put_record(HostId("docker3"), world.record);
  seen.put_departed({{HostId("docker3"), {"192.168.56.113", "192.168.56.113", "", 0, ""}}});
  const auto made = steps(seen);
  EXPECT_THAT(
      ids(made),
      ElementsAre(
          "etcd/docker1/config", "etcd/docker2/config", "etcd/db3/config", "etcd/db3/restart"));
}

TEST_F(EtcdMembership, AHostThatLeftTheFileIsCleanedAfterItsCalico) {
  world.drop_host(2);
  auto seen = world.see({world.healthy[0], world.healthy[1]}, true);
  const HostId gone("docker3");
  seen.put(gone, "etcd", {0, world.healthy[2], {}});
  seen.put_record(gone, world.record);
  seen.put_departed({{gone, {"192.168.56.113", "192.168.56.113", "", 0, ""}}});
  const auto made = steps(seen);
  EXPECT_THAT(after(find(made, "etcd/docker3/stop")), Contains("etcd/docker3/member-remove"));
  EXPECT_THAT(find(made, "etcd/docker3/stop").needs, Contains("gone/network/docker3"));
  EXPECT_EQ(find(made, "etcd/docker3/stop").reason, "the host left the file");
  EXPECT_FALSE(world.system()->probe(gone).empty());
}

TEST_F(EtcdMembership, AHostThatWasGivenUpIsRemovedFromAnother) {
  world.drop_host(2);
  auto seen = world.see({world.healthy[0], world.healthy[1]}, true);
  seen.put_forgotten({{HostId("docker3"), {"192.168.56.113", "192.168.56.113", "", 0, ""}}});
  const auto made = steps(seen);
  const auto& remove = find(made, "etcd/docker3/member-remove");
  EXPECT_EQ(remove.host, HostId("docker1"));
  EXPECT_THAT(remove.gives, ElementsAre("gone/host/docker3/emptied"));
  EXPECT_EQ(remove.risk, plan::Risk::safe);
  EXPECT_THAT(ids(made), Not(Contains("etcd/docker3/stop")));
}

TEST_F(EtcdMembership, AHostOfNoMemberIsAskedOnlyForWhatIsOurs) {
  world.add_host(false);
  EXPECT_EQ(world.system()->probe(HostId("docker4")).body(),
            "mrc_etcd_probe_former try 192.168.56.114 2379 2380 /var/lib/etcd/default.etcd\n");
  EXPECT_THAT(steps(with_fourth(world.healthy, k_unasked)), ::testing::IsEmpty());
}

}  // namespace
}  // namespace mrc::systems::etcd
