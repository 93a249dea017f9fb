// The dialects: what the plan says of a server before it runs, and what the host says to one that
// does.

#include "systems/mysql/dialect.hpp"

#include <gmock/gmock.h>

#include "support/golden.hpp"
#include "systems/mysql/scripts.hpp"
#include "unit/systems/mysql/mysql_world.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems::mysql {
namespace {

using topology::Flavour;

const std::filesystem::path k_golden = std::filesystem::path(MRC_TESTS_DIR) / "golden";

// What servers of these versions answer to SELECT VERSION().
const std::string k_versions[] = {"5.6.24-log",
                                  "5.7.42-log",
                                  "8.0.22",
                                  "8.0.46-0ubuntu",
                                  "8.4.10",
                                  "9.7.4-2",
                                  "26.10.0",
                                  "10.11.19-MariaDB-0+deb12u1-log",
                                  "11.8.9-MariaDB-deb13 from Debian-log"};

class MysqlDialect : public test::EachShell {
 protected:
  /// What the host says to a server of this version.
  std::string say(const std::string& version, const std::string& tls = "on") const {
    shell::Script script;
    use_mysql(script);
    const auto secret = script.secret_file(Secret("x", "it's"));
    script.line("mrc_mysql_speak {}; echo \"$mrc_say_name\"", version)
        .line("mrc_mysql_change 10.0.0.1 repl {} {}", secret, tls)
        .line("mrc_mysql_root_sql {} %", secret)
        .line("printf '%%\\nlocalhost\\n' | mrc_mysql_root_password_sql {}", secret)
        .line("mrc_mysql_root_let_in_sql {}", secret)
        .line("printf '%%\\n10.0.0.%%\\n' | mrc_mysql_root_keep_out_sql {}", secret)
        .line("printf '%s\\n' \"$mrc_say_events\"")
        .line("mrc_mysql_limit_sql repl {} 5", tls == "on" ? "SSL" : "NONE")
        .line(
            "printf '%s\\n' \"$mrc_say_status\" \"$mrc_say_listeners\" \"SELECT $mrc_say_waited\"")
        .line("printf '%s\\n' \"START $mrc_say_slave\"");
    const auto session = connect();
    const auto answer = session->run(script, {});
    if (!answer) throw std::runtime_error(answer.error().text());
    return answer->out + answer->err;
  }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         MysqlDialect,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(MysqlDialect, WhatIsSaidToEachIsAsWrittenDown) {
  std::string all;
  for (const auto& version : k_versions) {
    const auto reported = parse_reported(version).value();
    const bool tls = dialect_of(reported.flavour, reported.version).tls;
    all += "== " + version + "\n" + say(version, tls ? "on" : "off") + "\n";
  }
  all += "== 9.7.4 with server-key\n" + say("9.7.4", "server-key");
  test::expect_golden(k_golden / "mysql/statements.txt", all);
}

TEST_P(MysqlDialect, ThePlanAndTheHostCallAVersionTheSame) {
  for (const auto& version : k_versions) {
    const auto reported = parse_reported(version);
    ASSERT_TRUE(reported) << version;
    const auto& dialect = dialect_of(reported->flavour, reported->version);
    EXPECT_EQ(say(version).substr(0, dialect.name.size() + 1), std::string(dialect.name) + "\n")
        << version;
  }
}

TEST_P(MysqlDialect, AnOlderOneIsNotSpokenTo) {
  EXPECT_EQ(say("5.5.62"), "the server is older than what mrc speaks: 5.5.62\n");
  EXPECT_EQ(say("10.6.22-MariaDB"), "the server is older than what mrc speaks: 10.6.22-MariaDB\n");
  EXPECT_EQ(say("what"), "which server this is cannot be told from its version: what\n");
}

TEST(MysqlDialects, ArgumentsOfMysqldAreAsWrittenDown) {
  test::MysqlWorld world;
  std::string all;
  for (const auto& version : k_versions) {
    const auto reported = parse_reported(version).value();
    world.topology.mysql.flavour = reported.flavour;
    world.topology.mysql.version = reported.version;
    const auto desired = world.desired();
    all += fmt::format("== {}: TLS {}\n", version, desired.tls);
    for (const auto& option : desired.servers.at(1).options) all += option + "\n";
    all += "\n";
  }
  test::expect_golden(k_golden / "mysql/arguments.txt", all);
}

TEST(MysqlDialects, AFlavourIsToldBeforeNumbersAreCompared) {
  EXPECT_EQ(dialect_of(Flavour::mariadb, {12, 3}).name, "MariaDB 11");
  EXPECT_EQ(dialect_of(Flavour::mysql, {12, 3}).name, "MySQL 9");
  EXPECT_EQ(find_dialect(Flavour::mariadb, {9, 7}), nullptr);
  EXPECT_EQ(find_dialect(Flavour::mysql, {5, 5}), nullptr);
  EXPECT_FALSE(parse_reported("latest"));
  EXPECT_FALSE(parse_reported(""));
}

TEST(MysqlDialects, TheFilesOptionsDecideAboutTls) {
  test::MysqlWorld world;
  const auto tls = [&] { return world.desired().tls; };
  EXPECT_EQ(tls(), "off");
  world.topology.mysql.options = {{"ssl_cert", "/certs/server.pem"}};
  EXPECT_EQ(tls(), "on");
  world.topology.mysql.options = {{"loose_ssl-cert", "/certs/server.pem"}};
  EXPECT_EQ(tls(), "on");
  world.topology.mysql.version = {9, 7};
  world.topology.mysql.options = {{"tls_version", ""}};
  EXPECT_EQ(tls(), "off");
  world.topology.mysql.replication_tls = topology::ReplicationTls::server_key;
  EXPECT_EQ(tls(), "server-key");
}

TEST(MysqlDialects, TheServersKeyIsNeverTakenUnasked) {
  test::MysqlWorld world;
  world.topology.mysql.version = {9, 7};
  const auto probes_with_key = [&] {
    return world.system()->probe(world.host(0)).body().find("mrc_mysql_key=yes\n") !=
           std::string::npos;
  };
  world.topology.mysql.options = {{"tls_version", ""}};
  EXPECT_FALSE(probes_with_key());
  world.topology.mysql.replication_tls = topology::ReplicationTls::server_key;
  EXPECT_TRUE(probes_with_key());
}

/// What hosts with servers of other dialects said when all was as wanted.
class MysqlRecorded : public ::testing::TestWithParam<test::MysqlWorld> {};
INSTANTIATE_TEST_SUITE_P(
    Dialects,
    MysqlRecorded,
    ::testing::Values(
        test::MysqlWorld::of("mysql:9.7", Flavour::mysql, {9, 7}, "9.7"),
        test::MysqlWorld::of("mariadb:11.8", Flavour::mariadb, {11, 8}, "mariadb-11.8")),
    [](const auto& one) { return std::string(one.index == 0 ? "MySql97" : "MariaDb118"); });

TEST_P(MysqlRecorded, AsWantedNeedsNothing) {
  const auto& world = GetParam();
  EXPECT_THAT(test::ids(world.steps(world.all_good())), ::testing::IsEmpty());
  EXPECT_THAT(world.findings(world.all_good()), ::testing::IsEmpty());
}

TEST_P(MysqlRecorded, WhatDriftedInAChannelIsSeen) {
  const auto& world = GetParam();
  for (const auto* const field : {"Slave_IO_Running\tYes",
                                  "Slave_SQL_Running\tYes",
                                  "Master_SSL_Allowed\tYes",
                                  "Auto_Position\t1",
                                  "channel\t1\t1",
                                  "Connect_Retry\t10"}) {
    auto outputs = world.all_good();
    const std::string text(field);
    outputs[1] = test::with(outputs[1], text, text.substr(0, text.rfind('\t')) + "\t0");
    EXPECT_THAT(test::ids(world.steps(outputs)),
                ::testing::ElementsAre("mysql/mysql-slave1/replicate"))
        << text;
  }
}

TEST(MysqlDialects, TlsIsRequiredOfTheAccountWhereThereIsTls) {
  auto world = test::MysqlWorld::of("mariadb:11.8", Flavour::mariadb, {11, 8}, "mariadb-11.8");
  world.topology.mysql.replication_requires_tls = true;
  auto outputs = world.all_good();
  EXPECT_THAT(world.findings(outputs), ::testing::IsEmpty());
  EXPECT_THAT(test::ids(world.steps(outputs)),
              ::testing::ElementsAre("mysql/mysql-master/account"));
  // The master gets TLS with its next container only.
  outputs[1] = test::with(outputs[1], "Master_SSL_Allowed\tYes", "Master_SSL_Allowed\tNo");
  EXPECT_THAT(world.findings(outputs), ::testing::IsEmpty());
  const auto spec = spec_hash(world.desired(), world.desired().master());
  outputs[0] = test::with(outputs[0], spec, "another");
  const auto found = world.findings(outputs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].title,
            "TLS comes with this change, and the replication account would require it before");
}

TEST(MysqlDialects, WhereTheServersHaveNoTlsItCannotBeRequired) {
  auto world = test::MysqlWorld::of("mariadb:11.8", Flavour::mariadb, {11, 8}, "mariadb-11.8");
  world.topology.mysql.replication_requires_tls = true;
  world.topology.mysql.version = {10, 11};
  EXPECT_THAT(test::titles(world.findings(world.all_bare())),
              ::testing::Contains(::testing::HasSubstr(
                  "the replication account requires TLS, which these servers do not offer")));
}

TEST(MysqlUpgrade, GoesOneSeriesAtATime) {
  test::MysqlWorld world;
  const auto outputs = world.all_good();
  world.topology.mysql.image.value = "mysql:5.7";
  world.topology.mysql.version = {5, 7};
  EXPECT_THAT(world.findings(outputs), ::testing::IsEmpty());
  world.topology.mysql.image.value = "mysql:8.4";
  world.topology.mysql.version = {8, 4};
  const auto found = world.findings(outputs);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].title,
            "the data of mysql-master is of MySQL 5.6, from which no way leads to MySQL 8.4");
  EXPECT_EQ(found[0].remedy, "give mysql.image a MySQL 5.7 first, apply, and go on from there");
}

