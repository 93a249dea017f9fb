// What keeps a slave from its master's transactions.

#include "systems/mysql/faults.hpp"

#include <gmock/gmock.h>

#include "mrc/plan/plan.hpp"
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

const std::string k_uuid = "3aa4c4f1-e901-11f1-bce7-5820958bf83c";

struct Case {
  const char* part;
  const char* code;
  const char* text;
  Fault fault;
};

Observed stopped(const Case& one) {
  Observed slave;
  slave.slave = {{"Slave_IO_Running", one.part[0] == 'I' ? "No" : "Yes"},
                 {"Slave_SQL_Running", one.part[0] == 'I' ? "Yes" : "No"},
                 {fmt::format("Last_{}_Errno", one.part), one.code},
                 {fmt::format("Last_{}_Error", one.part), one.text},
                 {"Executed_Gtid_Set", k_uuid + ":1-6"},
                 {"Retrieved_Gtid_Set", k_uuid + ":3-9"}};
  return slave;
}

/// As the servers write them: 5.6, 9.7, MariaDB.
constexpr Case k_cases[] = {
    {"IO",
     "1236",
     "Got fatal error 1236 from master when reading data from binary log: 'The slave is connecting "
     "using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master has purged binary logs "
     "containing GTIDs that the slave requires.'",
     Fault::purged},
    {"IO",
     "13114",
     "Got fatal error 1236 from source when reading data from binary log: 'Cannot replicate "
     "because the source purged required binary logs.'",
     Fault::purged},
    {"IO",
     "13114",
     "Got fatal error 1236 from source when reading data from binary log: 'Replica has more GTIDs "
     "than the source has, using the source's SERVER_UUID.'",
     Fault::ahead},
    {"IO",
     "1236",
     "Got fatal error 1236 from master when reading data from binary log: 'Error: connecting slave "
     "requested to start from GTID 0-3-27, which is not in the master's binlog'",
     Fault::ahead},
    {"IO",
     "13114",
     "Got fatal error 1236 from source when reading data from binary log: 'A replica with the same "
     "server_uuid/server_id as this replica has connected to the source'",
     Fault::identity},
    {"IO",
     "1593",
     "Fatal error: The slave I/O thread stops because master and slave have equal MySQL server "
     "UUIDs; these UUIDs must be different for replication to work.",
     Fault::identity},
    {"SQL",
     "1950",
     "An attempt was made to binlog GTID 0-1-16 which would create an out-of-order sequence number "
     "with existing GTID 0-101-16, and gtid strict mode is enabled",
     Fault::ahead},
    {"SQL", "1594", "Relay log read failure: Could not parse relay log event", Fault::relay_log},
    {"SQL", "13121", "Relay log read failure: Could not parse relay log event", Fault::relay_log},
    {"SQL", "1062", "Could not execute Write_rows event on table shop.log", Fault::duplicate_key},
    {"SQL", "1032", "Could not execute Delete_rows event on table shop.log", Fault::missing_row},
    {"SQL",
     "1396",
     "Error 'Operation CREATE USER failed' on query. Query: 'CREATE..'",
     Fault::other},
    {"IO", "2003", "error connecting to master", Fault::other},
};

TEST(MysqlFaults, AreToldByNumberAndWords) {
  for (const auto& one : k_cases) EXPECT_EQ(fault_of(stopped(one)), one.fault) << one.text;
  EXPECT_EQ(fault_of(Observed{}), Fault::none);
}

TEST(MysqlFaults, NameWhatTheyMeanTheTransactionAndTheServersWords) {
  EXPECT_EQ(trouble(stopped(k_cases[9])),
            "a row that the master inserts is there already: its data are not the master's; "
            "transaction " +
                k_uuid +
                ":7; Slave_IO_Running: Yes, Slave_SQL_Running: No; 1062: Could not execute "
                "Write_rows event on table shop.log");
  auto slave = stopped(k_cases[10]);
  slave.applier = "Worker 1 failed executing transaction '" + k_uuid + ":7'; Can't find record";
  EXPECT_THAT(trouble(slave),
              AllOf(HasSubstr("a row that the master changes is not there"),
                    HasSubstr("1032: Worker 1 failed executing transaction")));
  EXPECT_THAT(trouble(stopped(k_cases[11])), Not(HasSubstr("CREATE..")));
}

TEST(MysqlFaults, OfMariaDbNameThePositionBehindWhichItStopped) {
  auto slave = stopped(k_cases[10]);
  slave.variables["gtid_executed"] = "0-1-27";
  slave.slave.erase("Executed_Gtid_Set");
  slave.slave["Retrieved_Gtid_Set"] = "0-1-30";
  EXPECT_THAT(trouble(slave), HasSubstr("transaction after 0-1-27; Slave_IO_Running"));
  slave.slave["Retrieved_Gtid_Set"] = "";
  EXPECT_THAT(trouble(slave), Not(HasSubstr("transaction")));
}

class MysqlTrouble : public ::testing::Test {
 protected:
  MysqlTrouble() : outputs(world.all_good()) {}
  static std::string value(const std::string& output, const std::string& variable) {
    const auto at = output.find("var\t" + variable + "\t") + 5 + variable.size();
    return output.substr(at, output.find('\n', at) - at);
  }
  void set(std::size_t i, const std::string& name, const std::string& to) {
    outputs[i] = with(outputs[i], name + "\t" + value(outputs[i], name), name + "\t" + to);
  }
  test::MysqlWorld world;
  std::vector<std::string> outputs;
};

