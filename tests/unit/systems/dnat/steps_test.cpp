#include <gmock/gmock.h>

#include "mrc/plan/milestone.hpp"
#include "mrc/systems/failover.hpp"
#include "systems/dnat/dnat.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::systems::dnat {
namespace {

using test::after;
using test::find;
using test::fixture;
using test::ids;
using test::observe;
using test::titles;
using test::with;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string k_first = "rule -A PREROUTING -d 192.168.56.111/32";
const std::string k_article =
    "rule -A PREROUTING -i eth0 -p tcp -m tcp --dport 3306 -j DNAT --to-destination "
    "10.0.0.9:3306\n";

class DnatSystem : public ::testing::Test {
 protected:
  DnatSystem()
      : bare(fixture("dnat/bare-1.8.9-docker1.txt")),
        exposed({fixture("dnat/exposed-1.8.9-docker1.txt"),
                 fixture("dnat/exposed-1.8.9-docker2.txt"),
                 fixture("dnat/exposed-1.8.9-docker3.txt")}) {}

  Observations see(std::vector<std::string> outputs, bool recorded = true) const {
    auto seen = observe(world, "dnat", outputs);
    for (std::size_t i = 0; recorded && i < 3; ++i) {
      seen.put_record(world.host(i),
                      {{fmt::format("dnat/mysql-{}", i + 1), R"({"port":3306,"to":"x"})"}});
    }
    return seen;
  }
  std::vector<plan::Step> steps(const Observations& seen) const {
    return make_dnat(world.inputs())->steps(seen).value();
  }
  std::vector<plan::Step> steps_with_first(const std::string& output) const {
    return steps(see({output, exposed[1], exposed[2]}));
  }
  std::vector<Finding> findings(const std::string& output) const {
    return make_dnat(world.inputs())->preflight(see({output, exposed[1], exposed[2]})).value();
  }
  Verdict verdict(const std::string& id, const std::string& output) const {
    for (const auto& check : make_dnat(world.inputs())->checks({})) {
      if (check.id == id && check.host == world.host(0)) return check.judge({0, output, {}});
    }
    throw std::runtime_error("no check " + id);
  }