TEST(MysqlUpgrade, AWayLeadsFromTheLastLtsOrFromTheSameKind) {
  using topology::ServerVersion;
  struct Case {
    ServerVersion from, to;
    std::optional<ServerVersion> stop;
  };
  const Case cases[] = {{{5, 6}, {5, 7}, {}},
                        {{5, 6}, {8, 0}, {{5, 7}}},
                        {{5, 7}, {8, 0}, {}},
                        {{5, 7}, {8, 1}, {{8, 0}}},
                        {{8, 0}, {8, 1}, {}},
                        {{8, 0}, {8, 4}, {}},
                        {{8, 2}, {8, 4}, {}},
                        {{8, 0}, {9, 0}, {{8, 4}}},
                        {{8, 3}, {9, 0}, {{8, 4}}},
                        {{8, 4}, {9, 7}, {}},
                        {{9, 0}, {9, 3}, {}},
                        {{8, 4}, {26, 10}, {{9, 7}}},
                        {{9, 6}, {26, 10}, {{9, 7}}},
                        {{9, 7}, {26, 10}, {}},
                        {{26, 7}, {26, 10}, {}},
                        {{26, 10}, {28, 4}, {}},
                        {{5, 6}, {26, 10}, {{5, 7}}},
                        {{8, 0}, {26, 10}, {{8, 4}}}};
  for (const auto& one : cases) {
    EXPECT_EQ(stop_between(Flavour::mysql, one.from, one.to), one.stop)
        << one.from.major << '.' << one.from.minor << " to " << one.to.major << '.' << one.to.minor;
  }
  EXPECT_EQ(stop_between(Flavour::mariadb, {10, 10}, {12, 3}), std::nullopt);
}