TEST_F(MysqlTrouble, ACopiedDirectoryGetsAUuidOfItsOwn) {
  set(1, "server_uuid", value(outputs[0], "server_uuid"));
  const auto made = world.steps(outputs);
  ASSERT_THAT(ids(made),
              ElementsAre("mysql/mysql-slave1/identity", "mysql/mysql-slave1/replicate"));
  EXPECT_EQ(made[0].risk, plan::Risk::disruptive);
  EXPECT_THAT(made[0].reason, HasSubstr("mysql-master has the same"));
  EXPECT_THAT(made[1].needs, Contains(made[0].gives[0]));
}

TEST_F(MysqlTrouble, OfTwoSlavesWithOneUuidTheLaterIsChanged) {
  set(2, "server_uuid", value(outputs[1], "server_uuid"));
  EXPECT_THAT(ids(world.steps(outputs)),
              ElementsAre("mysql/mysql-slave2/identity", "mysql/mysql-slave2/replicate"));
}

TEST_F(MysqlTrouble, TransactionsOfASlavesOwnAreToldAndInNobodysWay) {
  const std::string own = "11111111-2222-3333-4444-555555555555:1-7";
  set(1, "gtid_executed", value(outputs[1], "gtid_executed") + "," + own);
  const auto found = world.findings(outputs);
  ASSERT_THAT(titles(found),
              ElementsAre("docker2: mysql-slave1 has transactions that mysql-master lacks"));
  EXPECT_EQ(found[0].level, Verdict::Level::warn);
  EXPECT_EQ(found[0].detail, own);
  EXPECT_THAT(ids(world.steps(outputs)), IsEmpty());
}

TEST_F(MysqlTrouble, MoreOfTheMastersOwnIsOnlyALaterLook) {
  const auto uuid = value(outputs[0], "server_uuid");
  set(1, "gtid_executed", uuid + ":1-100");
  EXPECT_THAT(world.findings(outputs), IsEmpty());
}

TEST_F(MysqlTrouble, ASlaveThatItsMasterGivesNothingForBeingAheadIsRefused) {
  const auto uuid = value(outputs[0], "server_uuid");
  set(1, "gtid_executed", uuid + ":1-100");
  outputs[1] = with(outputs[1], "Slave_IO_Running\tYes", "Slave_IO_Running\tNo");
  outputs[1] = with(outputs[1], "Last_IO_Errno\t0", "Last_IO_Errno\t1236");
  outputs[1] = with(
      outputs[1], "Last_IO_Error\t", "Last_IO_Error\tSlave has more GTIDs than the master has");
  const auto found = world.findings(outputs);
  ASSERT_THAT(titles(found),
              ElementsAre("docker2: mysql-slave1 has transactions that mysql-master lacks"));
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
  EXPECT_THAT(found[0].detail, HasSubstr("-100"));
}

TEST_F(MysqlTrouble, SoAreThoseOfAMariaDbByTheNumberOfWhoWroteThem) {
  world = test::MysqlWorld::of("mariadb:11.8", topology::Flavour::mariadb, {11, 8}, "mariadb-11.8");
  outputs = world.all_good();
  const auto state = [&](std::size_t i, const std::string& text) {
    outputs[i] = with(outputs[i],
                      "var\tgtid_executed",
                      "var\tgtid_binlog_state\t" + text + "\nvar\tgtid_executed");
  };
  state(0, "0-1-15,0-102-9");
  state(1, "0-1-15,0-101-16");
  state(2, "0-1-17,0-102-9");  // a later look, and of when it was the master
  set(1, "gtid_executed", "0-101-16");
  set(2, "gtid_executed", "0-1-17");
  const auto found = world.findings(outputs);
  ASSERT_THAT(titles(found),
              ElementsAre("docker2: mysql-slave1 has transactions that mysql-master lacks"));
  EXPECT_EQ(found[0].level, Verdict::Level::warn);
  EXPECT_EQ(found[0].detail, "0-101-16");
  // In the way of what the master numbers next.
  outputs[1] = with(outputs[1], "Slave_SQL_Running\tYes", "Slave_SQL_Running\tNo");
  outputs[1] = with(outputs[1], "Last_SQL_Errno\t0", "Last_SQL_Errno\t1950");
  const auto ahead = world.findings(outputs);
  ASSERT_THAT(titles(ahead), ElementsAre(titles(found)[0]));
  EXPECT_EQ(ahead[0].level, Verdict::Level::fail);
  EXPECT_EQ(ahead[0].detail, "0-101-16");
}

TEST_F(MysqlTrouble, ABrokenRelayLogIsToldAndMendedByTheSlavesOwnStep) {
  outputs[1] = with(outputs[1], "Slave_SQL_Running\tYes", "Slave_SQL_Running\tNo");
  outputs[1] = with(outputs[1], "Last_SQL_Errno\t0", "Last_SQL_Errno\t1594");
  const auto made = world.steps(outputs);
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-slave1/replicate"));
  EXPECT_THAT(made[0].reason, HasSubstr("its relay log cannot be read, and is fetched anew"));
}

}  // namespace
}  // namespace mrc::systems::mysql
