#include <gmock/gmock.h>

#include "mrc/plan/plan.hpp"
#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using test::after;
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

class MysqlSteps : public ::testing::Test {
 protected:
  /// Everything as wanted, but for one word of one host's answer.
  std::vector<plan::Step> steps_with(std::size_t i,
                                     const std::string& from,
                                     const std::string& to) const {
    auto outputs = world.all_good();
    outputs[i] = with(outputs[i], from, to);
    return world.steps(outputs);
  }
  test::MysqlWorld world;
};

TEST_F(MysqlSteps, AsWantedNeedsNothing) {
  EXPECT_THAT(ids(world.steps(world.all_good())), IsEmpty());
  EXPECT_THAT(world.findings(world.all_good()), IsEmpty());
}

TEST_F(MysqlSteps, FromBareHostsTheMasterComesFirstInThePlan) {
  EXPECT_THAT(ids(world.steps(world.all_bare())),
              ElementsAre("mysql/mysql-master/init",
                          "mysql/mysql-master/container",
                          "mysql/mysql-slave1/init",
                          "mysql/mysql-slave1/container",
                          "mysql/mysql-slave2/init",
                          "mysql/mysql-slave2/container",
                          "mysql/mysql-master/account",
                          "mysql/mysql-slave1/replicate",
                          "mysql/mysql-slave2/replicate"));
}

TEST_F(MysqlSteps, ASlaveWaitsForBothEndpointsTheProfileAndTheAccount) {
  const auto made = world.steps(world.all_bare());
  EXPECT_THAT(find(made, "mysql/mysql-slave1/replicate").needs,
              ElementsAre("replication/account",
                          "profile/open",
                          "container/mysql-master/running",
                          "container/mysql-slave1/running",
                          "endpoint/mysql-master/ready",
                          "endpoint/mysql-slave1/ready",
                          "mysql/mysql-slave1/data-settled"));
}

TEST_F(MysqlSteps, NoScriptHoldsASecret) {
  auto outputs = world.all_bare();
  for (const auto& step : world.steps(outputs)) {
    EXPECT_THAT(step.apply.text(), Not(HasSubstr("root-Pass"))) << step.id.text();
    EXPECT_THAT(step.apply.text(), Not(HasSubstr("repl-Pass"))) << step.id.text();
  }
}

TEST_F(MysqlSteps, AnInitialisationThatBrokeOffIsTold) {
  auto outputs = world.all_good();
  outputs[1] = "server\tmysql-slave1\nstaging\tyes\nend\tmysql-slave1\ndone\n";
  const auto made = world.steps(outputs);
  EXPECT_EQ(find(made, "mysql/mysql-slave1/init").reason, "an earlier attempt broke off");
}

TEST_F(MysqlSteps, DataWithoutAContainerIsTakenUpAgain) {
  auto outputs = world.all_good();
  outputs[1] = "server\tmysql-slave1\ndata\tblog-2016\nend\tmysql-slave1\ndone\n";
  EXPECT_THAT(ids(world.steps(outputs)),
              ElementsAre("mysql/mysql-slave1/container", "mysql/mysql-slave1/replicate"));
}

TEST_F(MysqlSteps, DataThatStayedWhenItsServerLeftIsTakenUpAndIsNoDrift) {
  auto outputs = world.all_good();
  outputs[1] = "server\tmysql-slave1\ndata\tblog-2016\nend\tmysql-slave1\ndone\n";
  auto seen = world.see(outputs);
  seen.put_record(world.host(1), {});
  const auto made = world.system()->steps(seen).value();
  EXPECT_THAT(ids(made),
              ElementsAre("mysql/mysql-slave1/init",
                          "mysql/mysql-slave1/container",
                          "mysql/mysql-slave1/replicate"));
  EXPECT_EQ(made[0].title, "take up the data directory of mysql-slave1");
  EXPECT_EQ(made[0].cause, plan::Cause::change);
  EXPECT_THAT(made[0].apply.body(), Not(HasSubstr("mrc_mysql_init")));
}

