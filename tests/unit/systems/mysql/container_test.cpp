#include "systems/mysql/container.hpp"

#include <gmock/gmock.h>

#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using plan::Change;
using plan::DiffLine;
using test::find;
using test::ids;
using test::with;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The container of a slave, seen otherwise than it was made.
class MysqlContainer : public ::testing::Test {
 protected:
  std::vector<plan::Step> steps_with(const std::string& from, const std::string& to) const {
    auto outputs = world.all_good();
    outputs[1] = with(outputs[1], from, to);
    return world.steps(outputs);
  }
  Difference difference(const std::string& from, const std::string& to) const {
    return steps_with(from, to).at(0).diff;
  }
  test::MysqlWorld world;
};

TEST_F(MysqlContainer, EachFieldThatDiffersIsALineAndOnlyThose) {
  const struct {
    std::string from, to;
    DiffLine line;
  } fields[] = {
      {"field\timage\t\"mysql:5.6\"",
       "field\timage\t\"mysql:5.5\"",
       {Change::update, "image", "mysql:5.5", "mysql:5.6"}},
      {"hostname\t\"mysql-slave1\"",
       "hostname\t\"box\"",
       {Change::update, "hostname", "box", "mysql-slave1"}},
      {"stop timeout\t120", "stop timeout\tnull", {Change::update, "stop timeout", "null", "120"}},
      {"network\t\"default\"", "network\t\"host\"", {Change::remove, "network", "host", ""}},
      {"privileged\tfalse", "privileged\ttrue", {Change::remove, "privileged", "true", ""}},
      {"memory\t0", "memory\t1000", {Change::remove, "memory", "1000", ""}},
      {"--slave-net-timeout=10",
       "--slave-net-timeout=60",
       {Change::update, "mysqld --slave-net-timeout", "60", "10"}},
      {"field\tmysqld\t\"--log-slave-updates\"\n",
       "",
       {Change::create, "mysqld --log-slave-updates", "", ""}},
      {"field\tlabel\t\"mrc.deployment",
       "field\tenvironment\t\"MYSQL_ROOT_PASSWORD\"\nfield\tlabel\t\"mrc.deployment",
       {Change::remove, "environment", "MYSQL_ROOT_PASSWORD", ""}},
      {"field\tlabel\t\"mrc.deployment",
       "field\tpublished port\t\"3306/tcp\"\nfield\tlabel\t\"mrc.deployment",
       {Change::remove, "published port", "3306/tcp", ""}},
      {"field\tmount\t\"/opt",
       "field\tmount\t\"/srv",
       {Change::update,
        "mount",
        "/srv/Docker/mysql-slave1/data:/var/lib/mysql",
        "/opt/Docker/mysql-slave1/data:/var/lib/mysql"}},
  };
  for (const auto& field : fields) {
    EXPECT_THAT(difference(field.from, field.to), ElementsAre(field.line)) << field.to;
  }
}

TEST_F(MysqlContainer, AnOptionThatWasSpeltOtherwiseIsTheSame) {
  EXPECT_THAT(ids(steps_with("--slave-net-timeout=10", "--slave_net_timeout=10")), IsEmpty());
}

TEST_F(MysqlContainer, ARestartPolicyIsMendedWithoutAReplacement) {
  const auto made = steps_with("unless-stopped", "no");
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-slave1/container"));
  EXPECT_EQ(made[0].change, Change::update);
  EXPECT_EQ(made[0].risk, plan::Risk::safe);
  EXPECT_THAT(made[0].apply.body(), HasSubstr("docker update --restart unless-stopped"));
  EXPECT_THAT(made[0].apply.body(), Not(HasSubstr("mrc_mysql_stop_remove")));
  // So that a policy changed by hand is told from one that the file changed.
  EXPECT_EQ(made[0].goal, find(world.steps(world.all_bare()), "mysql/mysql-slave1/container").goal);
}

TEST_F(MysqlContainer, CopiedLabelsDoNotHideOtherOptions) {
  const auto made = steps_with("--sync-binlog=1", "--sync-binlog=0");
  EXPECT_THAT(ids(made), ElementsAre("mysql/mysql-slave1/container", "mysql/mysql-slave1/rejoin"));
  EXPECT_EQ(made[0].change, Change::replace);
}

TEST_F(MysqlContainer, AnotherRestartThanItWasMadeForReplacesIt) {
  world.topology.mysql.restart = "2026-11-26, \"OPS-7\"";
  const auto made = world.steps(world.all_good());
  const auto& one = find(made, "mysql/mysql-slave1/container");
  EXPECT_EQ(one.change, Change::replace);
  EXPECT_EQ(one.cause, plan::Cause::change);
  EXPECT_EQ(one.reason, "restart: \"2026-11-26, \"OPS-7\"\" asked for");
  EXPECT_THAT(one.diff,
              ElementsAre(DiffLine{Change::create, "restart", "", "2026-11-26, \"OPS-7\""}));
  EXPECT_THAT(one.apply.body(),
              HasSubstr("--label 'mrc.restart=2026-11-26, \"OPS-7\"' mysql:5.6 '--server-id=101'"));
  // Behind its slaves, and with a goal of its own.
  EXPECT_THAT(test::after(find(made, "mysql/mysql-master/container")),
              ElementsAre("mysql/mysql-slave2/rejoin"));
  EXPECT_NE(one.goal,
            find(test::MysqlWorld().steps(world.all_bare()), "mysql/mysql-slave1/container").goal);
}

