// An upgrade on its host, in each shell that hosts have; docker and the programs of the container
// are played. Its server answers as one does whose system tables are of an older series.

#include <gmock/gmock.h>

#include "mysql_upgrade.sh.hpp"
#include "systems/mysql/scripts.hpp"
#include "unit/systems/mysql/mysql_world.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems::mysql {
namespace {

using ::testing::HasSubstr;

class MysqlUpgradeScript : public test::EachShell {
 protected:
  MysqlUpgradeScript() {
    std::filesystem::create_directory(data());
    program("docker", R"sh(case $1 in
  exec) shift 3; exec "$@" ;;
  inspect) echo 'true 0 0' ;;
  *)
    if [ -e HERE/data/mrc.upgrade ]; then mark=' while it is marked'; fi
    echo "docker $*${mark:-}" >>HERE/log
    [ ! -e HERE/broken ] ;;
esac
)sh");
    program("mysql", R"sh(sql=$(cat)
case $sql in
  *SHOW* | *performance_schema*) echo "ERROR 1146 (42S02): Table doesn't exist" >&2; exit 1 ;;
  *skip_networking*) printf '0\t'; cat HERE/version ;;
  *'VERSION()'*) cat HERE/version ;;
  *'SELECT @@GLOBAL.super_read_only'*) echo 1 ;;
  *) printf '%s\n' "$sql" | sed 's/ IDENTIFIED BY .*//' >>HERE/log ;;
