// What the file changes, what somebody else changed, and whose the things are then.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mrc/plan/plan.hpp"
#include "v0_world.hpp"

namespace mrc::test::calico {
namespace {

using plan::Change;
using plan::DiffLine;
using plan::Risk;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using Diff = std::vector<DiffLine>;

/// Changes the text of one host's line that begins so.
void change_line(World& world,
                 const std::string& host,
                 const std::string& start,
                 const std::string& from,
                 const std::string& to) {
  for (auto& line : world.probes[host].lines) {
    if (!line.starts_with(start)) continue;
    const auto at = line.find(from);
    if (at == std::string::npos) throw std::logic_error("not in the line: " + from);
    line.replace(at, from.size(), to);
  }
}

TEST(CalicoV0Changes, EveryStepThatBringsAboutSomethingHasAGoalThatNoObservationChanges) {
  World bare;
  bare.be_bare();
  World silent;
  silent.be_bare("etcd down refused");
  const auto one = bare.steps();
  const auto other = silent.steps();
  ASSERT_EQ(ids(one), ids(other));
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].goal, other[i].goal);
    EXPECT_EQ(one[i].goal.empty(), one[i].change == Change::run) << one[i].id.text();
  }
}

TEST(CalicoV0Changes, ANodesDifferencesAreShownOneByOne) {
  World world;
  change_line(world, "docker2", "container calico-node", "IP=192.168.55.112", "IP=10.0.0.1");
  change_line(world, "docker2", "container calico-node", "\"running\":true", "\"running\":false");
  const auto steps = world.steps();
  EXPECT_EQ(step(steps, "calico/docker2/node").diff,
            (Diff{{Change::update, "calico-node state", "stopped", "running"},
                  {Change::update, "calico-node IP", "10.0.0.1", "192.168.55.112"}}));
  EXPECT_EQ(step(steps, "calico/docker2/node").risk, Risk::safe);
}

TEST(CalicoV0Changes, LibnetworkThatTheFileDoesNotWantGoesAndTheNodeRunsOn) {
  World world;
  world.topology.calico.libnetwork = false;
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps),
              ElementsAre("calico/docker1/node", "calico/docker2/node", "calico/docker3/node"));
  EXPECT_EQ(steps[0].title, "remove calico-libnetwork");
  EXPECT_EQ(steps[0].risk, Risk::safe);
  EXPECT_EQ(steps[0].diff,
            (Diff{{Change::remove, "calico-libnetwork", "calico/node-libnetwork:v0.9.0", ""}}));
}

TEST(CalicoV0Changes, LibnetworkThatIsNotOursAloneStays) {
  World world;
  world.topology.calico.libnetwork = false;
  world.records["docker1"].erase("calico/libnetwork");
  world.records["docker2"]["calico/libnetwork"] = R"({"image":"x","inherited":true})";
  world.others["docker3"]["second"] = {{"calico/node", R"({"image":"x"})"}};
  EXPECT_THAT(ids(world.steps()), IsEmpty());
}

TEST(CalicoV0Changes, ForwardingSwitchedOffIsMended) {
  World world;
  world.probes["docker2"].set("sysctl net/ipv4/ip_forward", "sysctl net/ipv4/ip_forward 0");
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps), ElementsAre("calico/docker2/sysctl"));
  EXPECT_EQ(steps[0].diff, (Diff{{Change::update, "net.ipv4.ip_forward", "0", "1"}}));
}

TEST(CalicoV0Changes, OtherMembersOfEtcdRestartNodesOneAtATime) {
  World world;
  world.topology.etcd.members.pop_back();
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps),
              IsSupersetOf({"calico/docker1/node", "calico/docker2/node", "calico/docker3/node"}));
  EXPECT_THAT(after(step(steps, "calico/docker2/node")), Contains("calico/docker1/peers"));
  EXPECT_THAT(after(step(steps, "calico/docker3/node")), Contains("calico/docker2/peers"));
  EXPECT_THAT(after(step(steps, "calico/docker1/peers")), ElementsAre("calico/docker1/node"));
  EXPECT_EQ(step(steps, "calico/docker3/node").risk, Risk::disruptive);
  EXPECT_THAT(step(steps, "calico/docker3/node").impact, HasSubstr("docker3 start anew"));
  EXPECT_EQ(plan::Plan::make(steps).steps().size(), steps.size());
}