/// What is found when the wanted image's variables say this.
std::vector<Finding> with_image(const test::MysqlWorld& world, const std::string& version) {
  auto outputs = world.all_good();
  for (auto& one : outputs) {
    if (const auto at = one.find("image_version\t"); at != std::string::npos) {
      one.erase(at, one.find('\n', at) + 1 - at);
    }
    one.insert(one.find("container\t"), "image_version\t" + version + "\n");
  }
  return world.findings(outputs);
}

TEST(MysqlUpgrade, NeverGoesBack) {
  const test::MysqlWorld old;
  EXPECT_THAT(with_image(old, "5.6.51"), ::testing::IsEmpty());
  EXPECT_THAT(with_image(old, "5.6.20"), ::testing::IsEmpty());  // the same series
  const auto world = test::MysqlWorld::of("mysql:9.3", Flavour::mysql, {9, 3}, "9.7");
  const auto found = with_image(world, "9.3.0-1.el9");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_THAT(found[0].title, ::testing::HasSubstr("the data of mysql-master is of 9.7"));
  EXPECT_THAT(found[0].title, ::testing::HasSubstr("and the file has 9.3.0-1.el9"));
  EXPECT_EQ(found[0].remedy, "servers do not take newer data; keep the image");
  EXPECT_THAT(with_image(world, "9.7.5-1.el9"), ::testing::IsEmpty());
}

