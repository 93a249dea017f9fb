// What is planned: from nothing, after changes, when things leave, and in the end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mrc/plan/milestone.hpp"
#include "v3_world.hpp"

namespace mrc::systems {
namespace {

using plan::Change;
using plan::Risk;
using test::calico3::after;
using test::calico3::ids;
using test::calico3::repeat;
using test::calico3::sha;
using test::calico3::step;
using test::calico3::World;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

TEST(CalicoV3Steps, AsWantedIsNothingToDo) { EXPECT_THAT(ids(World().steps()), IsEmpty()); }

TEST(CalicoV3Steps, FromNothingPoolAndProfileBeforeAnyNode) {
  World world;
  world.be_bare();
  const auto steps = world.steps();
  for (const auto* host : World::hosts) {
    const std::string node = std::string("calico/") + host + "/node";
    EXPECT_THAT(after(step(steps, node)),
                UnorderedElementsAre("calico/pool",
                                     "calico/profile",
                                     std::string("calico/") + host + "/calicoctl",
                                     std::string("calico/") + host + "/sysctl",
                                     std::string("calico/") + host + "/image"));
    EXPECT_THAT(after(step(steps, std::string("calico/") + host + "/peers")),
                AllOf(Contains("calico/docker1/node"), Contains("calico/docker3/node")));
    EXPECT_THAT(ids(steps), Contains(std::string("calico/") + host + "/cni"));
  }
  EXPECT_THAT(after(step(steps, "calico/profile")),
              ElementsAre("calico/docker1/calicoctl", "calico/pool"));
  EXPECT_THAT(step(steps, "calico/mysql-slave1/endpoint").needs,
              AllOf(Contains(plan::milestone::profile_open()),
                    Contains(plan::milestone::network_ready(HostId("docker2"))),
                    Contains(plan::milestone::container_running(ServerId("mysql-slave1")))));
  for (const auto& one : steps) {
    const bool waits = one.change == Change::run;
    EXPECT_EQ(one.goal.empty(), waits) << one.id.text();
  }
}

TEST(CalicoV3Steps, ThePoolIsForFixedAddressesOnly) {
  World world;
  world.be_bare();
  const auto steps = world.steps();
  const auto& pool = step(steps, "calico/pool");
  EXPECT_THAT(pool.goal,
              AllOf(HasSubstr(R"("assignmentMode": "Manual")"),
                    HasSubstr("\"allowedUses\": [\n      \"Workload\"\n    ]")));
  world.topology.calico.mode = topology::Calico::Mode::vxlan_cross_subnet;
  const auto tunnelled = world.steps();
  EXPECT_THAT(step(tunnelled, "calico/pool").goal,
              AllOf(HasSubstr(R"("vxlanMode": "CrossSubnet")"), HasSubstr("Tunnel")));
}

TEST(CalicoV3Steps, TheProgramsTravelCompressedAndOnlyWhereTheyAreMissing) {
  World world;
  world.probes["docker2"].set("file cni", "file cni absent");
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps), ElementsAre("calico/docker2/cni"));
  EXPECT_THAT(steps[0].apply.body(), HasSubstr("mrc_calico3_put_cni"));
  ASSERT_EQ(steps[0].apply.attachments().size(), 1U);
}

TEST(CalicoV3Steps, AProgramThatWasExchangedIsPutBackAndOneOfTheRightVersionIsLeft) {
  World world;
  world.probes["docker1"].set("file calicoctl", "file calicoctl " + sha('d') + " v3.32.1");
  EXPECT_THAT(ids(world.steps()), ElementsAre("calico/docker1/calicoctl"));
  world.records["docker1"].erase("calico3/file/calicoctl");
  EXPECT_THAT(ids(world.steps()), IsEmpty()) << "it was there before, and does";
}

TEST(CalicoV3Steps, WhatCannotBeHadEndsIt) {
  World world;
  world.be_bare();
  world.artefacts["calico"].pack = []() -> Result<Packed> {
    return fail(ErrorKind::io, "no route to the release");
  };
  EXPECT_THAT(world.system()->steps(world.seen()).error().text(), HasSubstr("no route"));
  EXPECT_THAT(world.titles(), Contains("cni of v3.32.1 cannot be had"));
}