TEST(CalicoV0Changes, ANewHostJoinsAndNoOtherNodeIsTouched) {
  World world;
  world.records.erase("docker3");
  world.probes["docker3"]
      .set("container calico-node", "container calico-node absent")
      .set("container calico-libnetwork", "container calico-libnetwork absent")
      .set("eth1", "")
      .set("route", "")
      .set("server", "server mysql-slave2 absent");
  const auto all = ids(world.steps());
  EXPECT_THAT(all, Contains("calico/docker3/node"));
  EXPECT_THAT(all, Contains("calico/docker1/peers"));
  EXPECT_THAT(all, Not(Contains("calico/docker1/node")));
}

TEST(CalicoV0Changes, ALostRecordIsNotedAgainAndNothingElse) {
  World world;
  world.records["docker1"].clear();
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps), ElementsAre("calico/docker1/note"));
  EXPECT_EQ(steps[0].cause, plan::Cause::drift);
  std::vector<std::string> keys;
  for (const auto& line : steps[0].diff) keys.push_back(line.after);
  EXPECT_THAT(keys,
              ElementsAre("calico/calicoctl",
                          "calico/cluster",
                          "calico/endpoint/mysql-master",
                          "calico/libnetwork",
                          "calico/node",
                          "calico/paths",
                          "calico/pool/192.168.0.0/16",
                          "calico/profile/mysql-replication"));
}

TEST(CalicoV0Changes, AfterALostRecordOtherDriftIsOursAsWell) {
  World world;
  world.records["docker2"].clear();
  change_line(world, "docker2", "container calico-node", "\"running\":true", "\"running\":false");
  world.probes["docker2"].set("bgp", "bgp free");
  EXPECT_THAT(world.findings(), IsEmpty());
  const auto steps = world.steps();
  EXPECT_THAT(after(step(steps, "calico/docker2/node")), Contains("calico/docker2/note"));
}

TEST(CalicoV0Changes, InAnotherOnesEtcdAPoolWithoutARecordIsNotOurs) {
  World world;
  world.records["docker1"].clear();
  world.topology.etcd.endpoints = {
      "http://192.168.55.111:2379", "http://192.168.55.112:2379", "http://192.168.55.113:2379"};
  world.topology.etcd.members.clear();
  const auto steps = world.steps();
  for (const auto& line : steps.at(0).diff) {
    EXPECT_FALSE(line.after.starts_with("calico/pool")) << line.after;
    EXPECT_NE(line.after, "calico/cluster");
  }
}

TEST(CalicoV0Changes, WhatAnotherDeploymentsRecordHasIsNotClaimed) {
  World world;
  world.others["docker2"]["second"] = {{"calico/node", R"({"image":"x"})"}};
  world.records["docker2"].clear();
  const auto steps = world.steps();
  for (const auto& line : steps.at(0).diff) EXPECT_NE(line.after, "calico/node");
}

TEST(CalicoV0Changes, AProfileOfAnotherNameIsEnteredByAllBeforeTheFirstLeavesTheOld) {
  World world;
  world.topology.calico.profile = "orders";
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps),
              ElementsAre("calico/profile",
                          "calico/mysql-master/join",
                          "calico/mysql-slave1/join",
                          "calico/mysql-slave2/join",
                          "calico/mysql-master/endpoint",
                          "calico/mysql-slave1/endpoint",
                          "calico/mysql-slave2/endpoint",
                          "calico/docker1/former-remove"));
  EXPECT_EQ(step(steps, "calico/mysql-slave1/join").diff,
            (Diff{{Change::update, "profiles", "mysql-replication", "orders,mysql-replication"}}));
  EXPECT_THAT(step(steps, "calico/mysql-slave1/join").needs, Contains("profile/open"));
  EXPECT_THAT(
      after(step(steps, "calico/mysql-master/endpoint")),
      ElementsAre(
          "calico/mysql-master/join", "calico/mysql-slave1/join", "calico/mysql-slave2/join"));
  EXPECT_THAT(after(step(steps, "calico/docker1/former-remove")),
              Contains("calico/mysql-slave2/endpoint"));
  EXPECT_THAT(step(steps, "calico/docker1/former-remove").apply.body(),
              HasSubstr("mrc_calico_profile_gone mysql-replication"));
  for (const auto& one : steps) EXPECT_EQ(one.risk, Risk::safe) << one.id.text();
}