TEST_F(MysqlSteps, OtherOptionsReplaceTheContainerWhichIsDisruptive) {
  const auto outputs = world.all_good();
  world.topology.mysql.servers[1].options.emplace_back("max_connections", "500");
  const auto made = world.steps(outputs);
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-slave1/container", "mysql/mysql-slave1/rejoin"));
  EXPECT_THAT(made[0].undoes,
              ElementsAre("survival/mysql-slave1/ready", "endpoint/mysql-slave1/ready"));
  EXPECT_EQ(made[0].risk, plan::Risk::disruptive);
  EXPECT_EQ(made[0].change, plan::Change::replace);
  EXPECT_EQ(made[0].reason, "it was made otherwise than the file asks");
  EXPECT_EQ(made[0].impact, "mysql-slave1 does not answer, some 15 s");
  EXPECT_THAT(made[0].apply.body(), HasSubstr("mrc_mysql_check_options"));
}

TEST_F(MysqlSteps, WhoeverIsReplacedFirstLetsTheOptionsOfAllBeJudged) {
  world.topology.mysql.servers[0].options = {{"max_connections", "300"}};
  world.topology.mysql.servers[1].options = {{"max_connections", "400"}};
  const auto outputs = std::vector{world.good(0), world.good(1), world.good(2)};
  world.topology.mysql.options = {{"wait_timeout", "60"}};
  const auto made = world.steps(outputs);
  for (const auto& server : world.topology.mysql.servers) {
    const auto script = find(made, "mysql/" + server.id.text() + "/container").apply.body();
    for (const auto* own : {"max_connections=300", "max_connections=400"}) {
      EXPECT_LT(script.find(own), script.find("mrc_mysql_stop_remove")) << server.id.text();
    }
    EXPECT_LT(
        script.find("mrc_mysql_check_options " + server.id.text() + " mysql:5.6 mysql-slave1"),
        script.find("mrc_mysql_stop_remove"));
  }
}

TEST_F(MysqlSteps, ANewContainerHasItsOwnJudged) {
  world.topology.mysql.servers[0].options = {{"max_connections", "300"}};
  const auto made = world.steps(world.all_bare());
  EXPECT_THAT(find(made, "mysql/mysql-slave1/container").apply.body(),
              Not(HasSubstr("max_connections")));
}

TEST_F(MysqlSteps, RunningServersAreReplacedOneByOneTheMasterLast) {
  const auto outputs = world.all_good();
  world.topology.mysql.options.emplace_back("max_connections", "500");
  const auto made = world.steps(outputs);
  EXPECT_THAT(ids(made),
              ElementsAre("mysql/mysql-master/container",
                          "mysql/mysql-slave1/container",
                          "mysql/mysql-slave2/container",
                          "mysql/mysql-slave1/rejoin",
                          "mysql/mysql-slave1/replicate",
                          "mysql/mysql-slave2/rejoin",
                          "mysql/mysql-slave2/replicate"));
  EXPECT_THAT(after(find(made, "mysql/mysql-slave1/container")), IsEmpty());
  EXPECT_THAT(after(find(made, "mysql/mysql-slave2/container")),
              ElementsAre("mysql/mysql-slave1/rejoin"));
  EXPECT_THAT(after(find(made, "mysql/mysql-master/container")),
              ElementsAre("mysql/mysql-slave2/rejoin"));
  EXPECT_EQ(plan::Plan::make(made).steps().back().id, StepId("mysql/mysql-slave2/replicate"));
}

TEST_F(MysqlSteps, AMasterThatIsSilentAndReplacedMakesNoCycle) {
  auto outputs = world.all_good();
  const auto whole = world.good(0);
  outputs[0] = whole.substr(0, whole.find("var\t")) +
               "sql\tERROR 2002 (HY000): no\nend\tmysql-master\ndone\n";
  world.topology.mysql.options.emplace_back("max_connections", "500");
  EXPECT_EQ(plan::Plan::make(world.steps(outputs)).steps().size(), 8U);
}

