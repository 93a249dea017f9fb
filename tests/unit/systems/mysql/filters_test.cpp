#include "systems/mysql/filters.hpp"

#include <gmock/gmock.h>

#include "mrc/systems/failover.hpp"
#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using test::titles;
using test::with;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class MysqlFilters : public ::testing::Test {
 protected:
  void option(std::size_t i, const std::string& name, const std::string& value) {
    world.topology.mysql.servers[i].options.emplace_back(name, value);
  }
  std::string filter(std::size_t i) const {
    return filter_of(world.desired().servers.at(i), nullptr);
  }
  /// The file gives the part of mysql-master to mysql-slave1.
  std::vector<Finding> switchover() {
    world.topology.mysql.master.value = ServerId("mysql-slave1");
    return world.findings(outputs);
  }
  /// The host of mysql-master is away.
  Succession failover(const FailoverWish& wish = {}) const {
    Observations all;
    for (const std::size_t i : {1U, 2U}) {
      const auto output = with(outputs[i], "Slave_IO_Running\tYes", "Slave_IO_Running\tConnecting");
      all.put(world.host(i), "mysql", {0, output, {}});
      all.put_record(world.host(i), world.record(i));
    }
    return succession(world.inputs(), all, wish).value();
  }
  test::MysqlWorld world;
  std::vector<std::string> outputs = world.all_good();
};

TEST_F(MysqlFilters, AreKnownHoweverTheyAreSpelt) {
  for (const std::string name : {"replicate_do_db",
                                 "replicate-ignore-db",
                                 "loose_replicate_do_table",
                                 "loose-replicate_ignore_table",
                                 "replicate_wild_do_table",
                                 "replicate_wild_ignore_table",
                                 "replicate_rewrite_db",
                                 "binlog_do_db",
                                 "loose_binlog-ignore-db"}) {
    world.topology.mysql.servers[1].options = {{name, "shop"}};
    auto said = name.substr(name.starts_with("loose") ? 6 : 0);
    std::replace(said.begin(), said.end(), '_', '-');
    EXPECT_EQ(filter(1), "--" + said + "=shop");
    EXPECT_EQ(filter(2), "");
  }
  // These filter nothing.
  world.topology.mysql.servers[1].options = {{"replicate_same_server_id", "1"},
                                             {"binlog_row_image", "full"}};
  EXPECT_EQ(filter(1), "");
}

TEST_F(MysqlFilters, ASlaveThatSkippedSomethingDoesNotBecomeTheMaster) {
  EXPECT_THAT(switchover(), IsEmpty());
  option(1, "replicate_ignore_db", "logs");
  const auto found = switchover();
  ASSERT_THAT(titles(found),
              Contains("docker2: mysql-slave1 cannot become the master: it may lack data of "
                       "mysql-master"));
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
  EXPECT_EQ(found[0].detail, "mysql-slave1 has --replicate-ignore-db=logs");
}

TEST_F(MysqlFilters, NeitherDoesOneWithAFilterThatSomebodySetAsItRan) {
  outputs[1] =
      with(outputs[1], "Replicate_Wild_Ignore_Table\t", "Replicate_Wild_Ignore_Table\ta.%");
  EXPECT_EQ(switchover().at(0).detail, "mysql-slave1 has --replicate-wild-ignore-table=a.%");
}

TEST_F(MysqlFilters, AnothersFilterIsNoObstacleAndTheOldMastersOwnOneIs) {
  option(2, "replicate_ignore_db", "logs");
  option(0, "replicate_ignore_db", "logs");  // it was no slave of anybody
  EXPECT_THAT(titles(switchover()), Not(Contains(HasSubstr("it may lack data"))));
  option(0, "binlog_ignore_db", "logs");
  EXPECT_EQ(switchover().at(0).detail, "mysql-master has --binlog-ignore-db=logs");
}

TEST_F(MysqlFilters, AFailoverChoosesOneWithoutEvenIfItHasLess) {
  outputs[1] = with(outputs[1], ":1-4\nslave\tExecuted", ":1-9\nslave\tExecuted");
  EXPECT_EQ(failover().heir, ServerId("mysql-slave1"));
  option(1, "replicate_do_db", "shop");
  const auto found = failover();
  EXPECT_EQ(found.heir, ServerId("mysql-slave2"));
  EXPECT_EQ(found.reason, "no slave without a filter that answers has received more");
  EXPECT_THAT(titles(found.findings),
              Contains(HasSubstr("mysql-slave1 has received 5 transactions that mysql-slave2")));
}

TEST_F(MysqlFilters, AFailoverToOneWithAFilterHasToBeAcceptedAsALoss) {
  const auto title =
      "docker2: mysql-slave1 may lack data of mysql-master that no set of transactions tells";
  option(1, "replicate_do_db", "shop");
  for (const bool all : {false, true}) {
    if (all) option(2, "replicate_do_db", "shop");
    FailoverWish wish;
    if (!all) wish.heir = ServerId("mysql-slave1");
    for (const bool accepts : {false, true}) {
      wish.accept_loss = accepts;
      const auto found = failover(wish);
      EXPECT_EQ(found.heir, ServerId("mysql-slave1"));
      ASSERT_THAT(titles(found.findings), Contains(title));
      EXPECT_EQ(found.findings[0].level, accepts ? Verdict::Level::warn : Verdict::Level::fail);
      EXPECT_EQ(found.findings[0].detail, "mysql-slave1 has --replicate-do-db=shop");
    }
  }
}

TEST_F(MysqlFilters, WhatTheLostOneDidNotLogNobodyHas) {
  option(0, "binlog_do_db", "shop");
  EXPECT_EQ(failover().findings.at(0).detail, "mysql-master has --binlog-do-db=shop");
}

}  // namespace
}  // namespace mrc::systems::mysql
