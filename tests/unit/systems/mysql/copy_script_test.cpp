// The dump of a master into the copy's server, in each shell that hosts have; the programs of its
// container are played.

#include <gmock/gmock.h>

#include "mysql_copy.sh.hpp"
#include "support/golden.hpp"
#include "systems/mysql/scripts.hpp"
#include "unit/systems/mysql/mysql_world.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems::mysql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MysqlCopyScript : public test::EachShell {
 protected:
  MysqlCopyScript() {
    program("docker", "[ \"$1\" = exec ] || exit 1; shift 3; exec \"$@\"\n");
    // A session on the master, or the one that fills the copy.
    program("mysql",
            "case $1 in */there) ;; *) cat >" + here("filled") + "; . " + here("fill") +
                "; exit ;; esac\n"
                "while IFS= read -r sql; do case $sql in\n"
                "  *'READ LOCK'*) . " +
                here("lock") + " ;;\n  *UNLOCK*) echo unlocked >>" + here("log") +
                "; echo 7 ;;\nesac; done\n");
    program("mysqldump",
            "case $* in *--help*) echo --set-gtid-purged; exit ;; esac\nprintf '%s\\n' \"$*\" >" +
                here("arguments") + "\n. " + here("dump") + "\n");
    play("lock", "echo locked >>" + here("log") + "; printf 'uuid:1-5\\t7\\n'");
    play("dump",
         "echo '-- a header'; echo opened >>" + here("log") +
             "; echo 'USE `shop`;'; echo \"INSERT INTO t VALUES ('\\\\');\"");
    play("fill", "");
  }
  void program(const std::string& name, const std::string& text) {
    test::write_file(m_bin / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(m_bin / name, std::filesystem::perms::owner_all);
  }
  void play(const std::string& what, const std::string& text) {
    test::write_file(m_here / what, text + "\n");
  }
  std::string here(const std::string& name) const { return (m_here / name).string(); }
  /// `state`: of the log of a MariaDB that is copied.
  transport::Answer dump(const std::string& version = "5.6.24-log",
                         const std::string& state = "") const {
    shell::Script script;
    use_mysql(script).use(embedded::mysql_copy_sh);
    script.line("mrc_mysql_speak {}", version)
        .line("mrc_mysql_root={}; mrc_mysql_copy=box", script.secret_file(Secret("r", "root \"1")))
        .line("cp {} \"$MRC_D/copy-password\"", script.secret_file(Secret("c", "copy-2")))
        .line("mrc_mysql_from=master; mrc_mysql_at=10.0.0.1; mrc_mysql_by_tls=off")
        .line("mrc_mysql_kilobytes=1024; mrc_mysql_home={}", m_here.path().string())
        .line("mrc_mysql() { cat >>{}; }; mrc_mysql_far() { echo {}; }", here("said"), state)
        .line("mrc_mysql_started() { :; }; mrc_mysql_since=")
        .line("mrc_mysql_dump");
    auto answer = connect()->run(script, {});
    if (!answer) throw std::runtime_error(answer.error().text());
    return *answer;
  }
  std::string read(const std::string& name) const { return test::read_file(m_here / name); }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         MysqlCopyScript,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(MysqlCopyScript, TheLockIsHeldFromTheSetUntilTheSnapshotIsOpen) {
  const auto answer = dump();
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(read("log"), "locked\nopened\nunlocked\n");
  EXPECT_EQ(read("filled"),
            "SET SESSION sql_log_bin=0;\n-- a header\nUSE `shop`;\nINSERT INTO t VALUES ('\\');\n");
  EXPECT_THAT(read("said"), HasSubstr("SET GLOBAL gtid_purged='uuid:1-5'"));
  EXPECT_THAT(read("arguments"), HasSubstr("--set-gtid-purged=OFF"));
  EXPECT_THAT(read("arguments"), Not(HasSubstr("copy-2")));
}

TEST_P(MysqlCopyScript, ALockThatWasGoneBeforeTheSnapshotMakesNoCopy) {
  play("lock", "printf 'uuid:1-5\\t6\\n'; sleep 0.3; exit 0");
  const auto answer = dump();
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("the lock was gone before the snapshot was there"));
  EXPECT_FALSE(std::filesystem::exists(m_here / "said"));
}

