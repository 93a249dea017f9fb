#include <gmock/gmock.h>

#include <set>

#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Level = Verdict::Level;

class MysqlChecks : public ::testing::Test {
 protected:
  std::vector<Check> checks(bool write = true) const {
    return world.system()->checks({write, "abc123"});
  }
  Check check(const std::string& id, const std::string& server) const {
    for (auto& one : checks()) {
      if (one.id == id && one.subject == server) return one;
    }
    throw std::runtime_error("no check " + id + " of " + server);
  }
  static std::set<std::string> ids(const std::vector<Check>& all) {
    std::set<std::string> out;
    for (const auto& one : all) out.insert(one.id);
    return out;
  }
  test::MysqlWorld world;
};

TEST_F(MysqlChecks, EachIsAskedOnTheHostOfItsServer) {
  for (const auto& one : checks()) {
    EXPECT_EQ(one.host, world.topology.mysql.server(ServerId(one.subject)).host) << one.id;
    EXPECT_THAT(one.ask.text(), Not(HasSubstr("-Pass "))) << one.id;
  }
}

TEST_F(MysqlChecks, WithoutWritingNoRowIsWritten) {
  EXPECT_THAT(ids(checks(true)), Contains("MRC-V401"));
  EXPECT_THAT(ids(checks(false)), Not(Contains("MRC-V401")));
  EXPECT_THAT(ids(checks(false)), Not(Contains("MRC-V402")));
}

TEST_F(MysqlChecks, AFailureIsTheLastLineOfWhatWasSaid) {
  const auto verdict = check("MRC-V301", "mysql-slave2")
                           .judge({1, "Slave_IO_Running: Yes, Slave_SQL_Running: No\n", ""});
  EXPECT_EQ(verdict.level, Level::fail);
  EXPECT_EQ(verdict.detail, "Slave_IO_Running: Yes, Slave_SQL_Running: No");
  EXPECT_FALSE(verdict.remedy.empty());
  EXPECT_EQ(check("MRC-V301", "mysql-slave2").judge({0, "", ""}).level, Level::ok);
}

TEST_F(MysqlChecks, WhetherAServerTakesWritesIsAskedSoThatNumbersAndWordsDo) {
  const std::string asked = "CAST(@@GLOBAL.read_only AS CHAR) NOT IN ('0', 'OFF')";
  for (const auto& [id, server, closed] :
       {std::tuple("MRC-V305", "mysql-slave1", "1"), std::tuple("MRC-V308", "mysql-master", "0")}) {
    shell::Script sql;
    sql.line("{}", "SELECT " + asked);
    auto quoted = sql.body();
    while (quoted.ends_with('\n')) quoted.pop_back();
    const auto body = check(id, server).ask.body();
    EXPECT_THAT(body, HasSubstr(quoted)) << id;
    EXPECT_THAT(body, HasSubstr(fmt::format("[ \"$got\" = {} ]", closed))) << id;
  }
}

TEST_F(MysqlChecks, TheOutsideMustReachThisServerAndNoOther) {
  const auto dial = check("MRC-V501", "mysql-slave1");
  ASSERT_TRUE(dial.dial);
  EXPECT_EQ(dial.dial->address, "192.168.56.112");
  EXPECT_EQ(dial.dial->port, Port(3306));
  EXPECT_EQ(dial.dial->user, "repl");
  EXPECT_EQ(dial.judge({0, "report_host=192.168.0.51\nserver_id=101\n", ""}).level, Level::ok);
  const auto wrong = dial.judge({0, "report_host=192.168.0.50\nserver_id=1\n", ""});
  EXPECT_EQ(wrong.level, Level::fail);
  EXPECT_THAT(wrong.detail, HasSubstr("another server answers"));
  EXPECT_EQ(dial.judge({1, "", "Can't connect"}).detail, "Can't connect");
}

TEST_F(MysqlChecks, EveryServerIsAskedFromWhereRootMayCome) {
  for (const auto* server : {"mysql-master", "mysql-slave1", "mysql-slave2"}) {
    EXPECT_THAT(check("MRC-V310", server).ask.body(),
                HasSubstr(fmt::format("mrc_mysql_root_comes_from {} ", server)));
  }
  EXPECT_EQ(check("MRC-V310", "mysql-slave1").title,
            "root may come from anywhere, as the file says");
  world.topology.mysql.root_host = "localhost";
  const auto one = check("MRC-V310", "mysql-slave1");
  EXPECT_EQ(one.title, "root comes from localhost alone");
  EXPECT_THAT(one.ask.body(), HasSubstr(" localhost\n"));
  EXPECT_EQ(one.judge({1, "", "root may come from elsewhere: root@'%'\n"}).level, Level::fail);
}

TEST_F(MysqlChecks, ARestartThatTheFileAsksForIsLookedFor) {
  EXPECT_THAT(check("MRC-V212", "mysql-slave1").ask.body(), Not(HasSubstr("mrc.restart")));
  world.topology.mysql.restart = "2026-11-26";
  EXPECT_THAT(check("MRC-V212", "mysql-slave1").ask.body(), HasSubstr("2026-11-26"));
}

TEST_F(MysqlChecks, AServerThatIsNotExposedIsNotDialled) {
  world.topology.expose.reset();
  EXPECT_THAT(ids(checks()), Not(Contains("MRC-V501")));
}

}  // namespace
}  // namespace mrc::systems::mysql