TEST(MysqlUpgrade, TheImagesWordCountsWhereTheFileHasItsDialectAlone) {
  const auto world = test::MysqlWorld::of("mysql:innovation", Flavour::mysql, {9, 0}, "9.7");
  EXPECT_THAT(with_image(world, "26.10.0-1.el9"), ::testing::IsEmpty());
  auto outputs = world.all_good();
  const auto at = outputs[1].find("var\tversion\t");
  outputs[1].replace(at, outputs[1].find('\n', at) - at, "var\tversion\t9.6.0");
  outputs[1].insert(outputs[1].find("container\t"), "image_version\t26.10.0-1.el9\n");
  const auto found = world.findings(outputs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].title,
            "the data of mysql-slave1 is of MySQL 9.6, from which no way leads to MySQL 26.10");
  EXPECT_EQ(found[0].remedy, "give mysql.image a MySQL 9.7 first, apply, and go on from there");
}

TEST(MysqlUpgrade, CopiesTheDataWhereTheFileAsksForIt) {
  test::MysqlWorld world;
  const auto outputs = world.all_good();
  world.topology.mysql.image.value = "mysql:5.7";
  world.topology.mysql.version = {5, 7};
  const auto copies = [&] {
    int count = 0;
    for (const auto& step : world.steps(outputs)) {
      for (const auto& line : step.diff) {
        if (line.field != "copy") continue;
        ++count;
        EXPECT_THAT(line.after, ::testing::HasSubstr("/data.mrc-kept-5.6.24"));
        EXPECT_THAT(step.impact, ::testing::HasSubstr("and while its data are copied"));
        EXPECT_THAT(step.apply.body(), ::testing::HasSubstr("mrc_mysql_keep /opt/Docker/mysql-"));
        EXPECT_THAT(step.apply.body(), ::testing::HasSubstr("/data 21540\n"));  // of six hours
      }
    }
    return count;
  };
  const auto of_master = [&] {
    return test::find(world.steps(outputs), "mysql/mysql-master/container").diff;
  };
  const plan::DiffLine tables{plan::Change::update, "system tables", "5.6.24", "mysql:5.7"};
  EXPECT_EQ(copies(), 0);
  EXPECT_THAT(of_master(), ::testing::Contains(tables));
  world.topology.mysql.copy_before_upgrade = true;
  EXPECT_EQ(copies(), 3);
  world.topology.mysql.version = {5, 6};
  world.topology.mysql.image.value = "mysql:5.6.51";
  EXPECT_EQ(copies(), 0);
  EXPECT_THAT(of_master(),
              ::testing::Not(
                  ::testing::Contains(::testing::Field(&plan::DiffLine::field, "system tables"))));
}