TEST_F(MysqlSteps, ASlaveThatIsReplacedBeforeItsMasterMovesRejoinsItWhereItStillIs) {
  auto outputs = world.all_good();
  outputs[0] = with(world.good(0), "address\tyes\n", "");
  world.topology.mysql.options.emplace_back("max_connections", "500");
  world.topology.mysql.servers[0].address = *Ipv4::parse("192.168.0.77");
  const auto made = world.steps(outputs);
  EXPECT_THAT(find(made, "mysql/mysql-slave1/rejoin").apply.body(),
              AllOf(HasSubstr(" 192.168.0.50 repl"), Not(HasSubstr("192.168.0.77"))));
  EXPECT_THAT(find(made, "mysql/mysql-slave1/replicate").apply.body(),
              HasSubstr(" 192.168.0.77 repl"));
  EXPECT_THAT(after(find(made, "mysql/mysql-master/container")),
              ElementsAre("mysql/mysql-slave2/rejoin"));
  // One that does not hear the master now is not waited for before it is there.
  outputs[2] = with(world.good(2), "Slave_IO_Running\tYes", "Slave_IO_Running\tConnecting");
  const auto deaf = world.steps(outputs);
  EXPECT_THAT(ids(deaf), Not(Contains("mysql/mysql-slave2/rejoin")));
  EXPECT_EQ(plan::Plan::make(deaf).steps().back().id, StepId("mysql/mysql-slave2/replicate"));
}

TEST_F(MysqlSteps, AnotherImageReplacesTheContainer) {
  const auto outputs = world.all_good();
  world.topology.mysql.image.value = "mysql:5.6.51";
  const auto made = world.steps(outputs);
  const auto& replaced = find(made, "mysql/mysql-master/container");
  EXPECT_EQ(replaced.reason, "the file has another image");
  EXPECT_EQ(replaced.diff[0],
            (plan::DiffLine{plan::Change::update, "image", "mysql:5.6", "mysql:5.6.51"}));
}

TEST_F(MysqlSteps, ATagThatMovedReplacesTheContainer) {
  const auto made = steps_with(2, "wanted_image\tsha256:d54b", "wanted_image\tsha256:ffff");
  EXPECT_THAT(ids(made), ElementsAre("mysql/mysql-slave2/container", "mysql/mysql-slave2/rejoin"));
}

TEST_F(MysqlSteps, AStoppedContainerIsStartedAndItsSlaveLookedAfter) {
  const std::string stopped = with(world.good(1), "container\trunning", "container\texited");
  auto outputs = world.all_good();
  outputs[1] = stopped.substr(0, stopped.find("var\t")) + "end\tmysql-slave1\ndone\n";
  EXPECT_THAT(ids(world.steps(outputs)),
              ElementsAre("mysql/mysql-slave1/start", "mysql/mysql-slave1/replicate"));
}

TEST_F(MysqlSteps, WhoseConnectionsEndWithAnothersStepJoinsAgainBehindIt) {
  auto seen = world.see(world.all_good());
  EXPECT_TRUE(seen.lose({"server/mysql-slave2/ready"}));
  const auto one = world.system()->steps(seen).value();
  ASSERT_THAT(ids(one), ElementsAre("mysql/mysql-slave2/replicate"));
  EXPECT_EQ(one[0].change, plan::Change::run);
  EXPECT_EQ(one[0].reason, "the connections of mysql-slave2 end meanwhile");
  EXPECT_THAT(one[0].needs, Contains("endpoint/mysql-slave2/ready"));
  EXPECT_THAT(one[0].gives, ElementsAre("server/mysql-slave2/ready"));
  // All hang on the master.
  EXPECT_TRUE(seen.lose({"server/mysql-master/ready"}));
  EXPECT_THAT(ids(world.system()->steps(seen).value()),
              ElementsAre("mysql/mysql-slave1/replicate", "mysql/mysql-slave2/replicate"));
}

