// A slave that its master's binary logs do not reach.

#include <gmock/gmock.h>

#include "mrc/plan/plan.hpp"
#include "systems/mysql/gtid.hpp"
#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using test::find;
using test::ids;
using test::titles;
using test::with;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using topology::Flavour;

class MysqlProvision : public ::testing::Test {
 protected:
  MysqlProvision() : outputs(world.all_good()) {}

  static std::string value(const std::string& output, const std::string& variable) {
    const auto at = output.find("var\t" + variable + "\t") + 5 + variable.size();
    return output.substr(at, output.find('\n', at) - at);
  }
  /// The master has these no more.
  void purge(const std::string& set) {
    outputs[0] = with(outputs[0], "gtid_purged\t", "gtid_purged\t" + set);
    outputs[0] = with(outputs[0], "login\tok", "size\t2097152\nlogin\tok");
  }
  void set_executed(std::size_t i, const std::string& set) {
    outputs[i] = with(outputs[i],
                      "gtid_executed\t" + value(outputs[i], "gtid_executed"),
                      "gtid_executed\t" + set);
    const auto retrieved = outputs[i].find("slave\tRetrieved_Gtid_Set\t");
    if (retrieved == std::string::npos) return;
    outputs[i].erase(retrieved, outputs[i].find('\n', retrieved) + 1 - retrieved);
  }
  std::string uuid() const { return value(outputs[0], "server_uuid"); }

  test::MysqlWorld world;
  std::vector<std::string> outputs;
};

TEST_F(MysqlProvision, LogsThatReachTheSlavesAreEnough) {
  purge(value(outputs[0], "gtid_executed"));
  EXPECT_THAT(ids(world.steps(outputs)), IsEmpty());
}

TEST_F(MysqlProvision, ANewSlaveGetsACopyBeforeItReplicates) {
  purge(uuid() + ":1-2");
  outputs[2] = world.bare(2);
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  const auto made = world.steps(outputs);
  EXPECT_THAT(ids(made),
              ElementsAre("mysql/mysql-slave2/init",
                          "mysql/mysql-slave2/container",
                          "mysql/mysql-slave2/provision",
                          "mysql/mysql-master/lend",
                          "mysql/mysql-master/take-back",
                          "mysql/mysql-slave2/replicate"));
  const auto& copy = find(made, "mysql/mysql-slave2/provision");
  EXPECT_EQ(copy.risk, plan::Risk::safe);
  EXPECT_EQ(copy.change, plan::Change::create);
  EXPECT_EQ(copy.reason, "the binary logs of mysql-master have no more: " + uuid() + ":1-2");
  EXPECT_THAT(copy.diff[0].after, HasSubstr("about 2049 MB, by a dump; writes wait"));
  EXPECT_THAT(copy.needs, AllOf(Contains("mysql/lent"), Contains("survival/mysql-slave2/ready")));
  EXPECT_GE(copy.timeout, std::chrono::minutes(50));
  EXPECT_THAT(find(made, "mysql/mysql-slave2/replicate").needs,
              Contains("mysql/mysql-slave2/data-settled"));
  EXPECT_THAT(find(made, "mysql/mysql-master/take-back").after,
              ElementsAre(StepId("mysql/mysql-slave2/provision")));
}

TEST_F(MysqlProvision, ACopysServersTakeOptionsOfPluginsThatTheyLack) {
  world.topology.mysql.options = {{"rpl_semi_sync_slave_enabled", "1"}};
  outputs = world.all_good();
  purge(uuid() + ":1-2");
  outputs[2] = world.bare(2);
  const auto made = world.steps(outputs);
  const auto script = find(made, "mysql/mysql-slave2/provision").apply.body();
  EXPECT_THAT(script, HasSubstr("--loose-rpl_semi_sync_slave_enabled=1"));
  EXPECT_THAT(script, Not(HasSubstr("--rpl_semi_sync_slave_enabled=1")));
}

TEST_F(MysqlProvision, ASlaveThatWasLeftBehindLosesItsDataWhichAsks) {
  purge(uuid() + ":1-3");
  set_executed(1, uuid() + ":1-2");
  outputs[1] = with(outputs[1], "Slave_IO_Running\tYes", "Slave_IO_Running\tNo");
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  const auto made = world.steps(outputs);
  EXPECT_THAT(ids(made),
              ElementsAre("mysql/mysql-slave1/provision",
                          "mysql/mysql-master/lend",
                          "mysql/mysql-master/take-back",
                          "mysql/mysql-slave1/replicate"));
  EXPECT_EQ(made[0].risk, plan::Risk::destructive);
  EXPECT_EQ(made[0].reason, "the binary logs of mysql-master have no more: " + uuid() + ":3");
  EXPECT_THAT(made[0].impact, HasSubstr("mysql-slave1 does not answer"));
}

