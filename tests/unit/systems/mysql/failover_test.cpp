#include "mrc/systems/failover.hpp"

#include <gmock/gmock.h>

#include "mrc/plan/goal.hpp"
#include "mrc/plan/milestone.hpp"
#include "systems/mysql/former.hpp"
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

const std::string k_uuid = "3aa4c4f1-e901-11f1-bce7-5820958bf83c";

/// The host of mysql-master is away, and the slaves have noticed.
class MysqlFailover : public ::testing::Test {
 protected:
  MysqlFailover() {
    outputs = world.all_good();
    for (const std::size_t i : {1U, 2U}) {
      outputs[i] = with(outputs[i], "Slave_IO_Running\tYes", "Slave_IO_Running\tConnecting");
    }
  }
  Observations seen() const {
    Observations all;
    for (std::size_t i = 0; i < 3; ++i) {
      if (away.contains(i)) continue;
      all.put(world.host(i), "mysql", {0, outputs[i], {}});
      all.put_record(world.host(i), records[i].empty() ? world.record(i) : records[i]);
    }
    return all;
  }
  Succession chosen(const FailoverWish& wish = {}) const {
    return succession(world.inputs(), seen(), wish).value();
  }
  /// What is done when the file names the heir.
  std::vector<plan::Step> steps(const std::string& heir) {
    const auto found = chosen();
    world.topology.mysql.master.value = ServerId(heir);
    std::set<HostId> reached;
    for (std::size_t i = 0; i < 3; ++i) {
      if (!away.contains(i)) reached.insert(world.host(i));
    }
    return failover_steps(world.inputs(), seen(), found, reached).value();
  }
  /// The slave has received so much.
  void receives(std::size_t i, const std::string& numbers) {
    outputs[i] = with(outputs[i],
                      "Retrieved_Gtid_Set\t" + k_uuid + ":1-4",
                      "Retrieved_Gtid_Set\t" + k_uuid + ":" + numbers);
  }
  /// The server has become the master, or is about to: it follows nobody.
  void leaves_its_master(std::size_t i, const std::string& read_only) {
    auto& now = outputs[i];
    std::istringstream lines(now);
    now.clear();
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("channel\t") && !line.starts_with("slave\t")) now += line + "\n";
    }
    now = with(now, "read_only\tON", "read_only\t" + read_only);
  }
  /// Its container is not running.
  void falls_silent(std::size_t i, const std::string& name) {
    auto& now = outputs[i];
    now = with(now, "container\trunning", "container\texited");
    now = now.substr(0, now.find("var\t")) + "end\t" + name + "\ndone\n";
  }

  test::MysqlWorld world;
  std::vector<std::string> outputs;
  std::set<std::size_t> away{0};
  std::vector<std::map<std::string, std::string>> records{3};
};

TEST_F(MysqlFailover, TheSlaveWithTheMostIsDrainedFollowedAndThenOpened) {
  receives(2, "1-9");
  const auto found = chosen();
  EXPECT_EQ(found.lost, ServerId("mysql-master"));
  EXPECT_EQ(found.heir, ServerId("mysql-slave2"));
  ASSERT_EQ(found.findings.size(), 1U);
  EXPECT_EQ(found.findings[0].level, Verdict::Level::warn);
  EXPECT_THAT(found.findings[0].title,
              HasSubstr("had sent to no slave is lost, and how much that is cannot be told"));

  const auto made = steps("mysql-slave2");
  EXPECT_THAT(ids(made),
              ElementsAre("mysql/mysql-slave2/drain",
                          "mysql/mysql-slave1/compare",
                          "mysql/mysql-slave1/replicate",
                          "mysql/mysql-slave2/succeed"));
  EXPECT_THAT(find(made, "mysql/mysql-slave1/compare").needs, ElementsAre("mysql/drained"));
  EXPECT_THAT(find(made, "mysql/mysql-slave1/replicate").needs,
              ElementsAre("mysql/drained", "mysql/mysql-slave1/compared"));
  // One that cannot follow does not keep the part from being taken.
  const auto& last = find(made, "mysql/mysql-slave2/succeed");
  EXPECT_THAT(last.needs, Contains("mysql/mysql-slave1/compared"));
  EXPECT_THAT(last.needs, Not(Contains(plan::milestone::server_ready(ServerId("mysql-slave1")))));
  EXPECT_THAT(last.needs, Contains("mysql/drained"));
  EXPECT_EQ(last.risk, plan::Risk::destructive);
}