TEST_F(MysqlSteps, EveryFaultOfASlaveIsItsOwnLine) {
  const struct {
    std::string field, now, was, want;
  } faults[] = {
      {"slave\tSlave_SQL_Running", "No", "Yes", "Yes"},
      {"slave\tSlave_IO_Running", "Connecting", "Yes", "Yes"},
      {"slave\tMaster_Host", "192.168.0.99", "192.168.0.50", "192.168.0.50"},
      {"slave\tMaster_Port", "3307", "3306", "3306"},
      {"slave\tMaster_User", "other", "repl", "repl"},
      {"slave\tAuto_Position", "0", "1", "1"},
      {"slave\tSQL_Delay", "3600", "0", "0"},
      {"var\tread_only", "OFF", "ON", "ON"},
  };
  for (const auto& fault : faults) {
    const auto made = steps_with(1, fault.field + "\t" + fault.was, fault.field + "\t" + fault.now);
    ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-slave1/replicate")) << fault.field;
    const auto name = fault.field.substr(fault.field.find('\t') + 1);
    EXPECT_THAT(made[0].diff,
                ElementsAre(plan::DiffLine{plan::Change::update, name, fault.now, fault.want}));
    EXPECT_EQ(made[0].change, plan::Change::update);
    EXPECT_FALSE(made[0].goal.empty());
  }
}

TEST_F(MysqlSteps, AnotherPasswordIsSetOnTheMasterAndThenOneSlaveAfterTheOther) {
  auto outputs = world.all_good();
  outputs[0] = with(outputs[0], "login\tok", "login\tERROR 1045 (28000): Access denied");
  for (const auto i : {1U, 2U}) outputs[i] = with(outputs[i], "channel\t1\t1", "channel\t1\t0");
  const auto made = world.steps(outputs);
  ASSERT_THAT(ids(made),
              ElementsAre("mysql/mysql-master/account",
                          "mysql/mysql-slave1/replicate",
                          "mysql/mysql-slave2/replicate"));
  const plan::DiffLine password{
      plan::Change::update, "password", "another", world.secrets.replication_password.label()};
  EXPECT_THAT(made[0].diff, ElementsAre(password));
  EXPECT_THAT(made[1].diff, ElementsAre(password));
  EXPECT_THAT(made[1].needs, Contains("replication/account"));
  EXPECT_THAT(made[0].apply.body(), Not(HasSubstr("REVOKE")));
  EXPECT_THAT(after(made[1]), IsEmpty());
  EXPECT_THAT(after(made[2]), ElementsAre("mysql/mysql-slave1/replicate"));
}

TEST_F(MysqlSteps, AGoalChangesWithThePasswordAndDoesNotTellIt) {
  const auto goal = [&] {
    return find(world.steps(world.all_bare()), "mysql/mysql-slave1/replicate").goal;
  };
  const auto before = goal();
  EXPECT_EQ(goal(), before);
  EXPECT_THAT(before, Not(HasSubstr("repl-Pass")));
  world.secrets.replication_password = Secret("mysql.replication.password", "other");
  EXPECT_NE(goal(), before);
}

TEST_F(MysqlSteps, WhatMariaDbSaysOfAClosedServerFrom12OnIsClosed) {
  for (const std::string word : {"NO_LOCK", "NO_LOCK_NO_ADMIN"}) {
    EXPECT_THAT(ids(steps_with(1, "var\tread_only\tON", "var\tread_only\t" + word)), IsEmpty());
    const auto made = steps_with(0, "var\tread_only\tOFF", "var\tread_only\t" + word);
    ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-master/settings"));
    EXPECT_THAT(made[0].diff,
                ElementsAre(plan::DiffLine{plan::Change::update, "read_only", word, "OFF"}));
  }
}

TEST_F(MysqlSteps, AMasterThatRefusesWritesAndAChangedIdAreSetBackAsDrift) {
  const auto made = steps_with(0, "var\tread_only\tOFF", "var\tread_only\tON");
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-master/settings"));
  EXPECT_THAT(made[0].diff,
              ElementsAre(plan::DiffLine{plan::Change::update, "read_only", "ON", "OFF"}));
  EXPECT_EQ(made[0].cause, plan::Cause::drift);
  EXPECT_THAT(made[0].apply.body(), HasSubstr("SET GLOBAL read_only=OFF"));
  EXPECT_THAT(ids(steps_with(2, "var\tserver_id\t102", "var\tserver_id\t7")),
              ElementsAre("mysql/mysql-slave2/settings"));
}