TEST_F(MysqlProvision, WhatOnlyTheSlaveHasIsNotDestroyed) {
  purge(uuid() + ":1-3");
  const std::string own = "11111111-2222-3333-4444-555555555555:1-7";
  set_executed(1, uuid() + ":1-2," + own);
  const auto found = world.findings(outputs);
  ASSERT_THAT(titles(found),
              ElementsAre("docker2: mysql-slave1 has transactions that mysql-master lacks, and a "
                          "copy would destroy them"));
  EXPECT_THAT(found[0].detail, HasSubstr(own));
}

TEST_F(MysqlProvision, NorWhatASlaveOfMariaDbWroteBehindThePositionThatItShares) {
  world = test::MysqlWorld::of("mariadb:11.8", Flavour::mariadb, {11, 8}, "mariadb-11.8");
  outputs = world.all_good();
  set_executed(0, "0-1-20");
  purge("0-1-19");
  outputs[0] =
      with(outputs[0], "var\tgtid_executed", "var\tgtid_binlog_state\t0-1-20\nvar\tgtid_executed");
  set_executed(1, "0-101-16");
  const auto state = [&](const std::string& text) {
    auto all = outputs;
    all[1] = with(
        all[1], "var\tgtid_executed", "var\tgtid_binlog_state\t" + text + "\nvar\tgtid_executed");
    return all;
  };
  EXPECT_THAT(titles(world.findings(state("0-1-15,0-101-16"))),
              ElementsAre("docker2: mysql-slave1 has transactions that mysql-master lacks, and a "
                          "copy would destroy them"));
  EXPECT_THAT(world.findings(state("0-1-16")), IsEmpty());
  // With the number of what it lacks.
  set_executed(1, "0-101-20");
  outputs[1] = with(outputs[1], "Last_IO_Errno\t0", "Last_IO_Errno\t1236");
  outputs[1] = with(outputs[1], "Last_IO_Error\t", "Last_IO_Error\tbinlog files have been purged");
  const auto found = world.findings(state("0-1-15,0-101-20"));
  ASSERT_THAT(titles(found),
              ElementsAre("docker2: mysql-slave1 has transactions that mysql-master lacks, and a "
                          "copy would destroy them"));
  EXPECT_EQ(found[0].detail, "0-101-20");
}

TEST_F(MysqlProvision, CopiesAreMadeOneAfterTheOther) {
  purge(uuid() + ":1-2");
  outputs[1] = world.bare(1);
  outputs[2] = world.bare(2);
  const auto made = world.steps(outputs);
  EXPECT_THAT(find(made, "mysql/mysql-slave2/provision").after,
              ElementsAre(StepId("mysql/mysql-slave1/provision")));
  EXPECT_THAT(find(made, "mysql/mysql-master/lend").apply.body(),
              HasSubstr("192.168.0.51 192.168.0.52"));
}

TEST_F(MysqlProvision, ASwitchoverWaitsForIt) {
  world.topology.mysql.master.value = ServerId("mysql-slave1");
  const auto all = value(outputs[0], "gtid_executed");
  outputs[1] = with(outputs[1], "gtid_purged\t", "gtid_purged\t" + all);
  set_executed(2, uuid() + ":1");
  EXPECT_THAT(titles(world.findings(outputs)),
              Contains("docker3: a switchover changes nothing else, and mysql-slave2 needs a copy "
                       "of the data"));
}

TEST_F(MysqlProvision, AnAccountThatACutRunLeftIsTakenBack) {
  outputs[0] = with(outputs[0], "login\tok", "lent\t192.168.0.52\nlogin\tok");
  const auto made = world.steps(outputs);
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-master/take-back"));
  EXPECT_EQ(made[0].cause, plan::Cause::drift);
}

TEST_F(MysqlProvision, MariaDbsPositionsTellTheSame) {
  world = test::MysqlWorld::of("mariadb:11.8", Flavour::mariadb, {11, 8}, "mariadb-11.8");
  outputs = world.all_good();
  const auto now = value(outputs[0], "gtid_executed");
  purge(now);
  EXPECT_THAT(ids(world.steps(outputs)), IsEmpty());
  outputs[2] = world.bare(2);
  const auto made = world.steps(outputs);
  const auto& copy = find(made, "mysql/mysql-slave2/provision");
  EXPECT_EQ(copy.reason, "the binary logs of mysql-master have no more: domain 0: 1-15");
  EXPECT_THAT(copy.diff[0].after, HasSubstr("which locks nothing"));
}

TEST_F(MysqlProvision, NoScriptHoldsASecret) {
  purge(uuid() + ":1-2");
  outputs[2] = world.bare(2);
  for (const auto& step : world.steps(outputs)) {
    EXPECT_THAT(step.apply.text(), Not(HasSubstr("root-Pass"))) << step.id.text();
  }
}

TEST(Positions, NameWhatGoesFurther) {
  EXPECT_EQ(difference("0-1-26", "0-1-26"), "");
  EXPECT_EQ(difference("0-1-26", ""), "domain 0: 1-26");
  EXPECT_EQ(difference("0-1-26,7-3-4", "0-2-30,7-3-3"), "domain 7: 4");
  EXPECT_FALSE(difference("0-1", ""));
}

}  // namespace
}  // namespace mrc::systems::mysql