TEST_F(MysqlFailover, ForWhomTheMasterWaitedIsSeenInOptionsHoweverTheyAreWritten) {
  EXPECT_THAT(chosen().findings.at(0).detail, HasSubstr("without waiting for a slave"));
  for (const auto* name : {"rpl_semi_sync_master_enabled",
                           "loose_rpl_semi_sync_master_enabled",
                           "loose-rpl-semi-sync-source-enabled"}) {
    world.topology.mysql.options = {{name, "1"}};
    EXPECT_THAT(chosen().findings.at(0).detail, HasSubstr("was to wait for a slave")) << name;
  }
}

TEST_F(MysqlFailover, OneThatHasLessIsRefusedWithWhatItLacks) {
  receives(2, "1-9");
  FailoverWish wish{ServerId("mysql-slave1"), false};
  auto found = chosen(wish);
  ASSERT_THAT(
      titles(found.findings),
      Contains("docker3: mysql-slave2 has received 5 transactions that mysql-slave1 lacks"));
  EXPECT_EQ(found.findings[0].detail, k_uuid + ":5-9");
  EXPECT_EQ(found.findings[0].level, Verdict::Level::fail);
  wish.accept_loss = true;
  found = chosen(wish);
  EXPECT_EQ(found.heir, ServerId("mysql-slave1"));
  EXPECT_EQ(found.findings[0].level, Verdict::Level::warn);
  // The other would be ahead of its master: it stays as it is.
  EXPECT_THAT(ids(steps("mysql-slave1")),
              ElementsAre("mysql/mysql-slave1/drain", "mysql/mysql-slave1/succeed"));
}

TEST_F(MysqlFailover, ASlaveThatDoesNotAnswerMayHaveMore) {
  away.insert(2);
  auto found = chosen();
  EXPECT_EQ(found.heir, ServerId("mysql-slave1"));
  EXPECT_THAT(titles(found.findings),
              Contains(HasSubstr("whether mysql-slave2 has received more than mysql-slave1 is not "
                                 "known")));
  EXPECT_EQ(found.findings[0].level, Verdict::Level::fail);
  EXPECT_EQ(chosen({{}, true}).findings[0].level, Verdict::Level::warn);
}

TEST_F(MysqlFailover, AMasterThatASlaveHearsIsNotLost) {
  outputs[2] = with(outputs[2], "Slave_IO_Running\tConnecting", "Slave_IO_Running\tYes");
  const auto found = chosen();
  EXPECT_TRUE(found.heard);
  EXPECT_THAT(titles(found.findings),
              ElementsAre("docker3: mysql-slave2 still hears mysql-master: it is not lost"));
}

TEST_F(MysqlFailover, AMasterThatAnswersIsNotLost) {
  away.clear();
  auto found = chosen();
  EXPECT_FALSE(found.lost);
  EXPECT_THAT(titles(found.findings),
              ElementsAre("docker1: mysql-master answers and takes writes"));
  EXPECT_EQ(found.findings[0].level, Verdict::Level::warn);
  found = chosen({ServerId("mysql-slave1"), true});
  EXPECT_EQ(found.findings[0].level, Verdict::Level::fail);
  EXPECT_THAT(found.findings[0].remedy, HasSubstr("mrc promote mysql-slave1"));
}

// What its drift is told from a change by goes along with the account.
const std::string k_keeps_account_mark = "mrc_record blog-2016 did/mysql/mysql-slave1/account ";

