#include <gmock/gmock.h>

#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using test::find;
using test::ids;
using test::titles;
using test::with;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr std::string_view k_master_uuid = "3aa4c4f1-e901-11f1-bce7-5820958bf83c";

/// All as it was, and the file gives the part of mysql-master to mysql-slave1.
class MysqlSwitchover : public ::testing::Test {
 protected:
  MysqlSwitchover() {
    outputs = world.all_good();
    world.topology.mysql.master.value = ServerId("mysql-slave1");
  }
  systems::Observations seen() const {
    auto all = test::observe(world, "mysql", outputs);
    for (std::size_t i = 0; i < 3; ++i) all.put_record(world.host(i), world.record(i));
    return all;
  }
  std::vector<plan::Step> steps() const { return world.system()->steps(seen()).value(); }
  std::vector<systems::Finding> findings() const {
    return world.system()->preflight(seen()).value();
  }
  /// What the hosts say when mysql-slave1 has become the master and nobody follows it yet.
  void has_passed() {
    auto& now = outputs[1];
    std::istringstream lines(now);
    now.clear();
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("channel\t") && !line.starts_with("slave\t")) now += line + "\n";
    }
    now = with(now, "read_only\tON", "read_only\tOFF");
    now = with(now, "read_only=ON", "read_only=OFF");
    outputs[0] = with(outputs[0], "read_only\tOFF", "read_only\tON");
    outputs[0] = with(outputs[0], "read_only=OFF", "read_only=ON");
  }

  test::MysqlWorld world;
  std::vector<std::string> outputs;
};

TEST_F(MysqlSwitchover, BothHalvesRunAtOnceAndTheOthersFollow) {
  EXPECT_THAT(findings(), IsEmpty());
  const auto made = steps();
  EXPECT_THAT(ids(made),
              UnorderedElementsAre("mysql/mysql-slave1/take-over",
                                   "mysql/mysql-master/hand-over",
                                   "mysql/mysql-master/replicate",
                                   "mysql/mysql-slave2/replicate"));
  const auto& given = find(made, "mysql/mysql-master/hand-over");
  const auto& taken = find(made, "mysql/mysql-slave1/take-over");
  // Neither waits for the other but in its script.
  EXPECT_THAT(given.needs, Not(Contains("master/promoted")));
  EXPECT_THAT(taken.needs, Not(Contains("master/handed-over")));
  EXPECT_THAT(given.after, IsEmpty());
  EXPECT_THAT(taken.after, IsEmpty());
  EXPECT_EQ(given.risk, plan::Risk::disruptive);
  EXPECT_THAT(given.impact, HasSubstr("nobody writes"));
  EXPECT_THAT(find(made, "mysql/mysql-slave2/replicate").needs, Contains("master/promoted"));
  const auto& old = find(made, "mysql/mysql-master/replicate");
  EXPECT_THAT(old.needs, Contains("master/promoted"));
  EXPECT_THAT(old.needs, Contains("master/handed-over"));
}

TEST_F(MysqlSwitchover, TheAccountsGoalGoesAlong) {
  auto seen = world.see(outputs);
  auto record = world.record(0);
  record["did/mysql/mysql-master/account"] = R"("0123456789abcdef")";
  seen.put_record(world.host(0), record);
  const auto made = world.system()->steps(seen).value();
  EXPECT_THAT(find(made, "mysql/mysql-slave1/take-over").apply.body(),
              HasSubstr("mrc_record blog-2016 did/mysql/mysql-slave1/account "
                        "'\"0123456789abcdef\"'"));
  EXPECT_THAT(find(made, "mysql/mysql-master/hand-over").forgets,
              ElementsAre("mysql/mysql-master/account", "mysql/mysql-master/root-host"));
}

TEST_F(MysqlSwitchover, TheSpecOfAContainerDoesNotFollowFromThePartOfItsServer) {
  const auto after = world.desired();
  world.topology.mysql.master.value = ServerId("mysql-master");
  const auto before = world.desired();
  for (const auto& one : before.servers) {
    const auto same = std::find_if(after.servers.begin(),
                                   after.servers.end(),
                                   [&](const auto& other) { return other.id == one.id; });
    EXPECT_EQ(spec_hash(after, *same), spec_hash(before, one));
  }
}

TEST_F(MysqlSwitchover, OneThatWasBrokenOffBeforeTheNewMasterTookWritesBeginsAnew) {
  outputs[0] = with(outputs[0], "read_only\tOFF", "read_only\tON");
  outputs[1] = with(outputs[1], "Slave_SQL_Running\tYes", "Slave_SQL_Running\tNo");
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_THAT(ids(steps()), Contains("mysql/mysql-slave1/take-over"));
}

