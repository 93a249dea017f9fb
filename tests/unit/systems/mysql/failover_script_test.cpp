// What a slave's own host looks at in a failover, in each shell that hosts have; docker is a
// program here that plays a slave and, for it, the one that it shall follow.

#include <gmock/gmock.h>

#include "mysql_failover.sh.hpp"
#include "systems/mysql/scripts.hpp"
#include "unit/systems/mysql/mysql_world.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems::mysql {
namespace {

using ::testing::HasSubstr;

/// The slave has applied U:1-9 and received U:10, or its beginning; the other has U:1-9.
class MysqlFailoverScript : public test::EachShell {
 protected:
  MysqlFailoverScript() {
    program("docker", "shift 3; exec \"$@\"\n");  // exec -i CONTAINER PROGRAM..
    program("mysql", R"sh(sql=$(cat)
case $sql in
  *"START SLAVE SQL_THREAD"*) touch HERE/started ;;
esac
case $sql in
  *"SHOW SLAVE STATUS"*)
    executed=U:1-9
    if [ -e HERE/started ] && [ -e HERE/whole ]; then executed=U:1-10; fi
    printf 'Executed_Gtid_Set\tRetrieved_Gtid_Set\tSlave_SQL_Running\tSlave_SQL_Running_State\n'
    printf '%s\tU:1-10\tYes\tSlave has read all relay log; waiting\n' "$executed" ;;
  *"GTID_SUBSET('U:1-9,U:1-10', 'U:1-9')"* | *"GTID_SUBSET('U:1-10', 'U:1-9')"*) echo 0 ;;
  *GTID_SUBSET*) echo 1 ;;
  *GTID_SUBTRACT*) echo U:10 ;;
  *gtid_purged*) printf 'U:1-9\t\n' ;;
esac
)sh");
  }
  void program(const std::string& name, std::string text) {
    for (auto at = text.find("HERE"); at != std::string::npos; at = text.find("HERE")) {
      text.replace(at, 4, m_here.path().string());
    }
    test::write_file(m_bin / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(m_bin / name, std::filesystem::perms::owner_all);
  }
  transport::Answer looks_before_it_follows(const std::string& version) const {
    shell::Script script;
    const auto secret = script.secret_file(Secret("x", "p"));
    use_mysql(script)
        .use(embedded::mysql_failover_sh)
        .line("mrc_mysql_speak {}; mrc_mysql_met=box", version)
        // A clock that goes on by itself.
        .line("date() { echo >>\"$MRC_D/clock\"; echo $(($(wc -l <\"$MRC_D/clock\") * 4)); }")
        .line("sleep() { :; }")
        .line("mrc_mysql_not_ahead box {} heir 10.0.0.2 repl {}", secret, secret);
    const auto session = connect();
    auto answer = session->run(script, {});
    if (!answer) throw std::runtime_error(answer.error().text());
    return *answer;
  }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         MysqlFailoverScript,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(MysqlFailoverScript, ATransactionThatOnlyBeganIsNotHadWhereItCountsAsReceived) {
  const auto answer = looks_before_it_follows("5.6.24-log");
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_TRUE(std::filesystem::exists(m_here / "started"));
}

TEST_P(MysqlFailoverScript, OneThatIsWholeIsHadByThisSlaveAlone) {
  test::write_file(m_here / "whole", "");
  const auto answer = looks_before_it_follows("5.6.24-log");
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("box has transactions that heir lacks: it has U:1-10"));
}

TEST_P(MysqlFailoverScript, NewerServersHaveAllThatTheySayTheyReceived) {
  const auto answer = looks_before_it_follows("5.7.42-log");
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("box has transactions that heir lacks: it has U:1-9"));
  EXPECT_FALSE(std::filesystem::exists(m_here / "started"));
}

TEST_P(MysqlFailoverScript, AMariaDbThatWouldThrowAwayWhatItReceivedIsNotStarted) {
  const auto drain = [&](const std::string& receiver) {
    program("mysql", R"sh(sql=$(cat)
case $sql in
  *"START SLAVE SQL_THREAD"*) touch HERE/started ;;
esac
case $sql in
  *"SHOW SLAVE STATUS"*)
    executed=0-1-9
    if [ -e HERE/started ]; then executed=0-1-10; fi
    printf 'Slave_IO_Running\tSlave_SQL_Running\tUsing_Gtid\tGtid_IO_Pos\n'
    printf 'RECEIVER\tNo\tSlave_Pos\t0-1-10\nExecuted_Gtid_Set\n%s\n' "$executed" ;;
esac
)sh");
    auto text = test::read_file(m_bin / "mysql");
    text.replace(text.find("RECEIVER"), 8, receiver);
    test::write_file(m_bin / "mysql", text);
    shell::Script script;
    const auto secret = script.secret_file(Secret("x", "p"));
    use_mysql(script)
        .use(embedded::mysql_failover_sh)
        .line("mrc_mysql_speak 10.11.6-MariaDB; mrc_mysql_met=box; sleep() { :; }")
        .line("mrc_mysql_apply_received box {}", secret);
    const auto session = connect();
    auto answer = session->run(script, {});
    if (!answer) throw std::runtime_error(answer.error().text());
    return *answer;
  };
  const auto refused = drain("No");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("box would throw away what it has received"));
  EXPECT_FALSE(std::filesystem::exists(m_here / "started"));
  const auto done = drain("Connecting");
  EXPECT_EQ(done.status, 0) << done.err;
  EXPECT_TRUE(std::filesystem::exists(m_here / "started"));
}

}  // namespace
}  // namespace mrc::systems::mysql