TEST(MysqlUpgrade, ASlaveTalksToTheOldMasterAsThatOneDoesAndToTheNewOneAsItWill) {
  test::MysqlWorld world;
  const auto outputs = world.all_good();
  world.topology.mysql.image.value = "mysql:5.7";  // which has TLS unasked
  world.topology.mysql.version = {5, 7};
  const auto made = world.steps(outputs);
  const auto tls = [&](const char* id) {
    const auto& body = test::find(made, id).apply.body();
    const auto at = body.find("mrc_mysql_replicate ");
    const auto line = body.substr(at, body.find('\n', at) - at);
    return line.substr(line.rfind(' ') + 1);
  };
  EXPECT_EQ(tls("mysql/mysql-slave1/rejoin"), "off");
  EXPECT_EQ(tls("mysql/mysql-slave1/replicate"), "on");
}

TEST(MysqlUpgrade, OneThatWasCutOffIsGoneOnWith) {
  test::MysqlWorld world;
  auto outputs = world.all_good();
  outputs[1] = test::with(outputs[1], "data\tblog-2016\n", "data\tblog-2016\nupgrade\tbegun\n");
  EXPECT_THAT(test::ids(world.steps(outputs)),
              ::testing::ElementsAre("mysql/mysql-slave1/upgrade"));
}

TEST(MysqlUpgrade, OneThatWasCutOffIsDoneBeforeAllElseThatAsksItsServer) {
  test::MysqlWorld world;
  auto outputs = world.all_good();
  // What 5.7 says of its variables while its system tables are 5.6's.
  outputs[1] = test::with(outputs[1], "data\tblog-2016\n", "data\tblog-2016\nupgrade\tbegun\n");
  outputs[1].erase(outputs[1].find("var\t"));
  outputs[1] += "sql\tERROR 1146 (42S02) at line 3\nend\tmysql-slave1\ndone\n";
  const auto made = world.steps(outputs);
  EXPECT_THAT(test::ids(made),
              ::testing::ElementsAre("mysql/mysql-slave1/start",
                                     "mysql/mysql-slave1/upgrade",
                                     "mysql/mysql-slave1/replicate"));
  EXPECT_THAT(test::find(made, "mysql/mysql-slave1/replicate").after,
              ::testing::Contains(StepId("mysql/mysql-slave1/upgrade")));
  const auto& upgrade = test::find(made, "mysql/mysql-slave1/upgrade");
  // It is started anew, with an interface that its unit gives back.
  EXPECT_EQ(upgrade.risk, plan::Risk::disruptive);
  EXPECT_EQ(upgrade.impact, "mysql-slave1 does not answer, some 15 s");
  EXPECT_THAT(
      upgrade.needs,
      ::testing::IsSupersetOf({"endpoint/mysql-slave1/ready", "survival/mysql-slave1/ready"}));
  EXPECT_THAT(upgrade.apply.body(),
              ::testing::HasSubstr("/opt/Docker/mysql-slave1/data blog-2016 192.168.0.51\n"));
}

/// mysql-slave1 was to become a server that never answered.
std::vector<std::string> never_answered(const test::MysqlWorld& world, const std::string& had) {
  auto outputs = world.all_good();
  auto& one = outputs[1];
  one = test::with(one, "container\trunning", "container\trestarting");
  one.insert(one.find("container\t"), "had\t" + had + "\nhad_before\t5.6.24\n");
  one.erase(one.find("var\t"));
  one += "sql\tERROR 2002 (HY000)\nend\tmysql-slave1\ndone\n";
  return outputs;
}