TEST_F(MysqlSwitchover, OneThatWasBrokenOffAfterItLetsTheOthersFollow) {
  has_passed();
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_THAT(ids(steps()),
              UnorderedElementsAre("mysql/mysql-slave1/account",
                                   "mysql/mysql-master/replicate",
                                   "mysql/mysql-slave2/replicate"));
}

TEST_F(MysqlSwitchover, AFormerMasterThatHasMoreIsToldWithWhatItHas) {
  has_passed();
  const std::string uuid(k_master_uuid);
  outputs[0] = with(outputs[0], uuid + ":1-4", uuid + ":1-6");
  const auto found = findings();
  ASSERT_THAT(titles(found),
              ElementsAre("docker1: mysql-master was the master and has transactions that "
                          "mysql-slave1 lacks"));
  EXPECT_EQ(found[0].detail, uuid + ":5-6");
}

TEST_F(MysqlSwitchover, AFormerMasterIsNotTrustedWhileItsSuccessorDoesNotAnswer) {
  has_passed();
  outputs[1] = with(outputs[1], "container\trunning", "container\texited");
  outputs[1] = outputs[1].substr(0, outputs[1].find("var\t")) + "end\tmysql-slave1\ndone\n";
  EXPECT_THAT(titles(findings()),
              ElementsAre(HasSubstr("whether it has transactions that nobody else has cannot be "
                                    "told")));
}

TEST_F(MysqlSwitchover, AnUpgradeThatWasCutOffIsFinishedFirst) {
  outputs[1] = with(outputs[1], "data\tblog-2016\n", "data\tblog-2016\nupgrade\tbegun\n");
  const auto found = findings();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].title,
            "a switchover changes nothing else, and mysql-slave1 is not as the file asks");
  EXPECT_EQ(found[0].detail, "its upgrade was cut off");
}

TEST_F(MysqlSwitchover, TheOldMasterHasToBeThere) {
  outputs[0] = with(outputs[0], "container\trunning", "container\texited");
  outputs[0] = outputs[0].substr(0, outputs[0].find("var\t")) + "end\tmysql-master\ndone\n";
  const auto found = findings();
  ASSERT_THAT(titles(found),
              ElementsAre("docker1: mysql-master cannot hand the master's part to mysql-slave1: it "
                          "does not answer"));
}

TEST_F(MysqlSwitchover, AnErrorOfItsReplicationIsMendedFirst) {
  outputs[1] = with(outputs[1], "Last_SQL_Errno\t0", "Last_SQL_Errno\t1062");
  EXPECT_THAT(titles(findings()),
              ElementsAre("docker2: mysql-slave1 cannot become the master: its replication has an "
                          "error"));
}

TEST_F(MysqlSwitchover, NothingElseIsChangedWithIt) {
  outputs[2] = with(outputs[2], "--sync-binlog=1", "--sync-binlog=0");
  const auto found = findings();
  ASSERT_THAT(titles(found),
              ElementsAre("docker3: a switchover changes nothing else, and mysql-slave2 is not as "
                          "the file asks"));
  EXPECT_EQ(found[0].detail, "mysqld --sync-binlog differs");
}

TEST_F(MysqlSwitchover, TheAccountIsAsTheFileAsksBefore) {
  outputs[0] = with(outputs[0], "login\tok", "login\tERROR 1045 (28000): Access denied");
  const auto found = findings();
  ASSERT_THAT(titles(found),
              ElementsAre("docker1: a switchover changes nothing else, and the replication account "
                          "of mysql-master is not as the file asks"));
  EXPECT_EQ(found[0].detail, "password differs");
}

TEST_F(MysqlSwitchover, AnotherOneThatWasTheMasterBecomesASlaveFirst) {
  std::istringstream lines(outputs[2]);
  outputs[2].clear();
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("channel\t") && !line.starts_with("slave\t")) outputs[2] += line + "\n";
  }
  auto all = test::observe(world, "mysql", outputs);
  for (std::size_t i = 0; i < 3; ++i) {
    auto record = world.record(i);
    if (i == 2) record["mysql/mysql-slave2/account"] = "{}";
    all.put_record(world.host(i), record);
  }
  EXPECT_THAT(titles(world.system()->preflight(all).value()),
              ElementsAre("docker3: mysql-slave2 was the master and is no slave of mysql-master "
                          "yet"));
}

TEST_F(MysqlSwitchover, AFileThatIsOlderThanTheLastFailoverClosesNoMaster) {
  has_passed();
  const std::string uuid(k_master_uuid);
  outputs[0] = with(outputs[0], uuid + ":1-4", uuid + ":1-6");
  outputs[0] = with(outputs[0], "read_only\tON", "read_only\tOFF");
  const auto found = findings();
  ASSERT_THAT(titles(found),
              ElementsAre("docker1: mysql-master is the running master, and the file names "
                          "mysql-slave1"));
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
  EXPECT_THAT(found[0].detail, HasSubstr(uuid + ":5-6"));
}

}  // namespace
}  // namespace mrc::systems::mysql