TEST_F(MysqlFailover, TheAccountsMarkIsProvedByTheChannelOfTheOneThatTakesThePart) {
  const auto find_mark = [](const std::vector<plan::Step>& made, const std::string& id) {
    const auto value = plan::goal_mark(find(made, id).goal);
    return std::pair("did/" + id, value);
  };
  const auto before = world.system()->steps(world.see(world.all_bare())).value();
  records[1] = world.record(1);
  records[1].insert(find_mark(before, "mysql/mysql-slave1/replicate"));
  const auto [key, mark] = find_mark(before, "mysql/mysql-master/account");
  EXPECT_THAT(find(steps("mysql-slave1"), "mysql/mysql-slave1/succeed").apply.body(),
              HasSubstr(k_keeps_account_mark + "'" + mark + "'"));

  // The file has another password since: what it asks for is a change.
  world.topology.mysql.master.value = ServerId("mysql-master");
  world.secrets.replication_password = Secret("mysql.replication.password", "another");
  EXPECT_THAT(find(steps("mysql-slave1"), "mysql/mysql-slave1/succeed").apply.body(),
              Not(HasSubstr(k_keeps_account_mark)));
}

TEST_F(MysqlFailover, TheAccountsMarkIsThatOfTheOldMastersHostWhereThatIsThere) {
  away.clear();
  falls_silent(0, "mysql-master");
  records[0] = world.record(0);
  records[0]["did/mysql/mysql-master/account"] = R"("0123456789abcdef")";
  EXPECT_THAT(find(steps("mysql-slave1"), "mysql/mysql-slave1/succeed").apply.body(),
              HasSubstr(k_keeps_account_mark + "'\"0123456789abcdef\"'"));
}

TEST_F(MysqlFailover, ADeadServerOnALivingHostIsFenced) {
  away.clear();
  outputs[0] = with(outputs[0], "container\trunning", "container\trestarting");
  outputs[0] = outputs[0].substr(0, outputs[0].find("var\t")) + "end\tmysql-master\ndone\n";
  EXPECT_EQ(chosen().lost, ServerId("mysql-master"));
  const auto made = steps("mysql-slave1");
  EXPECT_THAT(ids(made),
              ElementsAre("mysql/mysql-master/fence",
                          "mysql/mysql-slave1/drain",
                          "mysql/mysql-slave2/compare",
                          "mysql/mysql-slave2/replicate",
                          "mysql/mysql-slave1/succeed"));
  EXPECT_THAT(find(made, "mysql/mysql-slave1/succeed").needs, Contains("mysql/fenced"));
  EXPECT_THAT(find(made, "mysql/mysql-slave1/drain").needs, Contains("mysql/fenced"));
  EXPECT_THAT(find(made, "mysql/mysql-master/fence").apply.body(), HasSubstr("read_only=ON"));
}

TEST_F(MysqlFailover, WhereDockerIsDownNobodyKnowsWhetherItTakesWrites) {
  away.clear();
  outputs[0] = "server\tmysql-master\ndocker\tdown\nend\tmysql-master\ndone\n";
  EXPECT_THAT(titles(chosen().findings),
              Contains("docker1: whether mysql-master still takes writes cannot be told"));
}

TEST_F(MysqlFailover, ASlaveThatCannotApplyWhatItHasDoesNotBecomeTheMaster) {
  for (const std::size_t i : {1U, 2U}) {
    outputs[i] = with(outputs[i], "Last_SQL_Errno\t0", "Last_SQL_Errno\t1062");
  }
  EXPECT_THAT(titles(chosen().findings), Contains(HasSubstr("cannot apply what it has received")));
}

TEST_F(MysqlFailover, OneThatWasBrokenOffBeforeTheEndGoesOnWithTheOneThatTheFileNames) {
  world.topology.mysql.master.value = ServerId("mysql-slave2");
  const auto found = chosen();
  EXPECT_EQ(found.lost, ServerId("mysql-master"));
  EXPECT_EQ(found.heir, ServerId("mysql-slave2"));
}

