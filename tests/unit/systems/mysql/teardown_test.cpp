#include <gmock/gmock.h>

#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using test::after;
using test::find;
using test::ids;
using test::with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MysqlTeardown : public ::testing::Test {
 protected:
  std::vector<plan::Step> teardown(const std::vector<std::string>& outputs,
                                   bool recorded,
                                   bool delete_data) const {
    auto seen = world.see(outputs);
    for (std::size_t i = 0; i < 3; ++i) {
      seen.put_record(world.host(i),
                      recorded ? world.record(i) : std::map<std::string, std::string>{});
    }
    return world.system()->teardown(seen, delete_data).value();
  }
  test::MysqlWorld world;
};

TEST_F(MysqlTeardown, OfNothingIsNothing) {
  EXPECT_THAT(teardown(world.all_bare(), false, false), IsEmpty());
  EXPECT_THAT(teardown(world.all_bare(), false, true), IsEmpty());
}

TEST_F(MysqlTeardown, KeepsTheDataAndStopsTheMasterLast) {
  const auto made = teardown(world.all_good(), true, false);
  EXPECT_THAT(ids(made),
              ElementsAre("mysql/mysql-slave2/remove",
                          "mysql/mysql-slave2/forget-data",
                          "mysql/mysql-slave1/remove",
                          "mysql/mysql-slave1/forget-data",
                          "mysql/mysql-master/remove",
                          "mysql/mysql-master/forget-data"));
  EXPECT_THAT(after(find(made, "mysql/mysql-master/remove")),
              ElementsAre("mysql/mysql-slave2/remove", "mysql/mysql-slave1/remove"));
  for (const auto& step : made) EXPECT_NE(step.risk, plan::Risk::destructive) << step.id.text();
}

TEST_F(MysqlTeardown, DeletesTheDataOnlyWhenAskedAndSaysThatItIsDestructive) {
  const auto made = teardown(world.all_good(), true, true);
  const auto& data = find(made, "mysql/mysql-master/data");
  EXPECT_EQ(data.risk, plan::Risk::destructive);
  EXPECT_THAT(data.needs, ElementsAre("gone/container/mysql-master"));
  EXPECT_THAT(data.apply.body(), HasSubstr("mrc_mysql_delete_data mysql-master /opt/Docker"));
}

TEST_F(MysqlTeardown, LeavesAContainerAndDataThatOthersMade) {
  auto outputs = world.all_bare();
  outputs[0] = with(world.good(0), "running\tblog-2016", "running\tother");
  outputs[0] = with(outputs[0], "data\tblog-2016", "data\tother");
  outputs[0] = with(outputs[0], "marked\tmysql-master\n", "");
  EXPECT_THAT(ids(teardown(outputs, false, true)), IsEmpty());
}

TEST_F(MysqlTeardown, TakesUpWhatADestroyWithoutRecordLeft) {
  auto outputs = world.all_bare();
  outputs[0] = "server\tmysql-master\ndata\tblog-2016\nend\tmysql-master\ndone\n";
  EXPECT_THAT(ids(teardown(outputs, false, true)), ElementsAre("mysql/mysql-master/data"));
}

}  // namespace
}  // namespace mrc::systems::mysql
