// How data are made, in each shell that hosts have; docker and the image's server are played.

#include <gmock/gmock.h>

#include "systems/mysql/scripts.hpp"
#include "unit/systems/mysql/mysql_world.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems::mysql {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class MysqlBirthScript : public test::EachShell {
 protected:
  MysqlBirthScript() {
    runs_as("", "exit 1");
    program("chown", "echo chown \"$@\" >>" + here("log") + "\n");
    // Root is let in with a password only.
    program("mysql",
            "file=${1#*=}; sql=$(cat)\ngrep -q 'password=\"\"' \"$file\" && exit 1\n"
            "case $sql in\n  *skip_networking*) printf '0\\t9.7.4\\n' ;;\n"
            "  *'SELECT Host FROM'*) printf '::1\\n7f3e60e33ed8\\n' ;;\n"
            "  *) echo \"$sql\" >>" +
                here("log") + " ;;\nesac\n");
  }
  /// The image's user, and what its `id -u` does.
  void runs_as(const std::string& user, const std::string& id) {
    program("docker",
            "case $1 in\n  image) echo '" + user + "' ;;\n  run) echo \"$@\" >>" + here("log") +
                "\n    case $* in *'--entrypoint id'*) " + id +
                " ;; esac ;;\n"
                "  inspect) echo true 0 0 ;;\n  exec) shift 3; exec \"$@\" ;;\nesac\n");
  }
  void program(const std::string& name, const std::string& text) {
    test::write_file(m_bin / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(m_bin / name, std::filesystem::perms::owner_all);
  }
  std::string here(const std::string& name) const { return (m_here / name).string(); }
  transport::Answer birth() const {
    shell::Script script;
    use_mysql(script);
    script.line("mrc_mysql_birth copy blog db mysql:9.7 {} {} localhost --loose-x=1",
                here("root"),
                script.secret_file(Secret("r", "root \"1")));
    auto answer = connect()->run(script, {});
    if (!answer) throw std::runtime_error(answer.error().text());
    return *answer;
  }
  std::string log() const { return test::read_file(m_here / "log"); }
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         MysqlBirthScript,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(MysqlBirthScript, AnImageThatBeginsAsRootGivesTheDirectoryAwayItself) {
  for (const auto* user : {"", "root", "0:0"}) {
    runs_as(user, "exit 1");
    const auto answer = birth();
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_THAT(log(), Not(HasSubstr("chown"))) << user;
    EXPECT_THAT(log(), HasSubstr("--name db.mrc-copy"));
    EXPECT_THAT(log(), HasSubstr("mysql:9.7 --loose-x=1\n"));
  }
}

TEST_P(MysqlBirthScript, OneThatNeverIsRootGetsADirectoryOfItsUsers) {
  for (const auto* user : {"mysql", "4711", "mysql:0"}) {
    std::filesystem::remove(m_here / "log");
    runs_as(user, "echo 4711");
    const auto answer = birth();
    EXPECT_EQ(answer.status, 0) << answer.err;
    const auto given = log().find("chown -R 4711 " + here("root/db/data.mrc-copy\n"));
    ASSERT_NE(given, std::string::npos) << log();
    EXPECT_LT(given, log().find("--name db.mrc-copy"));
  }
}

TEST_P(MysqlBirthScript, OneThatDoesNotTellAsWhomItRunsMakesNoData) {
  runs_as("mysql", "exit 127");
  const auto answer = birth();
  EXPECT_NE(answer.status, 0);
  EXPECT_THAT(answer.err, HasSubstr("mysql:9.7 does not tell as whom it runs"));
  EXPECT_THAT(log(), Not(HasSubstr("--name db.mrc-copy")));
}

TEST_P(MysqlBirthScript, NoRootIsLeftButThoseThatTheFileHas) {
  EXPECT_EQ(birth().status, 0);
  EXPECT_THAT(log(), HasSubstr("DROP USER 'root'@'::1';\nDROP USER 'root'@'7f3e60e33ed8';\n"));
}

TEST_P(MysqlBirthScript, TheImagesTimeZonesAreLoaded) {
  EXPECT_EQ(birth().status, 0);
  EXPECT_THAT(log(), HasSubstr("MYSQL_ROOT_PASSWORD_FILE="));
  EXPECT_THAT(log(), Not(HasSubstr("SKIP_TZINFO")));
}

}  // namespace
}  // namespace mrc::systems::mysql
