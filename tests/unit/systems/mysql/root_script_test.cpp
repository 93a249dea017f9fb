// Another password of root, in each shell that hosts have: the program mysql is a server here,
// which lets in whoever comes with what it has as its password.

#include <gmock/gmock.h>

#include "systems/mysql/scripts.hpp"
#include "unit/systems/mysql/mysql_world.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems::mysql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string k_new = "ne'w \"1\" $HOME";
const std::string k_before = "be'fore \\ #2";

class MysqlRootScript : public test::EachShell {
 protected:
  MysqlRootScript() {
    program("docker", "[ \"$1\" = exec ] || exit 1; shift 3; exec \"$@\"\n");
    program("mysql",
            "printf '%s\\n' \"$*\" >>" + here("arguments") +
                "\nfor word in \"$@\"; do case $word in\n"
                "  --defaults-extra-file=*) word=$(sed -n 2p \"${word#*=}\")\n"
                "    [ \"$word\" = \"$(cat " +
                here("has") +
                ")\" ] || { echo \"ERROR 1045 (28000): Access denied for user\" >&2; exit 1; } ;;\n"
                "  -e) exit 0 ;;\nesac; done\ncat >" +
                here("sql") + "\n. " + here("play") + "\n");
    test::write_file(m_here / "said", "");
    test::write_file(m_here / "arguments", "");
    test::write_file(m_here / "native", "0\n");
    play("");
  }
  void program(const std::string& name, const std::string& text) {
    test::write_file(m_bin / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(m_bin / name, std::filesystem::perms::owner_all);
  }
  /// What the server does with the SQL that it got.
  void play(const std::string& text) { test::write_file(m_here / "play", text + "\n"); }
  std::string here(const std::string& name) const { return (m_here / name).string(); }
  std::string option(const std::string& password) const {
    shell::Script script;
    use_mysql(script).line("mrc_mysql_option {}", script.secret_file(Secret("x", password)));
    return connect()->run(script, {}).value().out;
  }
  /// The server's password of root.
  void has(const std::string& password) { test::write_file(m_here / "has", option(password)); }

  /// A script that knows both passwords, with the file of the new one as $new.
  shell::Script both(const std::string& version = "9.7.4") const {
    shell::Script script;
    use_mysql(script)
        .line("mrc_mysql_speak {}; mrc_mysql_met=box", version)
        .line("new={}", script.secret_file(Secret("new", k_new)))
        .line("mrc_mysql_former \"$new\" {}", script.secret_file(Secret("old", k_before)));
    return script;
  }
  transport::Answer run(const shell::Script& script) const {
    auto answer = connect()->run(script, {});
    if (!answer) throw std::runtime_error(answer.error().text());
    EXPECT_THAT(test::read_file(m_here / "arguments"), Not(HasSubstr("ne'w")));
    EXPECT_THAT(test::read_file(m_here / "arguments"), Not(HasSubstr("be'fore")));
    EXPECT_THAT(answer->out + answer->err, Not(HasSubstr("be'fore")));
    return *answer;
  }
  std::string said() const { return test::read_file(m_here / "said"); }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         MysqlRootScript,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(MysqlRootScript, WhoIsRefusedComesWithTheOneBefore) {
  play("cat " + here("sql"));
  auto script = both();
  script.line("printf 'SELECT 1;\\nSELECT 2' | mrc_mysql box root \"$new\" -N");
  for (const auto& password : {k_new, k_before}) {
    has(password);
    const auto answer = run(script);
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(answer.out, "SELECT 1;\nSELECT 2");
  }
  has("a third one");
  const auto answer = run(script);
  EXPECT_EQ(answer.status, 1);
  EXPECT_THAT(answer.err, StartsWith("ERROR 1045"));
}

TEST_P(MysqlRootScript, NobodyElseDoesAndNoOtherPasswordOfRootIsTriedTwice) {
  has(k_before);
  auto script = both();
  script.line("if echo 'SELECT 1' | mrc_mysql box repl \"$new\"; then echo in; fi")
      .line("if echo 'SELECT 1' | mrc_mysql box root {}; then echo in; fi",
            script.secret_file(Secret("y", "of the image")))
      .line("if mrc_mysql_takes box \"$new\"; then echo in; fi")
      .line("mrc_mysql_refuses box \"$new\" && echo refused");
  EXPECT_EQ(run(script).out, "refused\n");
}

TEST_P(MysqlRootScript, AServerThatIsNotThereRefusesNobody) {
  program("mysql", "echo 'ERROR 2002 (HY000): not there' >&2; exit 1\n");
  auto script = both();
  script.line("if mrc_mysql_refuses box \"$new\"; then echo refused; fi");
  EXPECT_EQ(run(script).out, "");
}

TEST_P(MysqlRootScript, TheProbeReadsAllWithTheOneBeforeAndSaysSo) {
  has(k_before);
  play("printf 'mrc_part_var\\n0\\nVariable_name\\tValue\\nread_only\\tON\\n'");
  auto script = both();
  script.line("mrc_mysql_probe_sql box \"$new\" repl \"$new\"");
  EXPECT_EQ(
      run(script).out,
      "root\tbefore\nvar\tread_only\tON\nlogin\tERROR 1045 (28000): Access denied for user\n");
  has(k_new);
  EXPECT_EQ(run(script).out, "var\tread_only\tON\nlogin\tok\n");
  has("a third one");
  auto stranger = both();
  stranger.line("mrc_mysql_met=; mrc_mysql_probe_sql box \"$new\" repl \"$new\"");
  EXPECT_THAT(run(stranger).out, StartsWith("sql\tERROR 1045"));
}

TEST_P(MysqlRootScript, ItIsSetInOneSessionAndTheWayInLast) {
  const std::pair<std::string, std::string> cases[] = {{"5.6.24-log", "GRANT USAGE ON *.* TO"},
                                                       {"9.7.4", "ALTER USER IF EXISTS"}};
  for (const auto& [version, statement] : cases) {
    has(k_before);
    test::write_file(m_here / "said", "");
    const auto wanted = option(k_new);
    test::write_file(m_here / "new-has", wanted);
    play("case $(cat " + here("sql") + ") in *native*) cat " + here("native") +
         " ;; *'SELECT Host'*) printf '%%\\nlocalhost\\n' ;; *IDENTIFIED*) cat " + here("sql") +
         " >>" + here("said") + "; cp " + here("new-has") + " " + here("has") + " ;; esac");
    auto script = both(version);
    script.line("mrc_mysql_root_password box \"$new\" %");
    const auto answer = run(script);
    EXPECT_EQ(answer.status, 0) << answer.err;
    const auto secret = " IDENTIFIED " +
                        std::string(version[0] == '9' ? "WITH caching_sha2_password " : "") +
                        "BY 'ne''w \"1\" $HOME';\n";
    EXPECT_EQ(said(),
              statement + " 'root'@'%'" + secret + statement + " 'root'@'localhost'" + secret);
    // Once more: it has it, and nothing is said.
    const auto once = said();
    EXPECT_EQ(run(script).status, 0);
    EXPECT_EQ(said(), once);
    // Its plugin alone is another one, of which 5.6 is not asked.
    test::write_file(m_here / "native", "2\n");
    EXPECT_EQ(run(script).status, 0);
    EXPECT_EQ(said(), version[0] == '9' ? once + once : once);
    test::write_file(m_here / "native", "0\n");
  }
}

TEST_P(MysqlRootScript, OneThatDoesNotTakeItThenIsAFailure) {
  has(k_before);
  play("case $(cat " + here("sql") + ") in *'SELECT Host'*) echo localhost ;; esac");
  auto script = both();
  script.line("mrc_mysql_root_password box \"$new\" localhost");
  const auto answer = run(script);
  EXPECT_NE(answer.status, 0);
  EXPECT_THAT(answer.err, HasSubstr("ERROR 1045"));
}

TEST_P(MysqlRootScript, ASlaveIsWaitedForUntilItHasIt) {
  has(k_before);
  test::write_file(m_here / "new-has", option(k_new));
  // It comes when the slave has been asked for its threads.
  play("printf 'Slave_IO_Running\\tSlave_SQL_Running\\nConnecting\\tYes\\n'; cp " +
       here("new-has") + " " + here("has"));
  auto script = both();
  script.line("mrc_mysql_root_comes box \"$new\"");
  const auto answer = run(script);
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(test::read_file(m_here / "sql"), Not(HasSubstr("IDENTIFIED")));
}

TEST_P(MysqlRootScript, ASlaveThatWillNeverGetItIsNotWaitedFor) {
  has(k_before);
  for (const auto* const status :
       {"printf 'Slave_IO_Running\\tSlave_SQL_Running\\tLast_SQL_Errno\\tLast_SQL_Error\\n"
        "Yes\\tNo\\t1062\\tDuplicate\\n'",
        ":"}) {
    play(status);
    auto script = both();
    script.line("mrc_mysql_root_comes box \"$new\"");
    const auto answer = run(script);
    EXPECT_NE(answer.status, 0);
    EXPECT_THAT(answer.err, HasSubstr("box has not got the new password of root from its master"));
    EXPECT_THAT(answer.err, HasSubstr("| its replication"));
    EXPECT_THAT(answer.err, HasSubstr(*status == ':' ? "Slave_IO_Running: none" : "1062"));
  }
}

/// A server with these accounts of root for other hosts, whom root@localhost or another asks.
std::string with_accounts(const std::string& outside,
                          const std::string& who,
                          const std::string& definers,
                          const std::string& sql,
                          const std::string& said) {
  return "case $(cat " + sql + ") in *Grant_priv*) printf '" + outside +
         "' ;; *CURRENT_USER*) echo '" + who + "' ;; *DEFINER*) printf '" + definers +
         "' ;; *) cat " + sql + " >>" + said + " ;; esac";
}

TEST_P(MysqlRootScript, NoRootFromOutsideIsLeftAndWhatIsRightIsNotTouched) {
  has(k_new);
  auto script = both("9.7.4");
  script.line("mrc_mysql_root_from box \"$new\" localhost");
  play(with_accounts("", "root@localhost", "", here("sql"), here("said")));
  EXPECT_EQ(run(script).status, 0);
  EXPECT_EQ(said(), "");
  play(with_accounts("%%\\tY\\n10.0.0.%%\\tN\\n",
                     "root@localhost",
                     "root@localhost\\n",
                     here("sql"),
                     here("said")));
  const auto answer = run(script);
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(said(),
            "DROP USER IF EXISTS 'root'@'%';\n"
            "DROP USER IF EXISTS 'root'@'10.0.0.%';\n");
}

TEST_P(MysqlRootScript, RootFromAnywhereIsMadeWithItsPasswordWhereItLacks) {
  has(k_new);
  auto script = both("9.7.4");
  script.line("mrc_mysql_root_from box \"$new\" %");
  play(with_accounts("10.0.0.%%\\tY\\n%%\\tY\\n", "", "", here("sql"), here("said")));
  EXPECT_EQ(run(script).status, 0);
  EXPECT_EQ(said(), "");
  for (const auto* const outside : {"10.0.0.%%\\tY\\n", "%%\\tN\\n"}) {
    test::write_file(m_here / "said", "");
    play(with_accounts(outside, "", "", here("sql"), here("said")));
    const auto answer = run(script);
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_THAT(said(),
                HasSubstr("CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED WITH "
                          "caching_sha2_password BY 'ne''w"));
    EXPECT_THAT(said(), HasSubstr("GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION"));
  }
}

TEST_P(MysqlRootScript, NobodyIsShutOutAndNothingLosesItsDefiner) {
  has(k_new);
  auto script = both("9.7.4");
  script.line("mrc_mysql_root_from box \"$new\" localhost");
  play(with_accounts("%%\\tY\\n", "root@%", "", here("sql"), here("said")));
  auto answer = run(script);
  EXPECT_NE(answer.status, 0);
  EXPECT_THAT(answer.err, HasSubstr("box has no root@localhost: without root@%"));
  play(with_accounts(
      "%%\\tY\\n", "root@localhost", "root@%%\\nroot@%%\\n", here("sql"), here("said")));
  answer = run(script);
  EXPECT_NE(answer.status, 0);
  EXPECT_THAT(answer.err, HasSubstr("2 views, routines, triggers or events in box have root@'%'"));
  EXPECT_EQ(said(), "");
}

TEST_P(MysqlRootScript, TheCheckTellsWhichAccountsAreNotTheFiles) {
  has(k_new);
  play(with_accounts("%%\\tY\\n10.%%\\tN\\n", "", "", here("sql"), here("said")));
  auto closed = both();
  closed.line("mrc_mysql_root_comes_from box \"$new\" localhost");
  EXPECT_THAT(run(closed).err, HasSubstr("root may come from elsewhere: root@'%' root@'10.%'"));
  auto open = both();
  open.line("mrc_mysql_root_comes_from box \"$new\" %");
  EXPECT_EQ(run(open).status, 0);
  play(with_accounts("10.%%\\tY\\n", "", "", here("sql"), here("said")));
  EXPECT_THAT(run(open).err, HasSubstr("root may not come from everywhere"));
}

}  // namespace
}  // namespace mrc::systems::mysql