TEST(CalicoV3Steps, TheOrderOfANodesVariablesDoesNotMatter) {
  World world;
  auto json = World::node_json(1);
  const auto at = json.find(R"("NO_DEFAULT_POOLS=true",)");
  json.erase(at, 24);
  json.insert(json.find(R"("IP=)"), R"("NO_DEFAULT_POOLS=true",)");
  world.probes["docker2"].set("container", "container calico-node " + json);
  EXPECT_THAT(ids(world.steps()), IsEmpty());
}

TEST(CalicoV3Steps, ANodeOfOtherEtcdMembersIsStartedAnewOneAtATime) {
  World world;
  for (std::size_t i = 0; i < 3; ++i) {
    auto json = World::node_json(i);
    json.replace(json.find(",http://192.168.55.113:2379"), 27, "");
    world.probes[World::hosts[i]].set("container", "container calico-node " + json);
  }
  const auto steps = world.steps();
  EXPECT_EQ(step(steps, "calico/docker1/node").risk, Risk::disruptive);
  EXPECT_THAT(after(step(steps, "calico/docker2/node")), Contains("calico/docker1/peers"));
  EXPECT_THAT(after(step(steps, "calico/docker3/node")), Contains("calico/docker2/peers"));
}

TEST(CalicoV3Steps, ANodenameFileWithANewlineIsMended) {
  World world;
  world.probes["docker3"].set("nodename", "nodename " + World::hex("docker3.local\n"));
  const auto steps = world.steps();
  EXPECT_THAT(step(steps, "calico/docker3/node").reason, HasSubstr("has not told its name"));
}

TEST(CalicoV3Steps, AChangedProfileIsShownRuleByRule) {
  World world;
  world.change_key("profiles/mysql-replication", "3306", "3307");
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps), ElementsAre("calico/profile"));
  ASSERT_EQ(steps[0].diff.size(), 2U);
  EXPECT_THAT(steps[0].diff[0].before, HasSubstr("3307"));
  EXPECT_THAT(steps[0].diff[1].after, HasSubstr("3306"));
  EXPECT_EQ(steps[0].gives, std::vector<plan::Milestone>{plan::milestone::profile_open()});
}

TEST(CalicoV3Steps, AnAutomaticPoolOfOursIsMadeManualAgain) {
  World world;
  world.change_key("ippools/mrc-10-77-0-0-24", "Manual", "Automatic");
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps), ElementsAre("calico/pool"));
  EXPECT_EQ(
      steps[0].diff,
      (std::vector<plan::DiffLine>{{Change::update, "assignmentMode", "Automatic", "Manual"}}));
}

TEST(CalicoV3Steps, ASilentEtcdIsUnknownNotEmpty) {
  World world;
  world.etcd = "etcd down no answer";
  const auto steps = world.steps();
  for (const auto* id :
       {"calico/pool", "calico/profile", "calico/docker1/node", "calico/mysql-slave2/endpoint"}) {
    EXPECT_THAT(step(steps, id).reason, HasSubstr("etcd does not answer yet")) << id;
  }
}

// -- endpoints

TEST(CalicoV3Endpoints, AfterARestartTheInterfaceIsGoneThoughEtcdHasTheEndpoint) {
  World world;
  world.probes["docker2"].set("address", "").set("route", "");
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps), ElementsAre("calico/mysql-slave1/endpoint"));
  EXPECT_EQ(steps[0].reason, "the container has lost the interface");
  EXPECT_THAT(steps[0].apply.body(), HasSubstr(World::container_id(1)));
}

TEST(CalicoV3Endpoints, ALostRouteIsEnough) {
  World world;
  world.probes["docker2"].set("route", "");
  EXPECT_EQ(step(world.steps(), "calico/mysql-slave1/endpoint").reason,
            "the host has no route to the container");
}

TEST(CalicoV3Endpoints, WhatOnlyTheRecordLacksCutsNobodyOff) {
  World world;
  world.records["docker2"]["calico3/endpoint/mysql-slave1"] =
      R"({"address":"10.77.0.51","container":"e5","node":"docker2.local",)"
      R"("profile":"mysql-replication"})";
  const auto steps = world.steps();
  EXPECT_EQ(step(steps, "calico/mysql-slave1/endpoint").reason, "mrc's record does not have it");
  EXPECT_THAT(step(steps, "calico/mysql-slave1/endpoint").undoes, IsEmpty());
}