TEST(CalicoV0Changes, AlsoAServerThatIsReplacedMeanwhileJoinsFirst) {
  World world;
  world.topology.calico.profile = "orders";
  auto seen = world.seen();
  seen.lose({"endpoint/mysql-master/ready"});
  const auto steps = world.system()->steps(seen).value();
  const auto& join = step(steps, "calico/mysql-master/join");
  EXPECT_THAT(join.needs, Not(Contains("container/mysql-master/running")));
  EXPECT_THAT(join.gives, ElementsAre("endpoint/mysql-master/replaceable"));
  EXPECT_THAT(after(step(steps, "calico/mysql-slave1/endpoint")),
              Contains("calico/mysql-master/join"));
  EXPECT_THAT(step(steps, "calico/mysql-master/endpoint").needs,
              Contains("container/mysql-master/running"));
}

TEST(CalicoV0Changes, AProfileThatIsNotOursIsLeftAtOnce) {
  World world;
  world.topology.calico.profile = "orders";
  world.records["docker1"].erase("calico/profile/mysql-replication");
  EXPECT_THAT(ids(world.steps()),
              ElementsAre("calico/profile",
                          "calico/mysql-master/endpoint",
                          "calico/mysql-slave1/endpoint",
                          "calico/mysql-slave2/endpoint"));
}

TEST(CalicoV0Changes, APoolThatOverlapsOursTakesItsPlaceInOneStep) {
  World world;
  world.topology.calico.pool.value = *Cidr::parse("192.168.0.0/17");
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps), ElementsAre("calico/pool"));
  EXPECT_EQ(steps[0].change, Change::replace);
  EXPECT_EQ(steps[0].risk, Risk::disruptive);
  EXPECT_THAT(steps[0].impact, HasSubstr("do not reach one another, some 10 s"));
  EXPECT_EQ(steps[0].diff,
            (Diff{{Change::remove, "pool", "192.168.0.0/16", ""},
                  {Change::create, "pool", "", "192.168.0.0/17"}}));
  EXPECT_THAT(steps[0].apply.body(),
              HasSubstr("mrc_calico_pool_swap 192.168.0.0/16 192.168.0.0/17"));
  EXPECT_THAT(steps[0].apply.body(), HasSubstr("192.168.0.51 192.168.55.112"));
}

TEST(CalicoV0Changes, NoRouteIsAwaitedToAServerThatHasNoneMeanwhile) {
  World world;
  world.topology.calico.pool.value = *Cidr::parse("192.168.0.0/17");
  world.probes["docker3"].set("route", "");
  auto seen = world.seen();
  EXPECT_TRUE(seen.lose({"endpoint/mysql-slave1/ready"}));
  const auto steps = world.system()->steps(seen).value();
  const auto& pool = step(steps, "calico/pool").apply.body();
  EXPECT_THAT(pool, HasSubstr("mrc_calico_routed"));
  EXPECT_THAT(pool, Not(HasSubstr("192.168.0.51 ")));
  EXPECT_THAT(pool, Not(HasSubstr("192.168.0.52 ")));
}

TEST(CalicoV0Changes, APoolElsewhereComesFirstAndTheOldOneGoesLast) {
  World world;
  world.topology.calico.pool.value = *Cidr::parse("10.77.0.0/24");
  for (std::size_t i = 0; i < 3; ++i) {
    world.topology.mysql.servers[i].address = *Ipv4::parse("10.77.0.5" + std::to_string(i));
  }
  const auto steps = world.steps();
  EXPECT_EQ(step(steps, "calico/pool").risk, Risk::safe);
  EXPECT_THAT(after(step(steps, "calico/docker1/former-remove")),
              IsSupersetOf({"calico/pool", "calico/mysql-slave2/endpoint"}));
  EXPECT_THAT(step(steps, "calico/docker1/former-remove").apply.body(),
              HasSubstr("mrc_calico_pool_gone 192.168.0.0/16"));
}

TEST(CalicoV0Changes, AHostWhoseLastServerWentLosesItsNode) {
  World world;
  world.topology.mysql.servers.pop_back();
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps),
              ElementsAre("calico/docker3/mysql-slave2/endpoint-remove",
                          "calico/docker3/node-remove",
                          "calico/docker3/calicoctl-remove"));
  EXPECT_THAT(
      steps[0].needs,
      ElementsAre("etcd/healthy", "gone/survival/mysql-slave2", "gone/exposure/mysql-slave2"));
  EXPECT_THAT(steps[0].gives, ElementsAre("gone/endpoint/mysql-slave2"));
  EXPECT_THAT(steps[0].forgets, ElementsAre("calico/mysql-slave2/"));
  EXPECT_EQ(steps[0].risk, Risk::disruptive);
  EXPECT_THAT(after(steps[1]), ElementsAre("calico/docker3/mysql-slave2/endpoint-remove"));
  // etcd stays: when it cannot be asked, nothing may be taken for gone.
  EXPECT_THAT(steps[1].apply.body(), HasSubstr("mrc_calico_etcd_goes=no"));
}