TEST_F(MysqlSteps, AConnectionThatMayBeDeadIsMadeAnew) {
  auto made = steps_with(0, "listener\t101\n", "");
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-slave1/replicate"));
  EXPECT_THAT(made[0].reason, HasSubstr("the master has no connection of it"));
  made = steps_with(1, "address\tyes\n", "");
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-slave1/replicate"));
  EXPECT_EQ(made[0].reason, "it connected before it had its address");
  EXPECT_THAT(made[0].needs, Contains("endpoint/mysql-slave1/ready"));
  EXPECT_THAT(ids(steps_with(0, "address\tyes\n", "")),
              ElementsAre("mysql/mysql-slave1/replicate", "mysql/mysql-slave2/replicate"));
}

TEST_F(MysqlSteps, TheServersOwnErrorIsPartOfTheReason) {
  auto outputs = world.all_good();
  outputs[1] = with(outputs[1], "Slave_SQL_Running\tYes", "Slave_SQL_Running\tNo");
  outputs[1] = with(outputs[1], "Last_SQL_Errno\t0", "Last_SQL_Errno\t1062");
  outputs[1] = with(outputs[1], "Last_SQL_Error\t", "Last_SQL_Error\tDuplicate entry '7'");
  EXPECT_THAT(world.steps(outputs).at(0).reason, HasSubstr("; 1062: Duplicate entry '7'"));
}

TEST_F(MysqlSteps, ReadOnlyIsSuperWhereTheServerHasIt) {
  world.topology.mysql.version = {5, 7};
  const auto made = world.steps(world.all_bare());
  EXPECT_THAT(find(made, "mysql/mysql-slave1/replicate").apply.body(),
              HasSubstr("super_read_only"));
}

TEST_F(MysqlSteps, TheAccountGetsWhatItLacksAndLosesWhatItHasTooMuch) {
  using plan::Change;
  auto made = steps_with(0, "account\t1\ngrant\tREPLICATION SLAVE ON *.*\n", "account\t0\n");
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-master/account"));
  EXPECT_EQ(made[0].diff[0], (plan::DiffLine{Change::create, "account", "", "repl@%"}));
  EXPECT_EQ(made[0].change, Change::create);
  made = steps_with(0, "grant\tREPLICATION SLAVE ON", "grant\tSELECT ON");
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-master/account"));
  EXPECT_THAT(
      made[0].diff,
      ElementsAre(plan::DiffLine{Change::remove, "privilege", "SELECT ON *.*", ""},
                  plan::DiffLine{Change::create, "privilege", "", "REPLICATION SLAVE ON *.*"}));
  EXPECT_THAT(made[0].apply.body(), HasSubstr("mrc_mysql_account"));
  EXPECT_EQ(made[0].change, Change::update);
}

TEST_F(MysqlSteps, TheAccountsConnectionsAreAsTheFileHasThem) {
  using plan::Change;
  world.topology.mysql.replication_max_connections.value = 5;
  auto made = steps_with(0, "account\t1\n", "account\t1\nlimits\tX509\t0\n");
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-master/account"));
  EXPECT_THAT(made[0].diff,
              ElementsAre(plan::DiffLine{Change::update, "require", "X509", "NONE"},
                          plan::DiffLine{Change::update, "max_connections", "0", "5"}));
  EXPECT_THAT(made[0].apply.body(), HasSubstr("NONE 5"));
  EXPECT_THAT(ids(steps_with(0, "account\t1\n", "account\t1\nlimits\tNONE\t5\n")), IsEmpty());
}

