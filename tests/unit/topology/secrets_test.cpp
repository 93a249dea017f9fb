#include <gmock/gmock.h>
#include <stdlib.h>  // setenv

#include "mrc/topology/topology.hpp"
#include "support/temp_folder.hpp"

namespace mrc::topology {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Kind = SecretSource::Kind;

class SecretSources : public ::testing::Test {
 protected:
  SecretSources() {
    m_topology.mysql.root_password = {Kind::literal, "root", "mysql.root_password", {1, 1}};
    m_topology.mysql.replication_password = {
        Kind::literal, "repl", "mysql.replication.password", {2, 1}};
  }
  /// The root password from this source, or what was complained of.
  std::string root(Kind kind, const std::string& value) {
    m_topology.mysql.root_password.kind = kind;
    m_topology.mysql.root_password.value = value;
    Diagnostics diags;
    const auto secrets = load_secrets(m_topology, m_folder.path(), diags);
    EXPECT_EQ(secrets.has_value(), !diags.has_errors());
    return secrets ? secrets->root_password.open(SecretKey{}) : render(diags, {"t", "a\nb\n"});
  }
  Topology m_topology;
  test::TempFolder m_folder;
};

TEST_F(SecretSources, FromTheEnvironment) {
  setenv("MRC_TEST_SECRET", "it's \"q\" $HOME", 1);
  EXPECT_EQ(root(Kind::env, "MRC_TEST_SECRET"), "it's \"q\" $HOME");
  unsetenv("MRC_TEST_SECRET");
  EXPECT_THAT(root(Kind::env, "MRC_TEST_SECRET"), HasSubstr("MRC-T102"));
}

TEST_F(SecretSources, FromAFileBesideTheTopologyWithoutItsLastNewline) {
  test::write_file(m_folder / "pw", " from a file \n");
  EXPECT_EQ(root(Kind::file, "pw"), " from a file ");
  test::write_file(m_folder / "pw", "dos\r\n");
  EXPECT_EQ(root(Kind::file, "pw"), "dos");
  EXPECT_THAT(root(Kind::file, "missing"), HasSubstr("MRC-T103"));
}

TEST_F(SecretSources, FromACommand) {
  EXPECT_EQ(root(Kind::command, "printf '%s' \"a b\" | tr a c"), "c b");
  EXPECT_THAT(root(Kind::command, "echo hush; exit 3"), HasSubstr("ended with status 3"));
  EXPECT_THAT(root(Kind::command, "echo hush; exit 3"), Not(HasSubstr("hush")));
}

TEST_F(SecretSources, TheServersLimitsAreCheckedBeforeAnybodyIsAsked) {
  EXPECT_EQ(root(Kind::literal, std::string(64, 'x')), std::string(64, 'x'));
  EXPECT_THAT(root(Kind::literal, std::string(65, 'x')), HasSubstr("MRC-T105"));
  EXPECT_THAT(root(Kind::literal, ""), HasSubstr("MRC-T104"));
  EXPECT_THAT(root(Kind::literal, "two\nlines"), HasSubstr("MRC-T106"));
  m_topology.mysql.replication_password.value = std::string(33, 'y');
  const auto said = root(Kind::literal, "fine");
  EXPECT_THAT(said,
              HasSubstr("mysql.replication.password has 33 bytes; the servers take at most 32"));
}

TEST_F(SecretSources, TheOneBeforeIsTheFilesAffairAndJudgedAsTheNewOne) {
  Diagnostics diags;
  EXPECT_FALSE(load_secrets(m_topology, m_folder.path(), diags)->root_password_before);
  m_topology.mysql.root_password_before = {
      Kind::literal, "former", "mysql.root_password_before", {1, 1}};
  const auto secrets = load_secrets(m_topology, m_folder.path(), diags);
  EXPECT_EQ(secrets->root_password_before->open(SecretKey{}), "former");
  m_topology.mysql.root_password_before->value = std::string(65, 'x');
  EXPECT_THAT(root(Kind::literal, "fine"),
              HasSubstr("mysql.root_password_before has 65 bytes; the servers take at most 64"));
}

TEST_F(SecretSources, AllThatIsWrongIsToldAtOnceAndNoValueIsShown) {
  m_topology.mysql.replication_password.value = std::string(40, 'y');
  const auto said = root(Kind::literal, std::string(70, 'x'));
  EXPECT_THAT(said, HasSubstr("t:1:1"));
  EXPECT_THAT(said, HasSubstr("t:2:1"));
  EXPECT_THAT(said, Not(HasSubstr("xxx")));
  EXPECT_THAT(said, Not(HasSubstr("yyy")));
}

}  // namespace
}  // namespace mrc::topology