  test::World world;
  std::string bare;
  std::vector<std::string> exposed;
};

TEST_F(DnatSystem, AsWantedNeedsNothing) {
  EXPECT_THAT(steps(see(exposed)), IsEmpty());
  EXPECT_THAT(findings(exposed[0]), IsEmpty());
  EXPECT_EQ(verdict("MRC-V601", exposed[0]).level, Verdict::Level::ok);
  EXPECT_EQ(verdict("MRC-V602", exposed[0]).level, Verdict::Level::ok);
}

TEST_F(DnatSystem, ExposesWithRulesLimitedToTheHostsOwnAddressAndPutFirst) {
  const auto made = steps(see({bare, exposed[1], exposed[2]}));
  EXPECT_THAT(ids(made), ElementsAre("dnat/mysql-1/expose"));
  EXPECT_THAT(made[0].needs, ElementsAre("endpoint/mysql-1/ready", "profile/open"));
  EXPECT_THAT(made[0].gives, ElementsAre("exposure/mysql-1/ready"));
  EXPECT_EQ(made[0].risk, plan::Risk::safe);
  EXPECT_EQ(made[0].apply.body(),
            "mrc_record try dnat/mysql-1 '{\"port\": 3306, \"to\": \"10.77.0.51:3306\"}'\n"
            "mrc_dnat_set mrc:try:mysql-1 "
            "'-I PREROUTING 1 -d 192.168.56.111/32 -i eth0 -p tcp -m tcp --dport 3306 -m comment "
            "--comment \"mrc:try:mysql-1\" -j DNAT --to-destination 10.77.0.51:3306' "
            "'-I OUTPUT 1 -d 192.168.56.111/32 -p tcp -m tcp --dport 3306 -m comment "
            "--comment \"mrc:try:mysql-1\" -j DNAT --to-destination 10.77.0.51:3306'\n");
}

TEST_F(DnatSystem, TheInterfaceNamedInTheFileWins) {
  world.topology.hosts[0].interface = "eth7";
  EXPECT_THAT(steps(see(exposed))[0].apply.body(), HasSubstr("-i eth7"));
  world.topology.expose->interface = "bond0";
  EXPECT_THAT(steps(see(exposed))[0].apply.body(), HasSubstr("-i bond0"));
}

TEST_F(DnatSystem, AMissingRecordIsMadeUp) {
  const auto made = steps(see(exposed, false));
  EXPECT_THAT(ids(made),
              ElementsAre("dnat/mysql-1/expose", "dnat/mysql-2/expose", "dnat/mysql-3/expose"));
  EXPECT_EQ(made[0].cause, plan::Cause::drift);
  EXPECT_EQ(made[0].diff,
            (std::vector<plan::DiffLine>{{plan::Change::create, "record", "", "dnat/mysql-1"}}));
}

TEST_F(DnatSystem, TheDifferenceIsJustTheRulesThatDiffer) {
  const auto& good = exposed[0];
  const auto start = good.find(k_first);
  const auto line = good.substr(start, good.find('\n', start) + 1 - start);
  const auto text = line.substr(5, line.size() - 6);
  const auto twice = steps_with_first(with(good, line, line + line));
  EXPECT_EQ(twice[0].diff,
            (std::vector<plan::DiffLine>{{plan::Change::remove, "nat rule", text, ""}}));
  EXPECT_EQ(twice[0].risk, plan::Risk::safe);
  const auto gone = steps_with_first(with(good, line, ""));
  ASSERT_EQ(gone[0].diff.size(), 1U);
  EXPECT_EQ(gone[0].diff[0].change, plan::Change::create);
  EXPECT_THAT(gone[0].diff[0].after, HasSubstr("-I PREROUTING 1 -d 192.168.56.111/32"));
}

TEST_F(DnatSystem, TheGoalIsWhatTheFileAsksAndNothingSeen) {
  const auto goal = steps_with_first(bare)[0].goal;
  EXPECT_EQ(goal, steps(see({with(bare, "eth0", "eth9"), bare, bare}))[0].goal);
  world.topology.expose->port = Port(3307);
  EXPECT_NE(goal, steps_with_first(bare)[0].goal);
}

TEST_F(DnatSystem, AnotherPortCutsThoseWhoUseTheOldOne) {
  world.topology.expose->port = Port(3307);
  const auto made = steps(see(exposed));
  ASSERT_EQ(made.size(), 3U);
  EXPECT_EQ(made[1].risk, plan::Risk::disruptive);
  EXPECT_EQ(made[1].impact, "mysql-2 is reached at 192.168.56.112:3306 no more, for good");
}

TEST_F(DnatSystem, ThePortForWritersLeadsToTheMasterAndGoesWithItsPart) {
  world.topology.expose->writer_port = {Port(3307), {}};
  world.topology.mysql.master.value = ServerId("mysql-1");
  const auto made = steps(see(exposed));
  ASSERT_THAT(ids(made), ElementsAre("dnat/mysql-1:writer/expose"));
  EXPECT_EQ(made[0].title, "lead writers at 192.168.56.111:3307 to mysql-1");
  EXPECT_THAT(made[0].needs, Contains(plan::milestone::promoted()));
  EXPECT_THAT(made[0].apply.body(), HasSubstr("mrc_record try dnat/mysql-1:writer "));
  EXPECT_THAT(made[0].apply.body(), HasSubstr("mrc_dnat_set mrc:try:mysql-1:writer "));

  // It stands there, and another server is to be the master.
  auto rules = std::string();
  for (const std::string chain : {"PREROUTING", "OUTPUT"}) {
    const auto interface = chain == "OUTPUT" ? "" : " -i eth0";
    rules += fmt::format(
        "rule -A {} -d 192.168.56.111/32{} -p tcp -m tcp --dport 3307 -m comment --comment "
        "\"mrc:try:mysql-1:writer\" -j DNAT --to-destination 10.77.0.51:3306\n",
        chain,
        interface);
  }
  auto seen = see({with(exposed[0], k_first, rules + k_first), exposed[1], exposed[2]});
  auto record = seen.record(world.host(0));
  record["dnat/mysql-1:writer"] = R"({"port":3307,"to":"x"})";
  seen.put_record(world.host(0), record);
  EXPECT_THAT(steps(seen), IsEmpty());
  world.topology.mysql.master.value = ServerId("mysql-2");
  const auto moved = steps(seen);
  EXPECT_THAT(ids(moved),
              ElementsAre("dnat/" + world.host(0).text() + "/mysql-1:writer/hide",
                          "dnat/mysql-2:writer/expose"));
  EXPECT_THAT(moved[0].needs, Contains(plan::milestone::handed_over()));
  EXPECT_EQ(moved[0].diff.size(), 2U);
  EXPECT_EQ(moved[0].risk, plan::Risk::disruptive);
  EXPECT_EQ(moved[0].forgets, (std::vector<std::string>{"dnat/mysql-1:writer/"}));
  // A failover sees to writers alone, on the hosts that could be read.
  const auto ways = writer_steps(world.inputs(), seen, {world.host(1)}).value();
  EXPECT_THAT(ids(ways), ElementsAre("dnat/mysql-2:writer/expose"));
  const auto second = "rule -A PREROUTING -d 192.168.56.112/32";
  const auto anothers =
      "rule -A PREROUTING -i eth0 -p tcp -m tcp --dport 3307 -m comment --comment mrc:other:db "
      "-j DNAT --to-destination 10.0.0.9:3306\n";
  seen = see({exposed[0], with(exposed[1], second, anothers + std::string(second)), exposed[2]});
  EXPECT_THAT(writer_steps(world.inputs(), seen, {world.host(1)}).value(), IsEmpty());
}

TEST_F(DnatSystem, AStrangersRuleIsTakenOverWhenAllowed) {
  auto inputs = world.inputs();
  inputs.adopt = true;
  const auto system = make_dnat(inputs);
  const auto shadowed =
      see({with(exposed[0], k_first, k_article + k_first), exposed[1], exposed[2]});
  EXPECT_THAT(system->preflight(shadowed).value(), IsEmpty());
  const auto made = system->steps(shadowed).value();
  ASSERT_THAT(ids(made), ElementsAre("dnat/mysql-1/expose"));
  EXPECT_EQ(made[0].diff.at(0).before, k_article.substr(5, k_article.size() - 6));
  EXPECT_THAT(made[0].apply.body(), HasSubstr("'-D PREROUTING -i eth0 -p tcp -m tcp --dport 3306"));
  EXPECT_THAT(system->steps(see(exposed)).value(), IsEmpty());
  // What is of another deployment, of another program's chain or of the other iptables stays.
  const auto of_another = with(k_article, "-j DNAT", "-m comment --comment mrc:other:db -j DNAT");
  const auto found =
      system->preflight(see({with(exposed[0], k_first, of_another + k_first), bare, bare}));
  EXPECT_THAT(found.value().at(0).remedy, HasSubstr("another deployment"));
  const auto legacy = with(k_article, "rule", "legacy");
  EXPECT_EQ(
      system->preflight(see({with(exposed[0], "end\n", legacy + "end\n"), exposed[1], exposed[2]}))
          ->size(),
      1U);
}

TEST_F(DnatSystem, AHostThatLeftTheFileExposesNothing) {
  auto seen = see(exposed);
  world.topology.hosts.pop_back();
  world.topology.mysql.servers.pop_back();
  seen.put_departed({{HostId("docker3"), {}}});
  EXPECT_THAT(ids(steps(seen)), ElementsAre("dnat/docker3/mysql-3/hide"));
  EXPECT_EQ(make_dnat(world.inputs())->teardown(seen, false)->size(), 3U);
}

TEST_F(DnatSystem, ADoubledAMissingAndAChangedRuleArePutRight) {
  const auto& good = exposed[0];
  const auto start = good.find(k_first);
  const auto line = good.substr(start, good.find('\n', start) + 1 - start);
  for (const auto& bad : {with(good, line, line + line),
                          with(good, line, ""),
                          with(good, "10.77.0.51:3306", "10.77.0.99:3306"),
                          with(good, "-i eth0 -p tcp", "-p tcp"),
                          with(good, "--dport 3306 -m", "--dport 3306 -m mark --mark 0x1 -m")}) {
    const auto made = steps_with_first(bad);
    EXPECT_THAT(ids(made), ElementsAre("dnat/mysql-1/expose")) << bad;
    EXPECT_EQ(made[0].change, plan::Change::update);
    EXPECT_EQ(verdict("MRC-V601", bad).level, Verdict::Level::fail);
  }
}

TEST_F(DnatSystem, ACutAnswerIsUnreadable) {
  test::cut_everywhere(world, *make_dnat(world.inputs()), exposed, MRC_EXPECT_UNREADABLE);
}

TEST_F(DnatSystem, AForeignRuleForThePortIsReportedAndNeverOverruled) {
  const auto found = findings(with(exposed[0], k_first, k_article + k_first));
  EXPECT_THAT(titles(found),
              ElementsAre("docker1: another rule takes port 3306 of 192.168.56.111"));
  EXPECT_THAT(found[0].remedy,
              HasSubstr("iptables -t nat -D PREROUTING -i eth0 -p tcp -m tcp --dport 3306"));
  EXPECT_EQ(verdict("MRC-V602", with(exposed[0], k_first, k_article + k_first)).level,
            Verdict::Level::fail);
  // Before ours exist, any place in the chain counts.
  EXPECT_EQ(findings(with(bare, "end\n", k_article + "end\n")).size(), 1U);
  // Behind ours it is dead.
  EXPECT_THAT(findings(with(exposed[0], "end\n", k_article + "end\n")), IsEmpty());
}

TEST_F(DnatSystem, ARuleOfTheOtherIptablesCountsToo) {
  EXPECT_EQ(findings(with(exposed[0], "end\n", with(k_article, "rule", "legacy") + "end\n")).size(),
            1U);
}

TEST_F(DnatSystem, APortThatMovesBetweenOurServersIsNoConflict) {
  world.topology.mysql.servers[1].host = world.host(0);
  world.topology.mysql.servers[0].expose = Port(3307);
  const auto seen = see({exposed[0], bare, exposed[2]});
  EXPECT_THAT(make_dnat(world.inputs())->preflight(seen).value(), IsEmpty());
}

TEST_F(DnatSystem, HidesWhatTheFileNoLongerExposesThere) {
  world.topology.mysql.servers.pop_back();
  auto made = steps(see(exposed));
  EXPECT_THAT(ids(made), ElementsAre("dnat/docker3/mysql-3/hide"));
  EXPECT_EQ(made[0].apply.body(), "mrc_dnat_remove mrc:try:mysql-3\nmrc_forget try dnat/mysql-3\n");
  EXPECT_THAT(made[0].needs, ElementsAre("gone/survival/mysql-3"));
  EXPECT_THAT(made[0].gives, ElementsAre("gone/exposure/mysql-3"));
  EXPECT_THAT(made[0].forgets, ElementsAre("dnat/mysql-3/"));
  EXPECT_EQ(made[0].impact, "mysql-3 is not reached from outside docker3 any more");
  world.topology.expose.reset();
  made = steps(see(exposed));
  EXPECT_THAT(
      ids(made),
      ElementsAre(
          "dnat/docker1/mysql-1/hide", "dnat/docker2/mysql-2/hide", "dnat/docker3/mysql-3/hide"));
}

TEST_F(DnatSystem, AServerThatMovedIsHiddenThereAndExposedHere) {
  world.topology.mysql.servers[2].host = world.host(1);
  world.topology.mysql.servers[2].expose = Port(3307);
  const auto made = steps(see(exposed));
  EXPECT_THAT(ids(made), ElementsAre("dnat/docker3/mysql-3/hide", "dnat/mysql-3/expose"));
  EXPECT_EQ(find(made, "dnat/mysql-3/expose").host, HostId("docker2"));
  EXPECT_THAT(after(made[1]), IsEmpty());
}

TEST_F(DnatSystem, RulesOfAnotherDeploymentAreNotOurs) {
  auto other = exposed;
  for (auto& output : other) {
    while (output.find("mrc:try:") != std::string::npos)
      output = with(output, "mrc:try:", "mrc:b:");
  }
  EXPECT_THAT(make_dnat(world.inputs())->teardown(see(other, false), true).value(), IsEmpty());
}

TEST_F(DnatSystem, TeardownOfNothingIsNothing) {
  const auto seen = see({bare, bare, bare}, false);
  EXPECT_THAT(make_dnat(world.inputs())->teardown(seen, true).value(), IsEmpty());
}

TEST_F(DnatSystem, TeardownFollowsMarksAndRecords) {
  const auto marked = make_dnat(world.inputs())->teardown(see(exposed, false), false).value();
  EXPECT_EQ(marked.size(), 3U);
  const auto recorded = make_dnat(world.inputs())->teardown(see({bare, bare, bare}), false).value();
  EXPECT_EQ(ids(recorded), ids(marked));
  EXPECT_THAT(recorded[1].gives, ElementsAre("gone/exposure/mysql-2"));
}

TEST_F(DnatSystem, AHostWithoutIptablesOrWithoutTheAddressIsReported) {
  EXPECT_THAT(titles(findings("iptables absent\nend\n")),
              ElementsAre("docker1: iptables is not installed"));
  EXPECT_THAT(titles(findings(with(bare, "192.168.56.111/24", "192.168.56.200/24"))),
              ElementsAre("docker1: no interface carries 192.168.56.111"));
}

}  // namespace
}  // namespace mrc::systems::dnat
