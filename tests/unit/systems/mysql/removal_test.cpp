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
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Servers that left the file, or moved in it.
class MysqlRemoval : public ::testing::Test {
 protected:
  topology::Server& server(std::size_t i) { return world.topology.mysql.servers.at(i); }
  test::MysqlWorld world;
};

TEST_F(MysqlRemoval, AServerThatLeftTheFileGoesAndItsDataStays) {
  auto outputs = world.all_good();
  const auto seen = world.see({outputs[0], outputs[1], "marked\tmysql-slave2\ndone\n"});
  auto with_record = seen;
  with_record.put_record(world.host(2), world.record(2));
  world.topology.mysql.servers.pop_back();
  const auto made = world.system()->steps(with_record).value();
  ASSERT_THAT(
      ids(made),
      ElementsAre("mysql/docker3/mysql-slave2/remove", "mysql/docker3/mysql-slave2/forget-data"));
  EXPECT_EQ(made[0].risk, plan::Risk::disruptive);
  EXPECT_EQ(made[0].impact, "clients of mysql-slave2 are cut off");
  EXPECT_THAT(made[0].needs,
              ElementsAre("gone/survival/mysql-slave2", "gone/endpoint/mysql-slave2"));
  EXPECT_THAT(made[0].forgets, ElementsAre("mysql/mysql-slave2/"));
  EXPECT_EQ(made[1].reason, "it stays in /opt/Docker/mysql-slave2/data");
  EXPECT_THAT(made[1].apply.body(), Not(HasSubstr("mrc_mysql_delete_data")));
  // Its record may be lost: the container's mark tells too.
  EXPECT_THAT(ids(world.system()->steps(seen).value()),
              ElementsAre("mysql/docker3/mysql-slave2/remove"));
}

TEST_F(MysqlRemoval, AMovedSlaveIsMadeAnewWhenItIsGoneFromWhereItWas) {
  const auto outputs = world.all_good();
  auto seen = world.see({outputs[0], outputs[1], "done\n"});
  server(1).host = world.host(2);
  world.topology.mysql.servers.pop_back();
  seen.put(world.host(1), "mysql", {0, "marked\tmysql-slave1\ndone\n", {}});
  seen.put(world.host(2), "mysql", {0, world.bare(1), {}});
  const auto made = world.system()->steps(seen).value();
  ASSERT_THAT(ids(made),
              ElementsAre("mysql/mysql-slave1/init",
                          "mysql/mysql-slave1/container",
                          "mysql/mysql-slave1/replicate",
                          "mysql/docker2/mysql-slave1/remove",
                          "mysql/docker2/mysql-slave1/forget-data"));
  const auto& container = find(made, "mysql/mysql-slave1/container");
  EXPECT_EQ(container.host, world.host(2));
  EXPECT_THAT(container.needs, Contains("gone/container/mysql-slave1"));
  EXPECT_THAT(container.needs, Contains("gone/endpoint/mysql-slave1"));
  EXPECT_EQ(plan::Plan::make(made).steps().size(), 5U);
}

TEST_F(MysqlRemoval, WhatIsOnAHostThatLeftGoesToo) {
  auto outputs = world.all_good();
  auto seen = world.see({outputs[0], outputs[1], "done\n"});
  seen.put_record(world.host(2), world.record(2));
  seen.put_departed({{world.host(2), {}}});
  world.topology.mysql.servers.pop_back();
  world.topology.hosts.pop_back();
  EXPECT_THAT(ids(world.system()->steps(seen).value()),
              Contains("mysql/docker3/mysql-slave2/remove"));
  EXPECT_THAT(ids(world.system()->teardown(seen, true).value()),
              Contains("mysql/docker3/mysql-slave2/data"));
}

TEST_F(MysqlRemoval, AMasterThatTheFileMovesToAnotherHostIsRefused) {
  auto outputs = world.all_good();
  auto seen = world.see(outputs);
  seen.put_record(world.host(2), world.record(0));
  const auto found = world.system()->preflight(seen).value();
  ASSERT_THAT(titles(found), ElementsAre("docker3: mysql-master on docker3 is the running master"));
  EXPECT_EQ(found[0].detail, "the file moves it to docker1");
}

TEST_F(MysqlRemoval, AMasterWhoseDataIsGoneIsNotMadeAnewUnderItsSlaves) {
  auto outputs = world.all_good();
  outputs[0] = world.bare(0);
  EXPECT_THAT(titles(world.findings(outputs)),
              ElementsAre("docker1: mysql-master is to be the master and has no data"));
}

}  // namespace
}  // namespace mrc::systems::mysql