TEST_P(MysqlCopyScript, ALockThatIsRefusedEndsIt) {
  play("lock", "echo 'ERROR 1227 (42000) at line 1: Access denied' >&2; exit 1");
  const auto answer = dump();
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("the dump of master failed: ERROR 1227"));
}

TEST_P(MysqlCopyScript, ADumpThatBreaksOffMakesNoCopyAndLetsGo) {
  play("dump", "echo 'USE `shop`;'; echo 'mysqldump: Error 2013: Lost connection' >&2; exit 3");
  const auto answer = dump();
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(read("log"), "locked\nunlocked\n");
  EXPECT_THAT(answer.err, HasSubstr("Lost connection"));
  EXPECT_FALSE(std::filesystem::exists(m_here / "said"));
}

TEST_P(MysqlCopyScript, ACopyThatDoesNotTakeItIsTold) {
  play("fill", "echo \"ERROR 1114 (HY000) at line 3: The table 't' is full\" >&2; exit 1");
  const auto answer = dump();
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, HasSubstr("ERROR 1114 (HY000)"));
}

TEST_P(MysqlCopyScript, WhatIsSaidForACopyIsAsWrittenDown) {
  std::string all;
  for (const std::string version :
       {"5.6.24-log", "5.7.42-log", "8.0.16", "8.0.46", "9.7.4-2", "11.8.9-MariaDB-log"}) {
    shell::Script script;
    use_mysql(script).use(embedded::mysql_copy_sh);
    script
        .line("mrc_mysql_speak {}; mrc_mysql_met=box", version)
        // A server that has no account for copying and no clone plugin yet.
        .line("mrc_mysql() {")
        .line("said=$(cat)")
        .line(
            "case $said in 'SELECT Host'*) ;; 'SELECT COUNT'*) echo 0 ;; *) printf '%s\\n' "
            "\"$said\" ;; esac")
        .line("}")
        .line("mrc_mysql_lend box {} 10.0.0.2 10.0.0.3", script.secret_file(Secret("r", "root")))
        .line("printf '%s\\n' \"$mrc_say_disable\" \"$mrc_say_applier\"");
    auto answer = connect()->run(script, {});
    ASSERT_TRUE(answer);
    all += "== " + version + "\n" + answer->out + answer->err + "\n";
  }
  test::expect_golden(std::filesystem::path(MRC_TESTS_DIR) / "golden/mysql/copies.txt", all);
}

TEST_P(MysqlCopyScript, HistoryIsAskedForWhereTheClientKnowsTheWord) {
  EXPECT_EQ(dump("10.10.7-MariaDB-log").status, 0);
  EXPECT_THAT(read("arguments"), Not(HasSubstr("history")));
  program("mysqldump",
          "case $* in *--help*) echo '  -H, --dump-history  Dump'; exit ;; esac\n"
          "printf '%s\\n' \"$*\" >" +
              here("arguments") + "\n. " + here("dump") + "\n");
  EXPECT_EQ(dump("11.8.9-MariaDB-log").status, 0);
  EXPECT_THAT(read("arguments"), HasSubstr(" --dump-history"));
}