TEST_F(MysqlSteps, ALostRecordIsWrittenAgainAsDriftAndNothingElse) {
  const auto outputs = world.all_good();
  auto seen = world.see(outputs);
  seen.put_record(world.host(0), {});
  seen.put_record(world.host(1), {});
  const auto made = world.system()->steps(seen).value();
  EXPECT_THAT(ids(made),
              ElementsAre("mysql/mysql-master/init",
                          "mysql/mysql-master/container",
                          "mysql/mysql-slave1/init",
                          "mysql/mysql-slave1/container",
                          "mysql/mysql-master/account",
                          "mysql/mysql-slave1/replicate"));
  for (const auto& step : made) {
    EXPECT_EQ(step.cause, plan::Cause::drift) << step.id.text();
    EXPECT_EQ(step.risk, plan::Risk::safe) << step.id.text();
    EXPECT_THAT(step.apply.body(), Not(HasSubstr("mrc_mysql_run"))) << step.id.text();
    EXPECT_THAT(step.apply.body(), Not(HasSubstr("mrc_mysql_replicate"))) << step.id.text();
    EXPECT_FALSE(step.goal.empty()) << step.id.text();
  }
}

TEST_F(MysqlSteps, APausedContainerGoesOnAndOneThatIsSilentIsWaitedFor) {
  const auto cut = [&](const std::string& text) {
    return text.substr(0, text.find("var\t")) + "end\tmysql-slave1\ndone\n";
  };
  auto outputs = world.all_good();
  outputs[1] = cut(with(world.good(1), "container\trunning", "container\tpaused"));
  EXPECT_EQ(find(world.steps(outputs), "mysql/mysql-slave1/start").reason, "it is paused");
  outputs[1] = with(cut(world.good(1)), "end\t", "sql\tERROR 2002 (HY000): no\nend\t");
  const auto made = world.steps(outputs);
  EXPECT_THAT(ids(made), ElementsAre("mysql/mysql-slave1/start", "mysql/mysql-slave1/replicate"));
  EXPECT_EQ(made[0].reason, "ERROR 2002 (HY000): no");
}

TEST_F(MysqlSteps, WhatCannotBeReadIsNotPlannedFrom) {
  auto outputs = world.all_good();
  outputs[2] = "server\tmysql-slave2\ndata\tblog-2016\ndocker\tdown\nend\tmysql-slave2\ndone\n";
  auto made = world.system()->steps(world.see(outputs));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().text(), HasSubstr("Docker does not answer on docker3"));
  const auto whole = world.good(2);
  outputs[2] = whole.substr(0, whole.find("var\t")) + "end\tmysql-slave2\ndone\n";
  made = world.system()->steps(world.see(outputs));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::unreadable);
}

TEST_F(MysqlSteps, AnAnswerCutOffAnywhereIsUnreadable) {
  test::cut_everywhere(world, *world.system(), world.all_good(), MRC_EXPECT_UNREADABLE);
}

TEST_F(MysqlSteps, AnUnknownLineIsUnreadableWithItsNumber) {
  auto outputs = world.all_good();
  outputs[0] = with(outputs[0], "login\tok\n", "login\tok\nsurprise\there\n");
  const auto made = world.system()->steps(world.see(outputs));
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().text(), HasSubstr("is not understood: surprise"));
}

TEST_F(MysqlSteps, WhatOthersMadeIsAnObstacle) {
  auto outputs = world.all_good();
  outputs[0] = "server\tmysql-master\ndata\t\nend\tmysql-master\ndone\n";
  outputs[1] = with(outputs[1], "running\tblog-2016", "running\tother");
  EXPECT_THAT(titles(world.findings(outputs)),
              ElementsAre("docker1: /opt/Docker/mysql-master/data exists and this deployment has "
                          "not made it",
                          "docker2: a container mysql-slave1 exists that this deployment has not "
                          "made"));
}

TEST_F(MysqlSteps, ARefusedRootPasswordIsAnObstacle) {
  auto outputs = world.all_good();
  const auto whole = world.good(0);
  outputs[0] = whole.substr(0, whole.find("var\t")) +
               "sql\tERROR 1045 (28000): Access denied for user 'root'\nend\tmysql-master\ndone\n";
  const auto found = world.findings(outputs);
  ASSERT_THAT(titles(found),
              ElementsAre("docker1: the server mysql-master refuses root's password"));
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
}