TEST(CalicoV0Changes, AServerThatMovesIsDetachedBeforeItIsAttached) {
  World world;
  world.topology.mysql.servers[2].host = HostId("docker2");
  world.probes["docker3"].set("server", "").set("eth1", "").set("route", "");
  world.probes["docker2"].set("end", "server mysql-slave2 absent");
  world.probes["docker2"].lines.emplace_back("end");
  EXPECT_THAT(world.findings(), IsEmpty());
  const auto steps = world.steps();
  const auto& attach = step(steps, "calico/mysql-slave2/endpoint");
  EXPECT_EQ(attach.host, HostId("docker2"));
  EXPECT_THAT(attach.needs, Contains("gone/endpoint/mysql-slave2"));
  EXPECT_EQ(step(steps, "calico/docker3/mysql-slave2/endpoint-remove").host, HostId("docker3"));
  EXPECT_EQ(plan::Plan::make(steps).steps().size(), steps.size());
}

TEST(CalicoV0Changes, AHostThatLeftTheFileIsEmptied) {
  World world;
  world.leave_file("docker3");
  EXPECT_FALSE(world.system()->probe(HostId("docker3")).empty());
  const auto all = ids(world.steps());
  EXPECT_THAT(all,
              IsSupersetOf({"calico/docker3/mysql-slave2/endpoint-remove",
                            "calico/docker3/node-remove",
                            "calico/docker3/calicoctl-remove"}));
  EXPECT_THAT(all, Not(Contains("calico/docker3/note")));
}

TEST(CalicoV0Changes, WhoLeavesHandsOnTheRecordOfPoolAndProfile) {
  World world;
  world.leave_file("docker1");
  world.topology.etcd.members.push_back({HostId("docker3"), {}});
  world.probes["docker2"].set("end", "etcd json " + World::tree());
  world.probes["docker2"].lines.emplace_back("end");
  world.records["docker1"]["did/calico/profile"] = R"("0123456789abcdef")";
  const auto steps = world.steps();
  const auto& take = step(steps, "calico/docker1/take-over");
  EXPECT_THAT(take.apply.body(), HasSubstr("mrc_record blog did/calico/profile"));
  EXPECT_EQ(take.host, HostId("docker2"));
  EXPECT_THAT(take.apply.body(), HasSubstr("mrc_record blog calico/pool/192.168.0.0/16"));
  EXPECT_THAT(take.apply.body(), HasSubstr("mrc_record blog calico/cluster"));
  const auto& leave = step(steps, "calico/docker1/leave-cluster");
  EXPECT_EQ(leave.host, HostId("docker1"));
  EXPECT_THAT(after(leave), ElementsAre("calico/docker1/take-over"));
  EXPECT_THAT(ids(steps), Not(Contains("calico/docker1/former-remove")));
}

TEST(CalicoV0Changes, AHostGivenUpIsTakenOutOfEtcdFromAnother) {
  World world;
  world.leave_file("docker3");
  world.forgotten = std::move(world.departed);
  world.departed.clear();
  world.probes.erase("docker3");
  world.records.erase("docker3");
  // Its server has moved to another host.
  topology::Server moved = world.topology.mysql.servers[0];
  moved.id = ServerId("mysql-slave2");
  moved.host = HostId("docker2");
  moved.address = *Ipv4::parse("192.168.0.52");
  world.topology.mysql.servers.push_back(moved);
  world.probes["docker2"].set("end", "server mysql-slave2 absent");
  world.probes["docker2"].lines.emplace_back("end");
  EXPECT_THAT(world.findings(), IsEmpty());
  const auto steps = world.steps();
  const auto& forget = step(steps, "calico/docker3/forget");
  EXPECT_EQ(forget.host, HostId("docker1"));
  EXPECT_THAT(forget.gives, ElementsAre("gone/host/docker3/emptied"));
  EXPECT_THAT(forget.apply.body(), HasSubstr("mrc_calico_dead_host 192.168.55.113 no"));
  EXPECT_THAT(step(steps, "calico/mysql-slave2/endpoint").needs,
              Contains("gone/host/docker3/emptied"));
  EXPECT_EQ(plan::Plan::make(steps).steps().size(), steps.size());
}

