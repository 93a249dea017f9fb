// Another password of root: what the plan makes of it.

#include <gmock/gmock.h>

#include "mrc/plan/goal.hpp"
#include "mrc/plan/plan.hpp"
#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using test::after;
using test::find;
using test::ids;
using test::titles;
using test::with;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class MysqlRoot : public ::testing::Test {
 protected:
  MysqlRoot() {
    world.secrets.root_password_before = Secret("mysql.root_password_before", "former-Pass 0");
  }
  /// All as wanted, but that these servers have root's former password.
  std::vector<std::string> with_former(const std::vector<std::size_t>& servers) const {
    auto outputs = world.all_good();
    for (const auto i : servers) {
      outputs[i] = with(outputs[i], "var\tgtid_mode", "root\tbefore\nvar\tgtid_mode");
    }
    return outputs;
  }
  static std::vector<std::string> order(const std::vector<plan::Step>& steps) {
    return ids(plan::Plan::make(steps).steps());
  }
  test::MysqlWorld world;
};

TEST_F(MysqlRoot, IsSetOnTheMasterAndComesToTheSlaves) {
  const auto outputs = with_former({0, 1, 2});
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  const auto made = world.steps(outputs);
  ASSERT_THAT(
      ids(made),
      ElementsAre("mysql/mysql-master/root", "mysql/mysql-slave1/root", "mysql/mysql-slave2/root"));
  const plan::DiffLine line{
      plan::Change::update, "password of root", "another", world.secrets.root_password.label()};
  for (const auto& step : made) {
    EXPECT_THAT(step.diff, ElementsAre(line)) << step.id.text();
    EXPECT_EQ(step.risk, plan::Risk::safe);
    EXPECT_THAT(step.apply.text() + step.goal, Not(HasSubstr("-Pass")));
  }
  EXPECT_THAT(made[0].apply.body(), HasSubstr("mrc_mysql_root_password mysql-master"));
  EXPECT_EQ(made[0].change, plan::Change::update);
  for (const auto i : {1U, 2U}) {
    EXPECT_THAT(after(made[i]), ElementsAre("mysql/mysql-master/root"));
    EXPECT_THAT(made[i].apply.body(), Not(HasSubstr("mrc_mysql_root_password")));
    EXPECT_EQ(made[i].change, plan::Change::run);
    EXPECT_TRUE(made[i].goal.empty());
  }
}

TEST_F(MysqlRoot, WhatASlaveLacksStillIsWaitedForAndNothingElse) {
  const auto made = world.steps(with_former({2}));
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-slave2/root"));
  EXPECT_THAT(after(made[0]), IsEmpty());
}

TEST_F(MysqlRoot, WhereAllHaveTheNewOneNothingIsToBeDone) {
  EXPECT_THAT(ids(world.steps(world.all_good())), IsEmpty());
  world.secrets.root_password_before.reset();
  EXPECT_THAT(ids(world.steps(world.all_good())), IsEmpty());
}

TEST_F(MysqlRoot, NewServersAreMadeWithTheNewOne) {
  EXPECT_THAT(ids(world.steps(world.all_bare())), Not(Contains(HasSubstr("/root"))));
}

TEST_F(MysqlRoot, AMasterThatDoesNotAnswerGetsItWhenItDoes) {
  auto outputs = world.all_good();
  const auto stopped = with(outputs[0], "container\trunning", "container\texited");
  outputs[0] = stopped.substr(0, stopped.find("var\t")) + "end\tmysql-master\ndone\n";
  const auto made = world.steps(outputs);
  const auto& step = find(made, "mysql/mysql-master/root");
  EXPECT_EQ(step.reason, "it is seen when mysql-master answers");
  EXPECT_THAT(step.needs, Contains("container/mysql-master/running"));
  EXPECT_THAT(find(made, "mysql/mysql-slave1/root").diff, IsEmpty());
  plan::Plan::make(made);  // which has no circle
  // Without the one before, it could have no other.
  world.secrets.root_password_before.reset();
  EXPECT_THAT(ids(world.steps(outputs)), Not(Contains("mysql/mysql-master/root")));
}

TEST_F(MysqlRoot, OtherStepsTakeEitherAndASlaveIsMendedBeforeItIsWaitedFor) {
  auto outputs = with_former({0, 1, 2});
  outputs[1] = with(outputs[1], "Slave_SQL_Running\tYes", "Slave_SQL_Running\tNo");
  const auto made = world.steps(outputs);
  EXPECT_THAT(order(made),
              ElementsAre("mysql/mysql-slave1/replicate",
                          "mysql/mysql-master/root",
                          "mysql/mysql-slave1/root",
                          "mysql/mysql-slave2/root"));
  for (const auto& step : made) {
    EXPECT_THAT(step.apply.body(), HasSubstr("mrc_mysql_former ")) << step.id.text();
  }
  EXPECT_THAT(find(made, "mysql/mysql-slave1/root").needs, Contains("server/mysql-slave1/ready"));
}