TEST(CalicoV3Endpoints, ANewContainerTakesTheOldOnesAddress) {
  World world;
  world.probes["docker2"].set("server", "server mysql-slave1 " + repeat("e5") + " true 99");
  world.probes["docker2"].set("address", "").set("route", "");
  const auto steps = world.steps();
  const auto& one = step(steps, "calico/mysql-slave1/endpoint");
  EXPECT_THAT(one.reason, HasSubstr("an earlier container"));
  // It has to be taken off under the name and id that it was attached under.
  EXPECT_THAT(one.apply.body(),
              HasSubstr("docker2.local " + World::container_id(1) + " mysql-replication"));
}

TEST(CalicoV3Endpoints, AnotherProfileIsEnteredByAllBeforeTheFirstLeavesTheOldOne) {
  World world;
  world.topology.calico.profile = "orders";
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps), Contains("calico/profile"));
  const auto& join = step(steps, "calico/mysql-slave1/join");
  EXPECT_THAT(join.apply.body(),
              HasSubstr("mrc_calico3_profiles mysql-slave1 orders mysql-replication\n"));
  EXPECT_EQ(join.risk, Risk::safe);
  EXPECT_THAT(join.needs, Contains(plan::milestone::profile_open()));
  EXPECT_THAT(join.gives,
              ElementsAre(plan::milestone::endpoint_replaceable(ServerId("mysql-slave1"))));
  const auto& one = step(steps, "calico/mysql-master/endpoint");
  EXPECT_EQ(one.risk, Risk::safe);
  EXPECT_THAT(one.undoes, IsEmpty());
  EXPECT_THAT(one.reason, HasSubstr("it has the profiles 'mysql-replication'"));
  EXPECT_THAT(
      after(one),
      ElementsAre(
          "calico/mysql-master/join", "calico/mysql-slave1/join", "calico/mysql-slave2/join"));
  EXPECT_THAT(after(step(steps, "calico/docker1/former-remove")),
              Contains("calico/mysql-slave2/endpoint"));
}

TEST(CalicoV3Endpoints, AProfileThatSomebodySetIsTakenBackAtOnce) {
  World world;
  world.change_key("docker2.local-cni-" + World::container_id(1) + "-eth0",
                   R"("profiles":["mysql-replication"])",
                   R"("profiles":["other"])");
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps), ElementsAre("calico/mysql-slave1/endpoint"));
  EXPECT_EQ(steps.front().risk, Risk::safe);
}

TEST(CalicoV3Endpoints, OneIsTakenOffByTheNameOfItsNetworkNotOfItsProfile) {
  World world;
  auto& entry = world.records["docker3"]["calico3/endpoint/mysql-slave2"];
  entry.insert(entry.find("\"node\""), R"("network":"earlier",)");
  world.leave_file("docker3");
  const auto steps = world.steps();
  EXPECT_THAT(step(steps, "calico/docker3/mysql-slave2/endpoint-remove").apply.body(),
              HasSubstr("docker3.local " + World::container_id(2) + " earlier\n"));
}

TEST(CalicoV3Endpoints, RestoreIsTheSameAndWaitsForWhatItNeeds) {
  World world;
  const auto script = world.system()->restore(ServerId("mysql-slave1"));
  EXPECT_THAT(script.body(),
              HasSubstr("mrc_calico3_restore mysql-slave1 10.77.0.51 mysql-replication 10"));
  EXPECT_THAT(script.attachments(), IsEmpty());
  EXPECT_TRUE(world.system()->restore(ServerId("another")).empty());
}

// -- what leaves

TEST(CalicoV3Leaving, AServerAndItsHostTakeAllAlong) {
  World world;
  world.leave_file("docker3");
  const auto steps = world.steps();
  EXPECT_THAT(ids(steps),
              AllOf(Contains("calico/docker3/mysql-slave2/endpoint-remove"),
                    Contains("calico/docker3/node-remove"),
                    Contains("calico/docker3/files-remove"),
                    Not(Contains("calico/pool"))));
  const auto& endpoint = step(steps, "calico/docker3/mysql-slave2/endpoint-remove");
  EXPECT_THAT(endpoint.apply.body(),
              HasSubstr("mysql-slave2 10.77.0.52 docker3.local " + World::container_id(2) +
                        " mysql-replication"));
  EXPECT_EQ(endpoint.forgets, std::vector<std::string>{"calico/mysql-slave2/"});
  EXPECT_THAT(endpoint.gives, Contains(plan::milestone::endpoint_gone(ServerId("mysql-slave2"))));
}