TEST(CalicoV0Changes, OfAHostGivenUpThatOthersHaveOnlyOurAddressesGo) {
  World world;
  world.leave_file("docker3");
  world.forgotten = std::move(world.departed);
  world.departed.clear();
  world.probes.erase("docker3");
  world.records.erase("docker3");
  world.others["docker1"]["second"] = {
      {"hosts",
       R"([{"id":"x","address":"x","ip":"192.168.55.113","user":"","port":22,"host_key":""}])"}};
  const auto steps = world.steps();
  EXPECT_THAT(step(steps, "calico/docker3/forget").apply.body(),
              HasSubstr("mrc_calico_dead_host 192.168.55.113 yes"));
}

TEST(CalicoV0Changes, ARenamedHostGivesUpItsFormerName) {
  World world;
  world.probes["docker3"].set("kernel", "kernel new.local");
  const auto steps = world.steps();
  EXPECT_THAT(
      step(steps, "calico/docker3/node").diff,
      IsSupersetOf({DiffLine{Change::update, "calico-node HOSTNAME", "docker3.local", "new.local"},
                    DiffLine{Change::remove, "node in etcd", "docker3.local", ""},
                    DiffLine{Change::create, "node in etcd", "", "new.local 192.168.55.113"}}));
  const auto& endpoint = step(steps, "calico/mysql-slave2/endpoint");
  EXPECT_EQ(endpoint.diff, (Diff{{Change::update, "host", "docker3.local", "new.local"}}));
  EXPECT_EQ(endpoint.risk, Risk::disruptive);
}

TEST(CalicoV0Changes, ANodeOfAFormerDeploymentNeedNotBeToTheLetter) {
  World world;
  world.records["docker2"]["calico/node"] = R"({"image":"calico/node:v0.22.0","inherited":true})";
  world.records["docker2"]["calico/calicoctl"] =
      R"({"sha256":")" + sha('f') + R"(","inherited":true})";
  world.probes["docker2"].set("calicoctl",
                              "calicoctl /usr/local/bin/calicoctl " + sha('f') + " 0.22.0");
  change_line(world, "docker2", "container", "http://192.168.55.111:2379,", "");
  EXPECT_THAT(ids(world.steps()), IsEmpty());
  world.probes["docker2"].set("calicoctl",
                              "calicoctl /usr/local/bin/calicoctl " + sha('e') + " 0.22.0");
  EXPECT_THAT(ids(world.steps()), ElementsAre("calico/docker2/calicoctl"));
}

TEST(CalicoV0Changes, TakingOverRecordsWhatFitsAndCorrectsWhatDoesNot) {
  World world;
  world.adopt = true;
  auto& record = world.records["docker2"];
  record.erase("calico/node");
  record.erase("calico/libnetwork");
  record.erase("calico/calicoctl");
  world.records["docker1"].erase("calico/pool/192.168.0.0/16");
  change_line(world, "docker2", "container calico-node", "IP=192.168.55.112", "IP=10.0.0.1");
  const auto steps = world.steps();
  EXPECT_EQ(step(steps, "calico/docker2/note").cause, plan::Cause::change);
  EXPECT_EQ(step(steps, "calico/docker1/note").diff,
            (Diff{{Change::create, "record", "", "calico/pool/192.168.0.0/16"}}));
  EXPECT_THAT(after(step(steps, "calico/docker2/node")), Contains("calico/docker2/note"));
  world.adopt = false;
  EXPECT_THAT(ids(world.steps()), Not(Contains("calico/docker2/note")));
}

TEST(CalicoV0Changes, TakingOverAnAddressNamesWhoLosesIt) {
  World world;
  world.adopt = true;
  world.records["docker2"].erase("calico/endpoint/mysql-slave1");
  world.probes["docker2"].set("server", "server mysql-slave1 " + repeat("d4") + " true 99");
  const auto steps = world.steps();
  const auto& one = step(steps, "calico/mysql-slave1/endpoint");
  EXPECT_THAT(one.impact, HasSubstr("b2b2b2b2b2b2 on docker2.local loses the address"));
  EXPECT_THAT(one.apply.body(), HasSubstr(World::container_id(1)));
}

}  // namespace
}  // namespace mrc::test::calico