TEST(MysqlUpgrade, TheWayBackFromAServerThatNeverAnsweredIsTold) {
  const test::MysqlWorld world;
  auto outputs = never_answered(world, "5.7.44");
  auto found = world.findings(outputs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].title, "the data of mysql-slave1 is of MySQL 5.7, and the file has MySQL 5.6");
  EXPECT_EQ(found[0].detail, "it had 5.6.24, and 5.7.44 has not been seen to answer");
  EXPECT_EQ(found[0].remedy,
            "servers do not take newer data; keep the image. If the log of mysql-slave1 (docker "
            "logs mysql-slave1) says that 5.7.44 refused the data or gave them back as they were: "
            "docker stop mysql-slave1, mv /opt/Docker/mysql-slave1/data/mrc.version-before "
            "/opt/Docker/mysql-slave1/data/mrc.version, and apply; else put back an older copy");
  // One that answers has the data, whatever else is noted.
  outputs = world.all_good();
  outputs[1] = test::with(outputs[1], "version\t5.6.24", "version\t5.7.44");
  outputs[1].insert(outputs[1].find("container\t"), "had\t5.7.44\nhad_before\t5.6.24\n");
  found = world.findings(outputs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].detail, ::testing::StartsWith("it had 5.7.44"));
  EXPECT_EQ(found[0].remedy, "servers do not take newer data; keep the image");
}

TEST(MysqlUpgrade, AWayBeginsAtTheOlderOfTwoThatMayHaveTheData) {
  const auto world = test::MysqlWorld::of("mysql:8.0", Flavour::mysql, {8, 0}, "5.6.24");
  const auto found = world.findings(never_answered(world, "8.0.46"));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[1].title,
            "the data of mysql-slave1 is of MySQL 5.6, from which no way leads to MySQL 8.0");
  EXPECT_EQ(found[1].detail, "it had 5.6.24, and 8.0.46 has not been seen to answer");
}

TEST(MysqlUpgrade, AServerThatAnswersOnOlderDataIsNotedToHaveThem) {
  const test::MysqlWorld world;
  auto outputs = world.all_good();
  outputs[1].insert(outputs[1].find("container\t"), "had\t5.6.24\nhad_before\t5.6.20\n");
  auto made = world.steps(outputs);
  ASSERT_THAT(test::ids(made), ::testing::ElementsAre("mysql/mysql-slave1/upgrade"));
  EXPECT_EQ(made[0].title, "note that mysql-slave1 has taken its data");
  EXPECT_EQ(made[0].risk, plan::Risk::safe);
  EXPECT_THAT(made[0].apply.body(), ::testing::HasSubstr("mrc_mysql_taken mysql-slave1 "));
  // One that does not answer yet is waited for, and that notes it too.
  outputs[1].erase(outputs[1].find("var\t"));
  outputs[1] += "sql\tERROR 2002 (HY000)\nend\tmysql-slave1\ndone\n";
  made = world.steps(outputs);
  ASSERT_THAT(test::ids(made),
              ::testing::ElementsAre("mysql/mysql-slave1/start", "mysql/mysql-slave1/replicate"));
  EXPECT_THAT(made[0].apply.body(), ::testing::HasSubstr("mrc_mysql_taken mysql-slave1 "));
  EXPECT_THAT(made[0].apply.body(), ::testing::HasSubstr("/data 1740\n"));
  EXPECT_EQ(made[0].timeout, std::chrono::minutes(30));
}

TEST_P(MysqlRecorded, AnImageOrDataOfAnotherKindStandInTheWay) {
  const auto& world = GetParam();
  const auto wrong =
      world.desired().dialect.flavour == Flavour::mysql
          ? test::MysqlWorld::of("mysql:8.4", Flavour::mysql, {8, 4}, "9.7")
          : test::MysqlWorld::of("mysql:9.7", Flavour::mysql, {9, 7}, "mariadb-11.8");
  const auto found = wrong.findings(world.all_good());
  ASSERT_EQ(found.size(), 6U);
  EXPECT_THAT(found[0].title, ::testing::HasSubstr("holds another server than the file says"));
  EXPECT_THAT(found[1].title, ::testing::HasSubstr("the data of mysql-master is of M"));
}

}  // namespace
}  // namespace mrc::systems::mysql