TEST(MysqlDesired, TheLogsHaveNamesThatNoContainerChanges) {
  const test::MysqlWorld world;
  for (const auto& server : world.desired().servers) {
    EXPECT_THAT(server.options, Contains("--log-bin=mysql-bin"));
    EXPECT_THAT(server.options, Contains("--relay-log=mysql-relay"));
    EXPECT_THAT(server.options, Contains("--gtid_mode=ON"));
  }
}

TEST(MysqlDesired, AServersOwnOptionsComeLastAndSoWin) {
  test::MysqlWorld world;
  world.topology.mysql.options = {{"max_connections", "100"}, {"skip-name-resolve", {}}};
  world.topology.mysql.servers[0].options = {{"max_connections", "500"}};
  const auto options = world.desired().master().options;
  const std::vector<std::string> tail(options.end() - 3, options.end());
  EXPECT_THAT(tail,
              ElementsAre("--max_connections=100", "--skip-name-resolve", "--max_connections=500"));
}

TEST(MysqlDesired, WhereDataAreNewTheFilesOptionsMayBeUnknown) {
  auto world = test::MysqlWorld::of("mysql:9.7", topology::Flavour::mysql, {9, 7}, "9.7");
  world.topology.mysql.options = {{"plugin_load", "semisync_source.so"},
                                  {"rpl_semi_sync_source_enabled", "1"},
                                  {"default_time_zone", "Europe/Berlin"},
                                  {"skip-name-resolve", {}}};
  world.topology.mysql.servers[0].options = {{"loose_mysqlx", "0"},
                                             {"loose-default-time-zone", "Europe/Berlin"}};
  const auto want = world.desired();
  const auto& birth = want.master().birth_options;
  EXPECT_THAT(birth,
              ElementsAre("--loose-plugin_load=semisync_source.so",
                          "--loose-rpl_semi_sync_source_enabled=1",
                          "--loose-skip-name-resolve",
                          "--loose_mysqlx=0",
                          "--skip-log-bin"));
  world.topology.mysql.options.clear();
  world.topology.mysql.servers[0].options.clear();
  auto copy = world.desired().master().options;
  copy.insert(copy.end(), birth.begin(), birth.end() - 1);
  EXPECT_EQ(want.master().copy_options, copy);
}

TEST_F(MysqlSteps, TheImageJudgesTheOptionsAsTheyAreAndMakesTheDataWithThemLoose) {
  world.topology.mysql.options = {{"max_connections", "300"}};
  const auto made = world.steps(world.all_bare());
  const auto script = find(made, "mysql/mysql-slave1/init").apply.body();
  const auto asked = script.find("--max_connections=300");
  const auto born = script.find("--loose-max_connections=300");
  ASSERT_NE(born, std::string::npos) << script;
  EXPECT_LT(script.find("mrc_mysql_check_options mysql-slave1"), asked);
  EXPECT_LT(asked, script.find("mrc_mysql_init"));
  EXPECT_LT(script.find("mrc_mysql_init"), born);
  EXPECT_EQ(script.find("--max_connections=300", born), std::string::npos);
}

TEST(MysqlDesired, TheSpecChangesWithAllThatAContainerIsMadeFrom) {
  const test::MysqlWorld world;
  const auto want = world.desired();
  const auto hash = spec_hash(want, want.master());
  auto other = want;
  other.image = "mysql:5.6.51";
  EXPECT_NE(spec_hash(other, other.master()), hash);
  other = want;
  other.data_root = "/srv";
  EXPECT_NE(spec_hash(other, other.master()), hash);
  other = want;
  other.servers[0].options.back() += "0";
  EXPECT_NE(spec_hash(other, other.master()), hash);
  other = want;
  other.root_password = Secret("mysql.root_password", "another");
  EXPECT_EQ(spec_hash(other, other.master()), hash) << "a label tells of the password";
}

}  // namespace
}  // namespace mrc::systems::mysql