TEST_F(MysqlRoot, AMasterThatIsClosedByMistakeIsOpenedFirst) {
  auto outputs = with_former({0});
  outputs[0] = with(outputs[0], "var\tread_only\tOFF", "var\tread_only\tON");
  EXPECT_THAT(after(find(world.steps(outputs), "mysql/mysql-master/root")),
              ElementsAre("mysql/mysql-master/settings"));
}

TEST_F(MysqlRoot, TogetherWithAnotherImageThereIsNoCircle) {
  const auto outputs = with_former({0, 1, 2});
  world.topology.mysql.image.value = "mysql:5.6.51";
  const auto made = order(world.steps(outputs));
  EXPECT_THAT(made, Contains("mysql/mysql-master/container"));
  EXPECT_THAT(made, Contains("mysql/mysql-master/root"));
  EXPECT_EQ(made.back(), "mysql/mysql-slave2/root");
}

TEST_F(MysqlRoot, AGoalChangesWithThePasswordAndTheDatasDoesNot) {
  const auto goals = [&] {
    return std::pair(find(world.steps(with_former({0})), "mysql/mysql-master/root").goal,
                     find(world.steps(world.all_bare()), "mysql/mysql-master/init").goal);
  };
  const auto before = goals();
  EXPECT_EQ(goals(), before);
  world.secrets.root_password = Secret("mysql.root_password", "other");
  EXPECT_NE(goals().first, before.first);
  EXPECT_EQ(goals().second, before.second);
}

TEST_F(MysqlRoot, WhoRefusesBothIsAnObstacleThatSaysSo) {
  auto outputs = world.all_good();
  outputs[0] = outputs[0].substr(0, outputs[0].find("var\t")) +
               "sql\tERROR 1045 (28000): Access denied for user 'root'\nend\tmysql-master\ndone\n";
  const auto found = world.findings(outputs);
  ASSERT_THAT(titles(found),
              ElementsAre("docker1: the server mysql-master refuses root's password and the one "
                          "before it"));
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
  EXPECT_THAT(found[0].remedy, HasSubstr("mysql.root_password_before"));
}

TEST_F(MysqlRoot, ASwitchoverAndThenItsNewMasterGetsIt) {
  auto outputs = with_former({0, 1, 2});
  world.topology.mysql.master.value = ServerId("mysql-slave1");
  const auto made = world.steps(outputs);
  EXPECT_THAT(find(made, "mysql/mysql-slave1/root").needs, Contains("master/promoted"));
  EXPECT_THAT(after(find(made, "mysql/mysql-master/root")), ElementsAre("mysql/mysql-slave1/root"));
  plan::Plan::make(made);
}

/// From where root may come.
class MysqlRootHost : public ::testing::Test {
 protected:
  MysqlRootHost() { world.topology.mysql.root_host = "localhost"; }
  /// What the servers have of root's accounts, and what their hosts' records say.
  std::vector<plan::Step> steps(const std::string& lines,
                                const std::map<std::string, std::string>& record = {}) const {
    auto outputs = world.all_good();
    for (auto& output : outputs) output = with(output, "outside\t%\tY\n", lines);
    auto seen = world.see(outputs);
    auto all = world.record(0);
    all.insert(record.begin(), record.end());
    seen.put_record(world.host(0), all);
    return world.system()->steps(seen).value();
  }
  std::string goal(const std::string& verb) const {
    const auto made = verb == "init" ? world.steps(world.all_bare()) : steps("outside\t%\tN\n");
    return plan::goal_mark(find(made, "mysql/mysql-master/" + verb).goal);
  }
  test::MysqlWorld world;
};

TEST_F(MysqlRootHost, WhatLetsRootInFromOutsideGoesWhereTheFileDoesNotSaySo) {
  EXPECT_THAT(ids(steps("")), IsEmpty());
  const auto made = steps("outside\t%\tY\noutside\t10.0.0.%\tN\n");
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-master/root-host"));
  EXPECT_THAT(made[0].diff,
              ElementsAre(plan::DiffLine{plan::Change::remove, "account", "root@'%'", ""},
                          plan::DiffLine{plan::Change::remove, "account", "root@'10.0.0.%'", ""}));
  EXPECT_EQ(made[0].risk, plan::Risk::disruptive);
  EXPECT_EQ(made[0].impact, "who logs in as root from outside is refused");
  EXPECT_THAT(made[0].apply.body(), HasSubstr("mrc_mysql_root_from mysql-master"));
  EXPECT_THAT(made[0].apply.text(), Not(HasSubstr("-Pass")));
}