TEST_P(MysqlCopyScript, OnlyEnginesThatKeepAMomentAreCopiedAndOnlyInnoDbIsCloned) {
  // The master has a table of this engine; both servers have the plugin.
  const auto copied = [&](const std::string& engine) {
    shell::Script script;
    use_mysql(script).use(embedded::mysql_copy_sh);
    script.line("mrc_mysql_speak 9.7.4; mrc_mysql_from=master")
        .line("mrc_mysql_copy_ask() { case $1 in *information_schema.TABLES*)")
        .line("case $1 in *{}*) ;; *) echo {} ;; esac ;;",
              "'" + engine + "'",
              "shop.t (" + engine + ")")
        .line("*) echo 1 ;; esac; }")
        .line("mrc_mysql() { echo 1; }; mrc_mysql_copy=box; mrc_mysql_root=none")
        .line("mrc_mysql_copy_refuses")
        .line("if mrc_mysql_can_clone; then echo clone; else echo dump; fi");
    auto answer = connect()->run(script, {});
    if (!answer) throw std::runtime_error(answer.error().text());
    return answer->status == 0 ? answer->out : answer->err;
  };
  EXPECT_EQ(copied("InnoDB"), "clone\n");
  for (const std::string engine : {"RocksDB", "BLACKHOLE", "FEDERATED"}) {
    EXPECT_EQ(copied(engine), "dump\n") << engine;
  }
  for (const std::string engine : {"MyISAM", "MEMORY", "Aria", "CSV"}) {
    EXPECT_THAT(copied(engine), HasSubstr("without transactions: shop.t (" + engine + ")"));
  }
}

TEST_P(MysqlCopyScript, TheMasterIsAskedWithTlsWhereTheFileHasItAndOnlyThere) {
  const auto asked = [&](const std::string& tls) {
    shell::Script script;
    use_mysql(script).use(embedded::mysql_copy_sh);
    script.line("mrc_mysql_speak 10.11.6-MariaDB; mrc_mysql_copy=box; mrc_mysql_root=none")
        .line("mrc_mysql_meet() { :; }; mrc_mysql_copy_password() { :; }")
        .line("mrc_mysql() { echo \"$*\"; }")
        .line("mrc_mysql_copy_refuses() { mrc_mysql_copy_ask 'SELECT 1'; exit 0; }")
        .line("mrc_mysql_copy_from master 10.0.0.1 {} 1", tls);
    return connect()->run(script, {}).value().out;
  };
  EXPECT_THAT(asked("on"), HasSubstr(" --ssl\n"));
  for (const std::string tls : {"off", "server-key"}) {
    EXPECT_THAT(asked(tls), AllOf(HasSubstr("-h 10.0.0.1"), Not(HasSubstr("--ssl")))) << tls;
  }
}

TEST_P(MysqlCopyScript, AnEventIsDisabledUnderItsOwnDefiner) {
  shell::Script script;
  use_mysql(script).use(embedded::mysql_copy_sh);
  script.line("mrc_mysql_speak 9.7.4; mrc_mysql_events_sql");
  const auto said = connect()->run(script, {}).value().out;
  EXPECT_THAT(said, HasSubstr("SELECT CONCAT('ALTER DEFINER=`', REPLACE(LEFT(DEFINER, "));
  EXPECT_THAT(said, HasSubstr("'` EVENT `'"));
  EXPECT_THAT(said, HasSubstr("'` DISABLE ON REPLICA;'"));
}

TEST_P(MysqlCopyScript, MariaDbLocksNothing) {
  const auto answer = dump("11.8.9-MariaDB-log");
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(read("log"), "opened\n");
  EXPECT_THAT(read("arguments"), HasSubstr("--master-data=1 --gtid"));
  EXPECT_THAT(read("said"), Not(HasSubstr("gtid_purged")));
}

TEST_P(MysqlCopyScript, ALogOfMariaDbBeginsBehindWhatTheCopyHas) {
  EXPECT_EQ(dump("11.8.9-MariaDB-log", "0-102-9,0-1-14").status, 0);
  EXPECT_THAT(read("said"),
              HasSubstr("SET @begins=CONCAT_WS(',', NULLIF('0-102-9,0-1-14', ''), "
                        "NULLIF(@@GLOBAL.gtid_slave_pos, ''));\n"
                        "RESET MASTER; SET GLOBAL gtid_binlog_state=@begins;\n"));
  std::filesystem::remove(m_here / "said");
  EXPECT_EQ(dump("9.7.4").status, 0);
  EXPECT_THAT(read("said"), Not(HasSubstr("RESET")));
}

}  // namespace
}  // namespace mrc::systems::mysql
