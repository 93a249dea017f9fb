#include <gmock/gmock.h>

#include "systems/mysql/gtid.hpp"
#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using test::with;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using Level = Verdict::Level;

const std::string k_a = "ae3e6f78-e811-11f1-b6cd-82c03cebe7c4";
const std::string k_b = "ae0badec-e811-11f1-b6cd-89debd1638d5";

class MysqlStatus : public ::testing::Test {
 protected:
  std::vector<Condition> rows(const std::vector<std::string>& outputs) const {
    return world.system()->status(world.see(outputs));
  }
  /// The row of mysql-slave1 when its host said this and the others are well.
  Condition slave(const std::string& output) const {
    return rows({world.good(0), output, world.good(2)}).at(1);
  }
  /// The master as it says what it has executed.
  std::string master_with(const std::string& more) const {
    return with(world.good(0), "5820958bf83c:1-4", "5820958bf83c:" + more);
  }
  test::MysqlWorld world;
};

TEST_F(MysqlStatus, TellsRoleVersionThreadsLagAndReadOnly) {
  const auto all = rows(world.all_good());
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(
      all[0],
      (Condition{"servers", world.host(0), "mysql-master", Level::ok, "master, up, 5.6.24-log"}));
  EXPECT_EQ(all[1].level, Level::ok);
  EXPECT_EQ(all[1].text,
            "slave of mysql-master, up, 5.6.24-log, both threads run, 0 s behind, 0 transactions "
            "behind, read-only");
}

TEST_F(MysqlStatus, CountsTheTransactionsThatASlaveLacks) {
  const auto all = rows({master_with("1-9"), world.good(1), world.good(2)});
  EXPECT_THAT(all[1].text, HasSubstr("5 transactions behind"));
}

TEST_F(MysqlStatus, AStoppedThreadFailsWithItsError) {
  auto output = with(world.good(1), "Slave_SQL_Running\tYes", "Slave_SQL_Running\tNo");
  output = with(output, "Last_SQL_Error\t", "Last_SQL_Error\tDuplicate entry '7'");
  output = with(output, "Seconds_Behind_Master\t0", "Seconds_Behind_Master\tNULL");
  const auto row = slave(output);
  EXPECT_EQ(row.level, Level::fail);
  EXPECT_THAT(row.text,
              AllOf(HasSubstr("Slave_IO_Running: Yes, Slave_SQL_Running: No, Duplicate entry '7'"),
                    Not(HasSubstr(" s behind"))));
}

TEST_F(MysqlStatus, EachFaultIsTold) {
  const auto good = world.good(1);
  const auto expect = [&](const std::string& output, Level level, const std::string& text) {
    const auto row = slave(output);
    EXPECT_EQ(row.level, level) << row.text;
    EXPECT_THAT(row.text, HasSubstr(text));
  };
  expect(test::MysqlWorld::bare(1), Level::fail, "there is no container");
  expect("server\tmysql-slave1\ndata\tblog-2016\nend\tmysql-slave1\ndone\n",
         Level::fail,
         "there is no container; its data are there");
  expect("server\tmysql-slave1\ndocker\tdown\nend\tmysql-slave1\ndone\n",
         Level::fail,
         "Docker does not answer");
  expect(with(good, "container\trunning", "container\texited"),
         Level::fail,
         "the container is stopped");
  expect(with(good, "running\tblog-2016\t", "running\tother\t"),
         Level::fail,
         "not of this deployment");
  expect(with(good, "read_only\tON", "read_only\tOFF"), Level::fail, "it takes writes");
  expect(with(good, "Master_Host\t192.168.0.50", "Master_Host\t10.0.0.1"),
         Level::fail,
         "its source is 10.0.0.1");
  expect(with(good, "Behind_Master\t0", "Behind_Master\t61"), Level::warn, "61 s behind");
  expect(with(good, "--sync-binlog=1", "--sync-binlog=0"), Level::warn, "made from other settings");
}

TEST_F(MysqlStatus, AMasterThatTakesNoWritesOrReplicatesIsTold) {
  auto all = rows({with(world.good(0), "read_only\tOFF", "read_only\tON")});
  EXPECT_EQ(all[0].level, Level::fail);
  EXPECT_THAT(all[0].text, HasSubstr("it takes no writes"));
  all = rows({with(world.good(0), "read_only\tOFF", "read_only\tNO_LOCK")});
  EXPECT_THAT(all[0].text, HasSubstr("it takes no writes"));
  all = rows({with(world.good(0), "login\tok", "login\tERROR 1045")});
  EXPECT_THAT(all[0].text, HasSubstr("the replication user cannot log in: ERROR 1045"));
  all = rows({with(world.good(0), "end\t", "slave\tMaster_Host\t10.0.0.1\nend\t")});
  EXPECT_EQ(all[0].level, Level::warn);
}

TEST_F(MysqlStatus, AHostThatWasNotReadHidesNoOther) {
  const auto all = rows({world.good(0), world.good(1)});
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[1].level, Level::ok);
  EXPECT_EQ(all[2].level, Level::warn);
  EXPECT_EQ(all[2].text, "not known: the host could not be read");
}

TEST_F(MysqlStatus, ACutAnswerFails) {
  const auto good = world.good(1);
  for (std::size_t size = 0; size < good.size(); size += 3) {
    ASSERT_EQ(slave(good.substr(0, size)).level, Level::fail) << size;
  }
}

TEST(Gtid, CountsWhatOneSetHasAndTheOtherLacks) {
  EXPECT_EQ(missing("", ""), 0U);
  EXPECT_EQ(missing(k_a + ":1-4", ""), 4U);
  EXPECT_EQ(missing("", k_a + ":1-4"), 0U);
  EXPECT_EQ(missing(k_a + ":1-10", k_a + ":1-4"), 6U);
  EXPECT_EQ(missing(k_a + ":1-10", k_a + ":2-3:5:9-20"), 5U);
  EXPECT_EQ(missing(k_a + ":7", k_a + ":1-20"), 0U);
  EXPECT_EQ(missing(k_a + ":1-2,\\n" + k_b + ":1-3:5", k_a + ":1-2"), 4U);
  EXPECT_EQ(missing(k_a + ":1-2,\n" + k_b + ":1", k_b + ":1,\n" + k_a + ":2"), 1U);
  EXPECT_EQ(missing(k_a + ":tag:1-2", k_a + ":1-2"), 2U);
}

TEST(Gtid, NamesWhatOneSetHasAndTheOtherLacks) {
  EXPECT_EQ(difference("", k_a + ":1"), "");
  EXPECT_EQ(difference(k_a + ":1-4", k_a + ":1-4"), "");
  EXPECT_EQ(difference(k_a + ":1-10", k_a + ":2-3:5:9-20"), k_a + ":1:4:6-8");
  EXPECT_EQ(difference(k_a + ":1-2," + k_b + ":7", k_a + ":2"), k_b + ":7," + k_a + ":1");
  EXPECT_EQ(difference(k_a + ":tag:1-2", ""), k_a + ":tag:1-2");
  EXPECT_FALSE(difference("x", ""));
}

TEST(Gtid, WhatIsNoSetIsNotCounted) {
  for (const auto& odd :
       {std::string("x"), k_a, k_a + ":", k_a + ":4-1", k_a + ":0", k_a + ":1-x"}) {
    EXPECT_FALSE(missing(odd, "")) << odd;
    EXPECT_FALSE(missing("", odd)) << odd;
  }
}

}  // namespace
}  // namespace mrc::systems::mysql