TEST_F(MysqlFailover, OneThatWasBrokenOffBeforeItWasOpenedIsOpened) {
  world.topology.mysql.master.value = ServerId("mysql-slave1");
  leaves_its_master(1, "ON");
  outputs[2] = with(outputs[2], "Master_Host\t192.168.0.50", "Master_Host\t192.168.0.51");
  outputs[2] = with(outputs[2], "Slave_IO_Running\tConnecting", "Slave_IO_Running\tYes");
  EXPECT_EQ(chosen().lost, ServerId("mysql-master"));
  EXPECT_THAT(ids(steps("mysql-slave1")), ElementsAre("mysql/mysql-slave1/succeed"));
}

TEST_F(MysqlFailover, WhenItIsDoneThereIsNothingToDo) {
  world.topology.mysql.master.value = ServerId("mysql-slave1");
  leaves_its_master(1, "OFF");
  outputs[2] = with(outputs[2], "Master_Host\t192.168.0.50", "Master_Host\t192.168.0.51");
  outputs[2] = with(outputs[2], "Slave_IO_Running\tConnecting", "Slave_IO_Running\tYes");
  EXPECT_FALSE(chosen().lost);
  EXPECT_THAT(steps("mysql-slave1"), IsEmpty());
}

TEST_F(MysqlFailover, NobodyBecomesASecondMasterBesideOneThatTookOver) {
  leaves_its_master(1, "OFF");  // and the file does not know
  EXPECT_EQ(chosen().heir, ServerId("mysql-slave1"));
  EXPECT_THAT(titles(chosen({ServerId("mysql-slave2"), true}).findings),
              Contains("docker2: mysql-slave1 takes writes already"));
}

TEST_F(MysqlFailover, AnOlderFileIsNoticedByWhoIsFollowed) {
  away.clear();
  leaves_its_master(1, "OFF");
  outputs[2] = with(outputs[2], "Master_Host\t192.168.0.50", "Master_Host\t192.168.0.51");
  EXPECT_THAT(titles(chosen().findings),
              Contains("docker2: mysql-slave1 takes writes and is followed, and the file names "
                       "mysql-master"));
}

/// The old master's host is back, and nobody has told it.
class MysqlOldMaster : public MysqlFailover {
 protected:
  MysqlOldMaster() {
    away.clear();
    world.topology.mysql.master.value = ServerId("mysql-slave1");
    leaves_its_master(1, "OFF");
    outputs[1] = with(outputs[1], "read_only=ON", "read_only=OFF");
    outputs[2] = with(outputs[2], "Master_Host\t192.168.0.50", "Master_Host\t192.168.0.51");
    outputs[2] = with(outputs[2], "Slave_IO_Running\tConnecting", "Slave_IO_Running\tYes");
    records[1] = {{"mysql/mysql-slave1/container", "{}"},
                  {"mysql/mysql-slave1/data", "\"/opt/Docker/mysql-slave1/data\""},
                  {"mysql/mysql-slave1/account", "\"repl\""}};
  }
};

TEST_F(MysqlOldMaster, IsClosedAndThenBecomesASlave) {
  const auto made = world.system()->steps(seen()).value();
  EXPECT_THAT(ids(made), Contains("mysql/mysql-master/close"));
  EXPECT_THAT(ids(made), Not(Contains("mysql/mysql-master/settings")));
  const auto& follows = find(made, "mysql/mysql-master/replicate");
  EXPECT_THAT(follows.forgets,
              ElementsAre("mysql/mysql-master/account", "mysql/mysql-master/root-host"));
  EXPECT_THAT(follows.needs, Contains("mysql/formers-closed"));
  const auto body = follows.apply.body();
  EXPECT_LT(body.find("mrc_mysql_nothing_alone"), body.find("mrc_mysql_replicate"));
  // Until it is a slave, its host knows what it was.
  EXPECT_LT(body.find("mrc_mysql_replicate"), body.find("mrc_forget"));
}