TEST(CalicoV3Leaving, AHostThatIsGivenUpIsTakenOutOfEtcd) {
  World world;
  world.leave_file("docker3");
  world.forgotten = world.departed;
  world.departed.clear();
  world.probes.erase("docker3");
  world.records.erase("docker3");
  const auto steps = world.steps();
  const auto& one = step(steps, "calico/docker3/forget");
  EXPECT_EQ(one.host, HostId("docker1"));
  EXPECT_THAT(one.apply.body(), HasSubstr("mrc_calico3_dead_host 192.168.55.113 no"));
  EXPECT_THAT(one.gives, Contains(plan::milestone::host_emptied(HostId("docker3"))));
}

TEST(CalicoV3Leaving, AnOverlappingPoolOfOursIsPutInTheOldOnesPlace) {
  World world;
  world.topology.calico.pool.value = *Cidr::parse("10.77.0.0/16");
  const auto steps = world.steps();
  const auto& pool = step(steps, "calico/pool");
  EXPECT_EQ(pool.change, Change::replace);
  EXPECT_EQ(pool.risk, Risk::disruptive);
  EXPECT_THAT(pool.undoes, Contains("server/mysql-slave2/ready"));
  EXPECT_THAT(pool.apply.body(),
              HasSubstr("mrc_calico3_pool_swap mrc-10-77-0-0-24 mrc-10-77-0-0-16"));
}

TEST(CalicoV3Claims, ALostRecordIsWrittenAgain) {
  World world;
  world.records.erase("docker2");
  for (const auto* file : {"file calicoctl", "file cni"}) {
    world.probes["docker2"].set(file, std::string(file) + " " + sha('c') + " v3.32.1");
  }
  const auto steps = world.steps();
  ASSERT_THAT(ids(steps), ElementsAre("calico/docker2/note"));
  EXPECT_EQ(steps[0].cause, plan::Cause::drift);
  for (const auto* key : {"calico3/node", "calico3/file/cni", "calico3/endpoint/mysql-slave1"}) {
    EXPECT_THAT(steps[0].apply.body(), HasSubstr(key));
  }
}

// -- the end

TEST(CalicoV3Teardown, EverythingGoesInOrderAndProgramsLast) {
  const auto steps = World().teardown();
  EXPECT_THAT(after(step(steps, "calico/docker1/node-remove")),
              ElementsAre("calico/docker1/mysql-master/endpoint-remove"));
  EXPECT_THAT(after(step(steps, "calico/docker1/cluster-remove")),
              AllOf(Contains("calico/docker3/node-remove"),
                    Contains("calico/docker2/mysql-slave1/endpoint-remove")));
  EXPECT_THAT(after(step(steps, "calico/docker1/keys-remove")),
              Contains("calico/docker1/cluster-remove"));
  EXPECT_THAT(after(step(steps, "calico/docker1/files-remove")),
              Contains("calico/docker1/keys-remove"));
}

TEST(CalicoV3Teardown, OfNothingIsNothing) {
  World world;
  world.be_bare();
  EXPECT_THAT(ids(world.teardown()), IsEmpty());
}

TEST(CalicoV3Teardown, WhatAnotherDeploymentUsesIsLeftToIt) {
  World world;
  world.others["docker1"]["orders"] = {
      {"calico3/endpoint/db1",
       R"({"address":"10.77.0.60","container":")" + repeat("f6") +
           R"(","node":"docker1.local","profile":"mysql-replication"})"}};
  const auto steps = world.teardown();
  EXPECT_EQ(step(steps, "calico/docker1/node-remove").title, "leave the Calico node to orders");
  EXPECT_EQ(step(steps, "calico/docker1/files-remove").title, "leave Calico's programs to orders");
  EXPECT_THAT(after(step(steps, "calico/docker1/cluster-remove")),
              AllOf(Contains("calico/docker1/give-profile/mysql-replication"),
                    Contains("calico/docker1/give-pool/mrc-10-77-0-0-24")));
  EXPECT_THAT(step(steps, "calico/docker1/give-pool/mrc-10-77-0-0-24").apply.body(),
              HasSubstr(R"("cidr":"10.77.0.0/24")"));
  EXPECT_EQ(step(steps, "calico/docker2/node-remove").title, "remove the Calico node");
}

}  // namespace
}  // namespace mrc::systems