esac
)sh");
    program("mysql_upgrade", "echo tool as \"${2#--user=}\" >>HERE/log\n");
    program("systemctl", "echo \"systemctl $*\" >>HERE/log\n");
  }
  void program(const std::string& name, std::string text) {
    for (auto at = text.find("HERE"); at != std::string::npos; at = text.find("HERE")) {
      text.replace(at, 4, m_here.path().string());
    }
    test::write_file(m_bin / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(m_bin / name, std::filesystem::perms::owner_all);
  }
  std::string here(const std::string& name) const { return (m_here / name).string(); }
  std::string data() const { return here("data"); }
  std::string log() const { return test::read_file(m_here / "log"); }
  bool has(const std::string& name) const { return std::filesystem::exists(m_here / name); }
  transport::Answer run(const shell::Script& script) const {
    shell::Script whole;
    use_mysql(whole)
        .use(embedded::mysql_upgrade_sh)
        .line("mrc_unwatch() { echo \"unwatch $*\" >>{}; }", here("log"))
        .line("mrc_mysql_addressed() { echo \"addressed $*\" >>{}; }", here("log"))
        .append(script);
    auto answer = connect()->run(whole, {});
    if (!answer) throw std::runtime_error(answer.error().text());
    return *answer;
  }
  /// Of an upgrade that has begun, to this version; `more`: deployment and address.
  transport::Answer tables(const std::string& version,
                           const std::vector<std::string>& more = {}) const {
    test::write_file(m_here / "version", version + "\n");
    test::write_file(m_here / "log", "");
    test::write_file(m_here / "data/mrc.upgrade", "5.6.24\n");
    shell::Script script;
    const auto root = script.secret_file(Secret("x", "p"));
    script.line("mrc_mysql_wait box {} 300", root)
        .line("mrc_mysql_tables box {} {} {}", root, data(), shell::words(more));
    return run(script);
  }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         MysqlUpgradeScript,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(MysqlUpgradeScript, MySqlReadsTheTablesThatTheToolMadeAsItStartsAgain) {
  const auto answer = tables("5.7.44-log");
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(log(),
            "SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=ON\n"
            "tool as root\n"
            "SET GLOBAL super_read_only=ON\n"
            "docker restart -t 120 box while it is marked\n");
  EXPECT_FALSE(has("data/mrc.upgrade"));
}

TEST_P(MysqlUpgradeScript, AnAddressThatItHasComesBackWithItsUnit) {
  const auto answer = tables("5.7.44-log", {"blog", "10.0.0.1"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(log(),
              HasSubstr("unwatch blog box\n"
                        "docker stop -t 120 box while it is marked\n"
                        "systemctl start mrc-blog.box.service\n"
                        "docker start box while it is marked\n"
                        "addressed box 10.0.0.1\n"));
  EXPECT_FALSE(has("data/mrc.upgrade"));
}

TEST_P(MysqlUpgradeScript, UntilItIsStartedAgainTheNextRunHasToGoOn) {
  test::write_file(m_here / "broken", "");
  for (const auto& more : {std::vector<std::string>{}, {"blog", "10.0.0.1"}}) {
    EXPECT_NE(tables("5.7.44-log", more).status, 0);
    EXPECT_THAT(log(), HasSubstr("tool as root\n"));
    EXPECT_TRUE(has("data/mrc.upgrade"));
  }
}

TEST_P(MysqlUpgradeScript, WhatAToolWasToDoTheNextServerDoesItself) {
  const auto answer = tables("8.0.46");
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(log(), "");
  EXPECT_FALSE(has("data/mrc.upgrade"));
}

TEST_P(MysqlUpgradeScript, TheVersionBeforeStaysUntilTheNewServerAnswers) {
  const auto comes = [&](const std::string& version, const std::string& then) {
    shell::Script script;
    const auto root = script.secret_file(Secret("x", "p"));
    script.line("mrc_mysql_speak 'mysqld  Ver {} for Linux'", version)
        .line("mrc_mysql_compare box {}", data())
        .line("mrc_mysql_served {}", data())
        .line("root={}", root)
        .line("sleep() { exit 9; }")
        .append(shell::Script().line("eval {}", then));
    return run(script);
  };
  const auto waits = fmt::format("mrc_mysql_taken box \"$root\" {} 600", data());
  test::write_file(m_here / "data/mrc.version", "8.0.40\n");
  test::write_file(m_here / "version", "8.4.10\n");
  const auto mysql = test::read_file(m_bin / "mysql");
  program("mysql", "echo 'ERROR 2002 (HY000): no' >&2; exit 1\n");
  EXPECT_NE(comes("8.4.10", waits).status, 0);
  EXPECT_EQ(test::read_file(m_here / "data/mrc.version"), "8.4.10\n");
  EXPECT_EQ(test::read_file(m_here / "data/mrc.version-before"), "8.0.40\n");
  // Nor does another attempt make it forget.
  EXPECT_NE(comes("8.4.11", waits).status, 0);
  EXPECT_EQ(test::read_file(m_here / "data/mrc.version"), "8.4.11\n");
  EXPECT_EQ(test::read_file(m_here / "data/mrc.version-before"), "8.0.40\n");
  const auto back = comes("8.0.40", ":");
  EXPECT_NE(back.status, 0);
  EXPECT_THAT(back.err, HasSubstr("have been served by 8.4.11"));
  EXPECT_THAT(
      back.err,
      HasSubstr(fmt::format("mv {}/mrc.version-before {}/mrc.version if the log of box says that "
                            "it refused the data or gave them back as they were",
                            data(),
                            data())));
  // What the remedy says.
  std::filesystem::rename(data() + "/mrc.version-before", data() + "/mrc.version");
  test::write_file(m_bin / "mysql", mysql);
  EXPECT_EQ(comes("8.0.40", waits).status, 0);
  EXPECT_FALSE(has("data/mrc.version-before"));
  EXPECT_EQ(comes("8.4.10", waits).status, 0);
  EXPECT_EQ(test::read_file(m_here / "data/mrc.version"), "8.4.10\n");
  EXPECT_FALSE(has("data/mrc.version-before"));
}

TEST_P(MysqlUpgradeScript, AServerToWhomTheDataAreNewHasUntilTheStepEnds) {
  program("mysql", "echo 'ERROR 2002 (HY000): no' >&2; exit 1\n");
  const auto waited = [&] {
    shell::Script script;
    const auto root = script.secret_file(Secret("x", "p"));
    // A clock on which each wait takes five minutes.
    script.line("mrc_mysql_began=0; echo 0 >\"$MRC_D/clock\"; date() { cat \"$MRC_D/clock\"; }")
        .line("sleep() { echo $(($(cat \"$MRC_D/clock\") + 300)) >\"$MRC_D/clock\"; }")
        .line("sleep 1")  // what came before
        .line("mrc_mysql_taken box {} {} 1740", root, data());
    return run(script).err;
  };
  EXPECT_THAT(waited(), HasSubstr("the server of box did not answer in 300 s"));
  test::write_file(m_here / "data/mrc.version-before", "8.0.40\n");
  EXPECT_THAT(waited(), HasSubstr("the server of box did not answer in 1440 s"));
  EXPECT_TRUE(has("data/mrc.version-before"));
}

TEST_P(MysqlUpgradeScript, MariaDbNeedsNoOtherStart) {
  const auto answer = tables("11.8.9-MariaDB", {"blog", "10.0.0.1"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(log(), HasSubstr("tool as mrc_upgrade\n"));
  EXPECT_THAT(log(), ::testing::Not(HasSubstr("docker")));
  EXPECT_FALSE(has("data/mrc.upgrade"));
}

}  // namespace
}  // namespace mrc::systems::mysql