TEST_F(MysqlOldMaster, IsClosedAndToldWhenItHasMore) {
  outputs[0] = with(outputs[0], k_uuid + ":1-4", k_uuid + ":1-6");
  const auto found = world.system()->preflight(seen()).value();
  ASSERT_THAT(titles(found),
              ElementsAre("docker1: mysql-master was the master and has transactions that "
                          "mysql-slave1 lacks"));
  EXPECT_EQ(found[0].level, Verdict::Level::warn);
  EXPECT_EQ(found[0].detail, k_uuid + ":5-6");
  const auto made = world.system()->steps(seen()).value();
  EXPECT_THAT(ids(made), Contains("mysql/mysql-master/close"));
  EXPECT_THAT(ids(made), Not(Contains("mysql/mysql-master/replicate")));
}

TEST(MysqlOldMasterOfMariaDb, HasAloneWhatItWroteBeyondWhatItsSuccessorHasOfIt) {
  Observed former;
  former.variables = {
      {"server_id", "1"}, {"gtid_executed", "0-1-27"}, {"gtid_binlog_state", "0-101-12,0-1-27"}};
  Observed master;
  master.variables = {{"gtid_executed", "0-101-30"}, {"gtid_binlog_state", "0-1-25,0-101-30"}};
  EXPECT_EQ(has_alone(former, master), "domain 0: 26-27");
  master.variables["gtid_binlog_state"] = "0-1-27,0-101-30";
  EXPECT_EQ(has_alone(former, master), "");
}

TEST_F(MysqlOldMaster, ThatIsClosedAlreadyStandsInTheWayWithWhatItHas) {
  outputs[0] = with(outputs[0], k_uuid + ":1-4", k_uuid + ":1-6");
  outputs[0] = with(outputs[0], "read_only\tOFF", "read_only\tON");
  const auto found = world.system()->preflight(seen()).value();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
}

TEST_F(MysqlOldMaster, IsClosedBeforeItsSuccessorIsOpened) {
  outputs[1] = with(outputs[1], "read_only\tOFF", "read_only\tON");
  const auto made = world.system()->steps(seen()).value();
  EXPECT_THAT(find(made, "mysql/mysql-slave1/settings").needs, Contains("mysql/formers-closed"));
}

TEST_F(MysqlOldMaster, ThatIsStoppedIsStartedClosedAndJudgedByItsStep) {
  falls_silent(0, "mysql-master");
  EXPECT_THAT(world.system()->preflight(seen()).value(), IsEmpty());
  const auto made = world.system()->steps(seen()).value();
  EXPECT_THAT(find(made, "mysql/mysql-master/start").apply.body(), HasSubstr("read_only=ON"));
  EXPECT_THAT(find(made, "mysql/mysql-master/replicate").apply.body(),
              HasSubstr("mrc_mysql_nothing_alone"));
}

TEST_F(MysqlOldMaster, MayLeaveTheFileWithWhatItAloneHas) {
  outputs[0] = with(outputs[0], k_uuid + ":1-4", k_uuid + ":1-6");
  outputs[0] = with(outputs[0], "read_only\tOFF", "read_only\tON");
  records[0] = world.record(0);
  records[2] = world.record(2);
  auto& servers = world.topology.mysql.servers;
  servers.erase(servers.begin());
  EXPECT_THAT(world.system()->preflight(seen()).value(), IsEmpty());
  EXPECT_THAT(ids(world.system()->steps(seen()).value()),
              Contains("mysql/docker1/mysql-master/remove"));
}

TEST_F(MysqlOldMaster, IsClosedByAFailoverThatIsRunAgain) {
  EXPECT_THAT(ids(steps("mysql-slave1")), ElementsAre("mysql/mysql-master/close"));
}

}  // namespace
}  // namespace mrc::systems::mysql