TEST_F(MysqlRootHost, WhatLacksWhereTheFileSaysSoComes) {
  world.topology.mysql.root_host = "%";
  EXPECT_THAT(ids(steps("outside\t%\tY\noutside\t10.0.0.%\tN\n")), IsEmpty());
  const auto made = steps("outside\t10.0.0.%\tY\n");
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-master/root-host"));
  EXPECT_THAT(made[0].diff,
              ElementsAre(plan::DiffLine{plan::Change::create, "account", "", "root@'%'"}));
  EXPECT_EQ(made[0].risk, plan::Risk::safe);
  // A run that was cut off between its statements, or a REVOKE.
  EXPECT_THAT(ids(steps("outside\t%\tN\n")), ElementsAre("mysql/mysql-master/root-host"));
}

TEST_F(MysqlRootHost, IsDriftWhereTheFileAskedForTheSameBefore) {
  const std::string lines = "outside\t%\tY\n";
  const std::string step = "did/mysql/mysql-master/root-host";
  const std::string init = "did/mysql/mysql-master/init";
  EXPECT_EQ(steps(lines)[0].cause, plan::Cause::change);
  EXPECT_EQ(steps(lines, {{init, goal("init")}})[0].cause, plan::Cause::drift);
  EXPECT_EQ(steps(lines, {{init, R"("0123456789abcdef")"}})[0].cause, plan::Cause::change);
  EXPECT_EQ(steps(lines, {{init, goal("init")}, {step, R"("0123456789abcdef")"}})[0].cause,
            plan::Cause::change);
  const auto wanted = steps(lines)[0].goal;
  world.topology.mysql.root_host = "%";
  EXPECT_NE(steps("")[0].goal, wanted);
}

TEST_F(MysqlRootHost, ComesBehindAnotherPasswordOfRoot) {
  world.secrets.root_password_before = Secret("mysql.root_password_before", "former-Pass 0");
  EXPECT_THAT(after(find(steps("root\tbefore\noutside\t%\tY\n"), "mysql/mysql-master/root-host")),
              ElementsAre("mysql/mysql-master/root"));
}

TEST_F(MysqlRootHost, AMasterThatDoesNotAnswerIsAskedWhenItDoesIfTheFileHasChanged) {
  auto outputs = world.all_good();
  const auto stopped = with(outputs[0], "container\trunning", "container\texited");
  outputs[0] = stopped.substr(0, stopped.find("var\t")) + "end\tmysql-master\ndone\n";
  const auto with_record = [&](const std::string& mark) {
    auto seen = world.see(outputs);
    auto record = world.record(0);
    if (!mark.empty()) record["did/mysql/mysql-master/init"] = mark;
    seen.put_record(world.host(0), record);
    return world.system()->steps(seen).value();
  };
  for (const auto& mark : {std::string(), goal("init")}) {
    EXPECT_THAT(ids(with_record(mark)), Not(Contains("mysql/mysql-master/root-host")));
  }
  const auto made = with_record(R"("0123456789abcdef")");
  const auto& step = find(made, "mysql/mysql-master/root-host");
  EXPECT_EQ(step.reason, "it is seen when mysql-master answers");
  EXPECT_THAT(step.needs, Contains("container/mysql-master/running"));
  plan::Plan::make(made);
}

TEST_F(MysqlRootHost, ASwitchoverTakesTheMarkAlong) {
  world.topology.mysql.root_host = "%";
  world.topology.mysql.master.value = ServerId("mysql-slave1");
  const std::string key = "did/mysql/mysql-master/root-host";
  const auto made = steps("outside\t%\tY\n", {{key, R"("0123456789abcdef")"}});
  EXPECT_THAT(find(made, "mysql/mysql-slave1/take-over").apply.body(),
              HasSubstr("mrc_record blog-2016 did/mysql/mysql-slave1/root-host "
                        "'\"0123456789abcdef\"'"));
  EXPECT_THAT(find(made, "mysql/mysql-master/hand-over").forgets,
              Contains("mysql/mysql-master/root-host"));
  EXPECT_THAT(ids(made), Not(Contains(HasSubstr("/root-host"))));
}

}  // namespace
}  // namespace mrc::systems::mysql
