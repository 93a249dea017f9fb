// The shell functions, in each shell that hosts have; docker is a program here that plays a
// container whose client it is.

#include <gmock/gmock.h>

#include "mysql_root.sh.hpp"
#include "mysql_upgrade.sh.hpp"
#include "systems/mysql/scripts.hpp"
#include "unit/systems/mysql/mysql_world.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems::mysql {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

class MysqlScript : public test::EachShell {
 protected:
  MysqlScript() {
    // The client notes its option file and what it reads, and plays what `play` says.
    program("mysql",
            "for word in \"$@\"; do case $word in --defaults-extra-file=*)\n"
            "  cat \"${word#*=}\" >" +
                here("options") + "; ls -l \"${word#*=}\" | cut -c1-10 >" + here("mode") +
                " ;; esac; done\n"
                "printf '%s\\n' \"$*\" >" +
                here("arguments") + "\ncat >" + here("sql") +
                "\n"
                ". " +
                here("play") + "\n");
    // docker exec -i CONTAINER PROGRAM..
    program("docker", "[ \"$1\" = exec ] || exit 1; shift 3; exec \"$@\"\n");
    test::write_file(m_here / "play", "");
  }
  void program(const std::string& name, const std::string& text) {
    test::write_file(m_bin / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(m_bin / name, std::filesystem::perms::owner_all);
  }
  std::string here(const std::string& name) const { return (m_here / name).string(); }
  transport::Answer run(shell::Script& script) const {
    shell::Script whole;
    use_mysql(whole);
    // Whom it talks to is known already; what is asked of whom is not known has tests of its own.
    whole.line("mrc_mysql_speak 5.6.24-log; mrc_mysql_met=box").append(script);
    const auto session = connect();
    auto answer = session->run(whole, {});
    if (!answer) throw std::runtime_error(answer.error().text());
    return *answer;
  }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         MysqlScript,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

const std::string k_nasty = "it's \"q\" $HOME \\; rm -rf / `id` #%&|<>*?~!()[]{}^ \\n";

TEST_P(MysqlScript, APasswordIsALineOfAnOptionFileAndAnSqlString) {
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", k_nasty));
  script.line("mrc_mysql_option {}; mrc_mysql_literal {}", secret, secret);
  EXPECT_EQ(run(script).out,
            "password=\"it's \\\"q\\\" $HOME \\\\; rm -rf / `id` #%&|<>*?~!()[]{}^ \\\\n\"\n"
            "'it''s \"q\" $HOME \\\\; rm -rf / `id` #%&|<>*?~!()[]{}^ \\\\n'");
}

TEST_P(MysqlScript, ThePasswordReachesTheClientInAPrivateFileThatGoesWithIt) {
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", k_nasty));
  script.line("echo 'SELECT 1' | mrc_mysql box root {} -N", secret)
      .line("cat {}; cat {}; cat {}", here("options"), here("mode"), here("sql"))
      .line("! ls /tmp/tmp.*.mrc 2>/dev/null");
  const auto answer = run(script);
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("[client]\npassword=\"it's \\\"q\\\""));
  EXPECT_THAT(answer.out, HasSubstr("-rw-------\nSELECT 1\n"));
  const auto arguments = test::read_file(m_here / "arguments");
  EXPECT_THAT(arguments, Not(HasSubstr("rm -rf")));
  EXPECT_THAT(arguments, HasSubstr("--init-command=SET SESSION sql_mode=0 -uroot -B -N"));
  const auto start = arguments.find("file=") + 5;
  EXPECT_FALSE(std::filesystem::exists(arguments.substr(start, arguments.find(' ') - start)));
}

TEST_P(MysqlScript, AnErrorIsTheServersAndNotTheStatementsText) {
  test::write_file(m_here / "play",
                   "echo \"--------------\nGRANT x IDENTIFIED BY 'hush'\n--------------\" >&2\n"
                   "echo \"ERROR 1064 (42000) at line 2: You have an error near 'hush' at\" >&2\n"
                   "exit 1\n");
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", "p"));
  script.line("echo 'SELECT 1' | mrc_mysql box root {}", secret);
  const auto answer = run(script);
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(answer.err, "ERROR 1064 (42000) at line 2: You have an error\n");
}

TEST_P(MysqlScript, TheStatusIsTurnedIntoFields) {
  test::write_file(
      m_here / "play",
      "printf 'Slave_IO_State\\tMaster_Host\\tAuto_Position\\n\\t192.168.0.50\\t1\\n'\n");
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", "p"));
  script.line("mrc_mysql_status box {}", secret);
  EXPECT_EQ(run(script).out, "Slave_IO_State\t\nMaster_Host\t192.168.0.50\nAuto_Position\t1\n");
}

TEST_P(MysqlScript, ThreadsThatDoNotRunSayWhy) {
  test::write_file(m_here / "play",
                   "printf 'Slave_IO_Running\\tSlave_SQL_Running\\tLast_IO_Errno\\tLast_SQL_Errno"
                   "\\tLast_SQL_Error\\nYes\\tNo\\t0\\t1062\\tDuplicate entry\\n'\n");
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", "p"));
  script.line("mrc_mysql_threads box {}", secret);
  const auto answer = run(script);
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(answer.out,
            "Slave_IO_Running: Yes, Slave_SQL_Running: No, Last_SQL_Errno 1062: Duplicate "
            "entry\n");
}

TEST_P(MysqlScript, TheTemporaryServerIsNotTheRealOne) {
  test::write_file(m_here / "play", "printf '1\\t9.7.4\\n'\n");
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", "p"));
  script.line("mrc_mysql_ready box {}", secret);
  const auto answer = run(script);
  EXPECT_EQ(answer.status, 1);
  EXPECT_EQ(answer.out, "the image is still initialising\n");
}

TEST_P(MysqlScript, AServerThatLacksThePluginOfRootIsNotWaitedFor) {
  program("docker",
          "case $1 in inspect) echo true 0 0 ;; exec) echo \"ERROR 1524 (HY000): Plugin "
          "'mysql_native_password' is not loaded\" >&2; exit 1 ;; esac\n");
  shell::Script script;
  script.line("mrc_mysql_wait box {} 60", script.secret_file(Secret("x", "p")));
  const auto answer = run(script);
  EXPECT_NE(answer.status, 0);
  EXPECT_THAT(answer.err, HasSubstr("is not loaded"));
  EXPECT_THAT(answer.err, HasSubstr("mysql_native_password: ON"));
}

TEST_P(MysqlScript, TheRealOnesDialectIsSpokenFromThenOn) {
  test::write_file(m_here / "play", "printf '0\\t9.7.4-2\\n'\n");
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", "p"));
  script.line("mrc_mysql_ready other {}; echo \"$mrc_say_name\"", secret);
  EXPECT_EQ(run(script).out, "MySQL 9\n");
}

TEST_P(MysqlScript, TheNewWordsOfAStatusAreReadAsTheOldOnes) {
  test::write_file(m_here / "play",
                   "printf 'Replica_IO_State\\tSource_Host\\tReplicate_Do_DB"
                   "\\tSeconds_Behind_Source\\tGet_Source_public_key\\n\\tm\\tx\\t0\\t1\\n'\n");
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", "p"));
  script.line("mrc_mysql_speak 8.4.10; mrc_mysql_status box {}", secret);
  EXPECT_EQ(run(script).out,
            "Slave_IO_State\t\nMaster_Host\tm\nReplicate_Do_DB\tx\nSeconds_Behind_Master\t0\n"
            "Get_Master_public_key\t1\n");
  EXPECT_EQ(test::read_file(m_here / "sql"), "SHOW REPLICA STATUS FOR CHANNEL '';\n\n");
}

TEST_P(MysqlScript, TheKeyOfOlderServersIsReadAsThatOfNewerOnes) {
  test::write_file(m_here / "play", "printf 'Master_Host\\tGet_master_public_key\\nm\\t1\\n'\n");
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", "p"));
  script.line("mrc_mysql_speak 8.0.22; mrc_mysql_status box {}", secret);
  EXPECT_EQ(run(script).out, "Master_Host\tm\nGet_Master_public_key\t1\n");
}

TEST_P(MysqlScript, APositionOfMariaDbIsReadAsASetAndNoRowIsNoSlave) {
  test::write_file(m_here / "play",
                   "printf 'Master_Host\\tUsing_Gtid\\tGtid_IO_Pos\\nm\\tSlave_Pos\\t0-1-9\\n'\n"
                   "printf 'Executed_Gtid_Set\\n0-1-8\\n'\n");
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", "p"));
  script.line("mrc_mysql_speak 11.8.9-MariaDB; mrc_mysql_status box {}", secret);
  EXPECT_EQ(run(script).out,
            "Master_Host\tm\nUsing_Gtid\tSlave_Pos\nAuto_Position\t1\nGtid_IO_Pos\t0-1-9\n"
            "Retrieved_Gtid_Set\t0-1-9\nExecuted_Gtid_Set\t0-1-8\n");
  test::write_file(m_here / "play", "printf 'Executed_Gtid_Set\\n\\n'\n");
  EXPECT_EQ(run(script).out, "");
}

TEST_P(MysqlScript, PositionsHaveOneAnotherByDomain) {
  shell::Script script;
  const auto secret = script.secret_file(Secret("x", "p"));
  script.line("mrc_mysql_speak 11.8.9-MariaDB");
  for (const auto* const pair : {"'0-1-9' ',0-1-9'",
                                 "'0-1-10' '0-1-9'",
                                 "'' ''",
                                 "'0-1-3,1-1-2' '0-2-4,1-1-1'",
                                 "'0-1-3' ','"}) {
    script.append(shell::Script()
                      .line("eval \"set -- \"{}", pair)
                      .line("mrc_mysql_within box {} \"$1\" \"$2\"", secret));
  }
  EXPECT_EQ(run(script).out, "1\n0\n1\n0\n0\n");
}

TEST_P(MysqlScript, AStoppedConnectionWithAnErrorIsNotWaitedFor) {
  const struct {
    std::string io, code;
    int status;
  } cases[] = {{"No", "13114", 0}, {"Connecting", "2003", 1}, {"No", "0", 1}};
  for (const auto& one : cases) {
    test::write_file(m_here / "play",
                     "printf 'Slave_IO_Running\\tSlave_SQL_Running\\tLast_IO_Errno\\n" + one.io +
                         "\\tYes\\t" + one.code + "\\n'\n");
    shell::Script script;
    const auto secret = script.secret_file(Secret("x", "p"));
    script.line("mrc_mysql_threads_settled box {} >/dev/null", secret);
    EXPECT_EQ(run(script).status, one.status) << one.io << one.code;
  }
}

TEST_P(MysqlScript, TheAnswersAreToldApartByTheirParts) {
  test::write_file(m_here / "play",
                   "printf 'mrc_part_var\\n0\\nVariable_name\\tValue\\nread_only\\tON\\n'\n"
                   "printf 'mrc_part_account\\n0\\nCOUNT(*)\\n1\\n'\n"
                   "printf 'mrc_part_limits\\n0\\nhow\\tmax_user_connections\\nSSL\\t5\\n'\n"
                   "printf 'mrc_part_grant\\n0\\nmrc_part_native\\n0\\nwho\\tCOUNT(*)\\n'\n"
                   "printf 'root@%%\\t1\\nothers\\t12\\n'\n"
                   "printf 'mrc_part_outside\\n0\\nHost\\tGrant_priv\\n%%\\tY\\n'\n"
                   "printf 'mrc_part_events\\n0\\nstatus\\tCOUNT(*)\\nENABLED\\t2\\n'\n"
                   "printf 'mrc_part_listener\\n0\\n'\n"
                   "printf 'Server_id\\tHost\\n101\\ta\\n102\\tb\\n'\n"
                   "printf 'mrc_part_channel\\n0\\nHeartbeat\\tx\\n1\\t0\\n'\n"
                   "printf 'mrc_part_slave\\n0\\nMaster_Host\\tLast_Error\\n10.0.0.1\\t\\n'\n");
  shell::Script script;
  script.use(embedded::mysql_root_sh);
  script.line("mrc_mysql_probe_sql box {} repl {}",
              script.secret_file(Secret("x", "p")),
              script.secret_file(Secret("y", k_nasty)));
  const auto answer = run(script);
  EXPECT_EQ(answer.out,
            "var\tread_"
            "only\tON\naccount\t1\nlimits\tSSL\t5\nnative\troot@%"
            "\t1\nnative\tothers\t12\noutside\t%"
            "\tY\nevents\tENABLED\t2\nlistener\t101\nlistener\t102\nchannel\t1\t0\n"
            "slave\tMaster_Host\t10.0.0.1\nslave\tLast_Error\t\nlogin\tok\n")
      << answer.err;
}

TEST_P(MysqlScript, MySqlIsAskedForThePluginsOfItsAccountsAndMariaDbIsNot) {
  for (const auto* const version : {"5.7.42", "9.7.4", "11.8.9-MariaDB"}) {
    shell::Script script;
    script.line("mrc_mysql_speak {}; mrc_mysql_login() { :; }; mrc_mysql_probe_sql box {} repl {}",
                version,
                script.secret_file(Secret("x", "p")),
                script.secret_file(Secret("y", "q")));
    EXPECT_EQ(run(script).status, 0);
    EXPECT_EQ(test::read_file(m_here / "sql").find("plugin = 'mysql_native_password'") !=
                  std::string::npos,
              std::string(version).find("MariaDB") == std::string::npos)
        << version;
  }
}

TEST_P(MysqlScript, AnAccountIsAskedAboutAndOnlyWhatDiffersIsSaid) {
  const std::string privilege = "GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%'";
  const std::string own = "REPLICATION SLAVE ON *.*\\n";
  const std::string is = "NONE\\t0\\n";
  const std::string sets = "ALTER USER 'repl'@'%' IDENTIFIED ";
  const struct {
    std::string limits, login, grants;
    std::pair<std::string, int> wanted;
    std::string said;
    std::string version = "9.7.4", native = "0", open = "";
  } cases[] = {
      {is, "exit 0", own, {"NONE", 0}, ""},
      {is,
       "exit 0",
       own + "SELECT ON shop.*\\n",
       {"NONE", 0},
       "REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'repl'@'%'" + privilege},
      {is, "exit 1", own, {"NONE", 0}, sets + "WITH caching_sha2_password BY 'it''s'"},
      {"",
       "exit 1",
       "",
       {"NONE", 0},
       "CREATE USER 'repl'@'%' IDENTIFIED WITH caching_sha2_password BY "
       "'it''s'" +
           privilege},
      {is,
       "exit 0",
       own,
       {"SSL", 5},
       "ALTER USER 'repl'@'%' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5\n"},
      {"SSL\\t5\\n", "exit 0", own, {"SSL", 5}, ""},
      {"X509\\t0\\n",
       "exit 0",
       own,
       {"NONE", 0},
       "ALTER USER 'repl'@'%' REQUIRE NONE WITH MAX_USER_CONNECTIONS 0\n"},
      // The password is right, and so many are connected that it cannot be tried.
      {is, "echo 'ERROR 1226 (42000): User' >&2; exit 1", own, {"NONE", 0}, ""},
      // The password is right, and the plugin is on its way out.
      {is,
       "exit 0",
       own,
       {"NONE", 0},
       sets + "WITH caching_sha2_password BY 'it''s'",
       "8.0.46",
       "1"},
      {is, "exit 0", own, {"NONE", 0}, "", "8.0.46", "1", "yes"},
      {is, "exit 1", own, {"NONE", 0}, sets + "BY 'it''s'", "8.0.46", "1", "yes"},
      {is, "exit 0", own, {"NONE", 0}, "", "5.7.42", "1"},
  };
  for (const auto& one : cases) {
    test::write_file(m_here / "said", "");
    test::write_file(m_here / "play",
                     "case $(cat " + here("sql") + ") in *ssl_type*) printf '" + one.limits +
                         "' ;; *native*) echo " + one.native + " ;; 'SELECT 1') " + one.login +
                         " ;; *AS\\ privilege*) printf '" + one.grants + "' ;; *) cat " +
                         here("sql") + " >>" + here("said") + " ;; esac\n");
    shell::Script script;
    const auto root = script.secret_file(Secret("x", "p"));
    const auto secret = script.secret_file(Secret("y", "it's"));
    script.line("mrc_mysql_speak {}; mrc_mysql_open={}; mrc_mysql_account box {} repl {} {} {}",
                one.version,
                one.open,
                root,
                secret,
                one.wanted.first,
                one.wanted.second);
    const auto answer = run(script);
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_EQ(test::read_file(m_here / "said"), one.said);
  }
}

TEST_P(MysqlScript, WhoIsLetInByTlsAloneComesSoWhereTheClientDoesNotUnasked) {
  const std::pair<std::string, bool> cases[] = {{"11.8.9-MariaDB", true}, {"9.7.4", false}};
  for (const auto& [version, told] : cases) {
    shell::Script script;
    script.line("mrc_mysql_speak {}; mrc_mysql_tls=yes; mrc_mysql_login box repl {}",
                version,
                script.secret_file(Secret("x", "p")));
    EXPECT_EQ(run(script).status, 0);
    EXPECT_EQ(test::read_file(m_here / "arguments").find(" --ssl") != std::string::npos, told);
  }
}

TEST_P(MysqlScript, TheServersKeyIsAskedForWhereTheFileSaysSoAndTheServerHasOne) {
  const struct {
    std::string version, said;
    bool asked;
  } cases[] = {{"8.0.22", "yes", true},
               {"9.7.4", "yes", true},
               {"9.7.4", "", false},
               {"5.7.42", "yes", false}};
  for (const auto& one : cases) {
    shell::Script script;
    script.line("mrc_mysql_speak {}; mrc_mysql_key={}; mrc_mysql_login box repl {}",
                one.version,
                one.said,
                script.secret_file(Secret("x", "p")));
    EXPECT_EQ(run(script).status, 0);
    EXPECT_EQ(
        test::read_file(m_here / "arguments").find(" --get-server-public-key") != std::string::npos,
        one.asked)
        << one.version << one.said;
  }
}

TEST_P(MysqlScript, AClientThatHearsNothingAnyMoreIsNotWaitedForBehindADeadline) {
  test::write_file(m_here / "play", "exec sleep 20\n");
  shell::Script script;
  script.line("mrc_mysql_deadline=1; echo 'SELECT 1' | mrc_mysql box root {}",
              script.secret_file(Secret("x", "p")));
  const auto answer = run(script);
  EXPECT_NE(answer.status, 0);
  EXPECT_THAT(answer.err, HasSubstr("no answer within 1 s"));
}

TEST_P(MysqlScript, MariaDbGetsTheHashThatItKeeps) {
  shell::Script script;
  const auto secret = script.secret_file(Secret("y", "it's"));
  script.line("mrc_mysql_speak 11.8.9-MariaDB; mrc_mysql_identified {}", secret);
  EXPECT_EQ(run(script).out, "IDENTIFIED BY PASSWORD '*03433C6B3A6A40A98822153A1ABC5C0A8A21B8CB'");
}

TEST_P(MysqlScript, TheServerIsAskedForAPasswordByItsHashAlone) {
  shell::Script script;
  script.line("mrc_mysql_password_sql box {}", script.secret_file(Secret("x", "it's")));
  EXPECT_EQ(run(script).out,
            "SHA2(CONCAT('box ', CAST(User_password AS BINARY)), 256) = "
            "'d2e5aa7fce2e10e3da7264489e20e100e6adf210face3e6116bb801000afabe7'");
}

TEST_P(MysqlScript, OfSeveralChannelsMrcsOwnAloneIsAskedFor) {
  const std::pair<std::string, std::string> cases[] = {
      {"5.6.24-log", "slave_master_info"},
      {"5.7.42", "slave_master_info WHERE Channel_name=''"},
      {"9.7.4", "slave_master_info WHERE Channel_name=''"}};
  for (const auto& [version, from] : cases) {
    shell::Script script;
    script.line("mrc_mysql_speak {}; mrc_mysql_channel_sql box {}",
                version,
                script.secret_file(Secret("x", "p")));
    EXPECT_THAT(run(script).out, EndsWith(" FROM mysql." + from));
  }
}

TEST_P(MysqlScript, ASlaveThatHearsNothingIsNotAliveWhateverItsThreadsSay) {
  // The server has heard 7 heartbeats; whether it got a transaction that it had not is `old`.
  const struct {
    std::string beats, old;
    int status;
  } cases[] = {{"6", "1", 0}, {"7", "1", 1}, {"7", "0", 0}};
  for (const auto& one : cases) {
    test::write_file(m_here / "play",
                     "case $(cat " + here("sql") +
                         ") in *SHOW*) printf 'Retrieved_Gtid_Set\\na:1-9\\n' ;; *SUBSET*) echo " +
                         one.old + " ;; *) echo 7 ;; esac\n");
    shell::Script script;
    script.line("mrc_mysql_hears box {} {} a:1-8", script.secret_file(Secret("x", "p")), one.beats);
    const auto answer = run(script);
    EXPECT_EQ(answer.status, one.status) << one.beats << one.old << answer.err;
    EXPECT_EQ(answer.out.empty(), answer.status == 0) << answer.out;
  }
}

TEST_P(MysqlScript, AServerIsTriedWithTheWordsThatItsOwnVersionKnows) {
  struct Case {
    const char *version, *flavour, *known;
  };
  const Case cases[] = {
      {"5.7.44-log", "MySQL 5.7", "--verbose --help"},
      {"8.0.4-rc", "MySQL 8.0", "--verbose --help"},
      {"8.0.11", "MySQL 8.0", "--verbose --help"},
      {"8.0.15", "MySQL 8.0", "--verbose --help"},
      {"8.0.16", "MySQL 8.0", "--validate-config"},
      {"8.0.46-0ubuntu0.22.04.1", "MySQL 8.0", "--validate-config"},
      {"8.4.10", "MySQL 8.4", "--validate-config"},
      {"9.7.4", "MySQL 9", "--validate-config"},
      {"10.11.19-MariaDB-log", "MariaDB 10", "--verbose --help"},
  };
  // docker run --rm --name NAME --network none --entrypoint sh IMAGE -c ..
  program("docker", "[ \"$1\" = run ] || exit 1; shift 9; exec sh \"$@\"\n");
  for (const auto& one : cases) {
    program(
        "mysqld",
        fmt::format("[ \"$*\" = --version ] && {{ echo '/usr/sbin/mysqld  Ver {} for Linux on "
                    "x86_64'; exit; }}\n"
                    "[ \"$*\" = '--user=mysql --port=3 --a=b c {}' ] || {{ echo \"[ERROR] unknown "
                    "option in $*\"; exit 1; }}\n",
                    one.version,
                    one.known));
    shell::Script script;
    script.line("mrc_mysql_check_options box mysql:x box {} --port=3 '--a=b c'", one.flavour);
    const auto answer = run(script);
    EXPECT_EQ(answer.status, 0) << one.version << answer.err;
  }
  program("mysqld",
          "[ \"$*\" = --version ] && { echo 'mysqld  Ver 8.0.13 for Linux on x86_64'; exit; }\n"
          "echo \"[ERROR] unknown variable 'port=3'\"; exit 1\n");
  shell::Script script;
  script.line("mrc_mysql_check_options box mysql:x box 'MySQL 8.0' --port=3");
  const auto answer = run(script);
  EXPECT_NE(answer.status, 0);
  EXPECT_THAT(answer.err,
              HasSubstr("in mysql:x refuses the options of box: unknown variable 'port=3'"));
}

class MysqlData : public MysqlScript {};
INSTANTIATE_TEST_SUITE_P(Shells,
                         MysqlData,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(MysqlData, TheLastServerTakesTheFoldersThatMrcMade) {
  const auto root = here("a/b/c");
  std::filesystem::create_directory(m_here / "a");
  shell::Script script;
  script.line("mrc_mysql_make_root {}", root)
      .line("mkdir -p {}/one/data/sub {}/two/data", root, root)
      .line("mrc_mysql_delete_data one {}; ls {}", root, root)
      .line("mrc_mysql_delete_data two {}; ls {}", root, here("a"));
  const auto answer = run(script);
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out, "two\n");
  EXPECT_TRUE(std::filesystem::exists(m_here / "a"));
  EXPECT_FALSE(std::filesystem::exists(m_here / "a/b"));
}

TEST_P(MysqlData, WhatOthersPutThereStays) {
  const auto root = here("r");
  shell::Script script;
  script.line("mrc_mysql_make_root {}", root)
      .line("mkdir -p {}/one/data; echo mine >{}/one/notes", root, root)
      .line("mrc_mysql_delete_data one {}", root);
  EXPECT_EQ(run(script).status, 0);
  EXPECT_EQ(test::read_file(m_here / "r/one/notes"), "mine\n");
  EXPECT_FALSE(std::filesystem::exists(m_here / "r/one/data"));
}

TEST_P(MysqlData, AFolderThatWasThereIsNoneOfMrcs) {
  const auto root = here("r");
  std::filesystem::create_directory(root);
  shell::Script script;
  script.line("mrc_mysql_make_root {}; mkdir -p {}/one/data", root, root)
      .line("mrc_mysql_delete_data one {}", root);
  EXPECT_EQ(run(script).status, 0);
  EXPECT_TRUE(std::filesystem::is_empty(root));
}

TEST_P(MysqlData, AServerThatIsOlderThanTheDatasLastDoesNotStartOnThem) {
  struct Case {
    const char *had, *image, *said;  ///< of `said`: newer, same, or a part of the refusal
  };
  const Case cases[] = {
      {"9.7.4", "mysqld  Ver 9.3.0 for Linux on x86_64 (MySQL Community Server - GPL)", "by 9.7.4"},
      {"8.0.36", "mysqld  Ver 8.0.35 for Linux", "by 8.0.36"},
      {"8.4.5", "mysqld  Ver 8.4.4 for Linux", "same"},
      {"5.6.24", "mysqld  Ver 5.7.44 for Linux", "newer"},
      {"8.4.4", "mysqld  Ver 8.4.5 for Linux", "same"},
      {"11.8.2-MariaDB", "mariadbd  Ver 10.11.6-MariaDB for Linux", "by 11.8.2"},
      {"", "mysqld  Ver 9.3.0 for Linux", "same"},
      // One whose data do not say it yet is asked itself.
      {"?9.7.4", "mysqld  Ver 9.3.0 for Linux", "by 9.7.4"},
  };
  for (const auto& one : cases) {
    const auto data = here("data");
    std::filesystem::create_directory(data);
    program("docker", "exit 1\n");  // it is no more
    if (*one.had == '?') {
      program("docker", fmt::format("echo 'mysqld  Ver {} for Linux'\n", one.had + 1));
    } else if (*one.had != '\0') {
      test::write_file(data + "/mrc.version", std::string(one.had) + "\n");
    }
    shell::Script script;
    script.use(embedded::mysql_upgrade_sh)
        .line("mrc_mysql_speak {}", one.image)
        .line("mrc_mysql_compare db {}", data)
        .line("echo \"${mrc_mysql_newer:-}\"");
    const auto answer = run(script);
    if (std::string(one.said) == "newer" || std::string(one.said) == "same") {
      EXPECT_EQ(answer.status, 0) << one.had << answer.err;
      EXPECT_EQ(answer.out, std::string(one.said) == "newer" ? "yes\n" : "\n") << one.had;
    } else {
      EXPECT_NE(answer.status, 0) << one.had;
      EXPECT_THAT(answer.err, HasSubstr(std::string("have been served ") + one.said));
    }
    std::filesystem::remove_all(data);
  }
}

TEST_P(MysqlData, BeforeANewerSeriesTheDataAreCopiedWithTheirVersion) {
  const auto data = here("data");
  std::filesystem::create_directory(data);
  test::write_file(data + "/mrc.version", "5.6.24\n");
  test::write_file(data + "/ibdata1", "rows");
  // What an attempt that was cut off left.
  std::filesystem::create_directory(data + ".mrc-kept");
  test::write_file(data + ".mrc-kept/half", "");
  shell::Script script;
  script.use(embedded::mysql_upgrade_sh)
      .line("mrc_mysql_speak 'mysqld  Ver 5.7.44 for Linux'")
      .line("mrc_mysql_compare db {}", data)
      .line("mrc_mysql_room {} planned", data)
      .line("mrc_mysql_keep {}", data)
      .line("mrc_mysql_served {}", data)
      .line(
          "cat {}/mrc.version; cd {}; cat data.mrc-kept-5.6.24-*Z/mrc.version "
          "data.mrc-kept-*/ibdata1",
          data,
          here("."))
      .line("echo; ls | grep -c kept");
  const auto answer = run(script);
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_EQ(answer.out, "5.7.44\n5.6.24\nrows\n1\n");
}

TEST_P(MysqlData, ACopyThatThePlanDoesNotShowOrThatHasNoRoomIsNotBegun) {
  const auto data = here("data");
  std::filesystem::create_directory(data);
  test::write_file(data + "/mrc.version", "5.6.24\n");
  const auto ask = [&](const char* how) {
    shell::Script script;
    script.use(embedded::mysql_upgrade_sh)
        .line("mrc_mysql_speak 'mysqld  Ver 5.7.44 for Linux'")
        .line("mrc_mysql_compare db {}", data)
        .line("mrc_mysql_room {} {}", data, how);
    return run(script);
  };
  EXPECT_THAT(ask("unplanned").err, HasSubstr("the plan has no copy of"));
  EXPECT_EQ(ask("planned").status, 0);
  program("df", "echo Filesystem; echo 'x 100 99 1 99% /'\n");
  const auto answer = ask("planned");
  EXPECT_NE(answer.status, 0);
  EXPECT_THAT(answer.err, HasSubstr("no room for a copy"));
}

}  // namespace
}  // namespace mrc::systems::mysql
