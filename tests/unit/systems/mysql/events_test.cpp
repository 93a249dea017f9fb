#include "systems/mysql/events.hpp"

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

class MysqlEvents : public ::testing::Test {
 protected:
  void has(std::size_t i, const std::string& lines) {
    outputs[i] = with(outputs[i], "outside\t", lines + "outside\t");
  }
  test::MysqlWorld world;
  std::vector<std::string> outputs = world.all_good();
};

TEST_F(MysqlEvents, ASwitchoverTellsHowManyRunOnTheOldMasterAndGoesOn) {
  has(0, "events\tENABLED\t2\nevents\tDISABLED\t5\n");
  has(1, "events\tSLAVESIDE_DISABLED\t2\nevents\tDISABLED\t5\n");
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  EXPECT_THAT(world.steps(outputs), IsEmpty());
  world.topology.mysql.master.value = ServerId("mysql-slave1");
  const auto found = world.findings(outputs);
  ASSERT_THAT(titles(found),
              ElementsAre("docker2: 2 scheduled events will not run on mysql-slave1: on a slave "
                          "they are disabled"));
  EXPECT_EQ(found[0].level, Verdict::Level::warn);
  EXPECT_THAT(found[0].remedy, HasSubstr("when mysql-slave1 is the master"));
  EXPECT_THAT(found[0].remedy, HasSubstr("ENABLE;') FROM information_schema.EVENTS"));
}

TEST_F(MysqlEvents, AFailoverTellsHowManyTheNewMasterHasDisabled) {
  has(1, "events\tREPLICA_SIDE_DISABLED\t1\n");
  Observations all;
  for (const std::size_t i : {1U, 2U}) {
    const auto output = with(outputs[i], "Slave_IO_Running\tYes", "Slave_IO_Running\tConnecting");
    all.put(world.host(i), "mysql", {0, output, {}});
    all.put_record(world.host(i), world.record(i));
  }
  const auto to = [&](const char* heir) {
    return titles(succession(world.inputs(), all, {ServerId(heir), false}).value().findings);
  };
  EXPECT_THAT(to("mysql-slave1"),
              Contains("docker2: 1 scheduled event will not run on mysql-slave1: on a slave it is "
                       "disabled"));
  EXPECT_THAT(to("mysql-slave2"), Not(Contains(HasSubstr("scheduled"))));
}

TEST_F(MysqlEvents, ANumberThatIsNoneIsUnreadable) {
  has(0, "events\tENABLED\tmany\n");
  EXPECT_EQ(world.system()->steps(world.see(outputs)).error().kind, ErrorKind::unreadable);
}

}  // namespace
}  // namespace mrc::systems::mysql