TEST_F(MysqlContainer, ARestartThatWasDoneIsNotDoneAgainAndMayLeaveTheFile) {
  const std::string label = "field\tlabel\t\"mrc.deployment";
  std::vector<std::string> outputs;
  for (const auto& output : world.all_good()) {
    outputs.push_back(with(output, label, "field\tlabel\t\"mrc.restart=\\u003ca\"\n" + label));
  }
  EXPECT_THAT(ids(world.steps(outputs)), IsEmpty());
  world.topology.mysql.restart = "<a";
  EXPECT_THAT(ids(world.steps(outputs)), IsEmpty());
  world.topology.mysql.restart = "b";
  EXPECT_THAT(find(world.steps(outputs), "mysql/mysql-slave1/container").diff,
              ElementsAre(DiffLine{Change::update, "restart", "<a", "b"}));
  // What else is to change is the reason then.
  world.topology.mysql.image.value = "mysql:5.6.51";
  EXPECT_EQ(find(world.steps(outputs), "mysql/mysql-slave1/container").reason,
            "the file has another image");
}

TEST_F(MysqlContainer, WithoutAMarkItIsTakenOverOnlyWhenAsked) {
  auto outputs = world.all_good();
  auto unmarked = with(world.good(1), "running\tblog-2016", "running\t");
  unmarked = with(unmarked, "data\tblog-2016", "data\t");
  unmarked = with(unmarked, "field\tlabel\t\"mrc.deployment=blog-2016\"\n", "");
  outputs[1] = with(unmarked, "marked\tmysql-slave1\n", "");
  EXPECT_EQ(world.findings(outputs).size(), 2U);
  world.adopt = true;
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  const auto made = world.steps(outputs);
  EXPECT_THAT(find(made, "mysql/mysql-slave1/init").apply.body(), HasSubstr("mrc_mysql_mark"));
  EXPECT_THAT(find(made, "mysql/mysql-slave1/container").apply.body(),
              HasSubstr("mrc_mysql_stop_remove mysql-slave1 blog-2016 adopt"));
  outputs[1] = with(outputs[1], "field\tdata\t\"/opt", "field\tdata\t\"/srv");
  EXPECT_THAT(test::titles(world.findings(outputs)),
              ElementsAre("docker2: the container mysql-slave1 cannot be taken over: its data is "
                          "elsewhere"));
}

TEST_F(MysqlContainer, AMasterIsTakenOverWithTheLogsThatSlavesAreMadeFrom) {
  const auto unmarked = [&] {
    auto outputs = world.all_good();
    auto& one = outputs[0];
    one = with(one, "running\tblog-2016", "running\t");
    one = with(one, "data\tblog-2016", "data\t");
    one = with(one, "field\tlabel\t\"mrc.deployment=blog-2016\"\n", "");
    one = with(one, "marked\tmysql-master\n", "");
    return outputs;
  };
  world.adopt = true;
  auto outputs = unmarked();
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  outputs[0] = with(outputs[0], "gtid_mode\tON", "gtid_mode\tOFF");
  EXPECT_EQ(world.findings(outputs).size(), 1U);

  world = test::MysqlWorld::of("mariadb:11.8", topology::Flavour::mariadb, {11, 8}, "mariadb-11.8");
  world.adopt = true;
  outputs = unmarked();
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  const std::string log = "log_bin_basename\t";
  outputs[0] = with(outputs[0], log + "/var/lib/mysql/mysql-bin", log);
  EXPECT_THAT(test::titles(world.findings(outputs)),
              ElementsAre("docker1: the container mysql-master cannot be taken over: it has no "
                          "binary log"));
  outputs[0] = with(outputs[0], log, log + "/var/lib/mysql/mysqld-bin");
  EXPECT_THAT(test::titles(world.findings(outputs)),
              ElementsAre("docker1: the container mysql-master cannot be taken over: its binary "
                          "logs have another name"));
}

TEST_F(MysqlContainer, AnothersIsNotTakenOverEither) {
  world.adopt = true;
  auto outputs = world.all_good();
  outputs[1] = with(outputs[1], "running\tblog-2016", "running\tother");
  EXPECT_EQ(world.findings(outputs).size(), 1U);
}

TEST_F(MysqlContainer, OfTodaysCalicoStandsOnNoNetworkOfDockers) {
  world.topology.calico.version = "v3.32.1";
  const auto steps = world.steps(world.all_good());
  const auto& one = find(steps, "mysql/mysql-slave1/container");
  EXPECT_THAT(one.apply.body(), HasSubstr("mrc_mysql_run mysql-slave1 --network none --hostname"));
  EXPECT_THAT(one.diff, Contains(DiffLine{Change::create, "network", "", "none"}));
  EXPECT_THAT(
      find(test::MysqlWorld().steps(world.all_bare()), "mysql/mysql-slave1/container").apply.body(),
      Not(HasSubstr("--network")));
}

}  // namespace
}  // namespace mrc::systems::mysql
