#include <gmock/gmock.h>

#include "unit/cli/world.hpp"

namespace mrc::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string k_article = MRC_TESTS_DIR "/../examples/blog-2016.yaml";

class Client : public ::testing::Test {
 protected:
  Client() {
    world.hosts.answer = [](const auto&, const auto&, const auto&) {
      return Result<transport::Answer>(transport::Answer{0, "/tmp/tmp.Ab1\n", "", {}});
    };
  }
  std::string command() const { return world.foreground.at(0).second.command.str(); }
  std::string err() const { return world.err.str(); }
  test::CliWorld world;
};

TEST_F(Client, OpensInTheContainerOnItsHostWithATerminalForAHuman) {
  world.in_is_terminal = true;
  world.foreground_ends = 0;
  EXPECT_EQ(world.run({"mysql", "mysql-slave1", k_article}), ExitCode::done);
  EXPECT_THAT(world.hosts.ran(), ElementsAre(StartsWith("docker2: mrc_mysql_open mysql-slave1 ")));
  EXPECT_EQ(world.foreground.at(0).first.host, HostId("docker2"));
  EXPECT_TRUE(world.foreground.at(0).second.terminal);
  EXPECT_FALSE(world.foreground.at(0).second.input);
  EXPECT_THAT(command(),
              AllOf(StartsWith("exec docker exec -it mysql-slave1 sh -c "),
                    HasSubstr("rm -f \"$f\""),
                    EndsWith(" sh /tmp/tmp.Ab1 ")));
  EXPECT_THAT(command(), Not(HasSubstr("-Pass")));
}

TEST_F(Client, SqlGoesOverStdinAndTheClientsEndIsOurs) {
  world.in_is_terminal = true;
  world.foreground_ends = 1;
  EXPECT_EQ(world.run({"mysql", "mysql-master", k_article, "-e", "SELECT 'a'", "--", "-N", "--x"}),
            ExitCode::usage);
  EXPECT_EQ(world.foreground.at(0).second.input, "SELECT 'a'");
  EXPECT_FALSE(world.foreground.at(0).second.terminal);
  EXPECT_THAT(command(), AllOf(StartsWith("exec docker exec -i "), EndsWith(" -N --x")));
  EXPECT_THAT(command(), Not(HasSubstr("SELECT")));
  world.foreground.clear();
  world.out_is_terminal = true;
  world.run({"mysql", "mysql-master", k_article, "-e", "SELECT 1"});
  EXPECT_THAT(command(), EndsWith(" --table"));
}

TEST_F(Client, WhatBelongsToTheClientIsNotTakenForAFile) {
  world.variables["MRC_TOPOLOGY"] = k_article;
  EXPECT_EQ(world.run({"mysql", "mysql-master", "--", "--version"}), ExitCode::done);
  EXPECT_THAT(command(), EndsWith(" --version"));
}

TEST_F(Client, AServerThatCannotBeAskedOpensNothing) {
  world.hosts.answer = [](const auto&, const auto&, const auto&) {
    return Result<transport::Answer>(transport::Answer{1, "", "No such container: x\n", {}});
  };
  EXPECT_EQ(world.run({"mysql", "mysql-master", k_article}), ExitCode::preflight_failed);
  EXPECT_THAT(err(), HasSubstr("mysql-master cannot be asked: No such container"));
  EXPECT_EQ(world.run({"mysql", "nobody", k_article}), ExitCode::usage);
  EXPECT_THAT(err(), HasSubstr("the file has no server nobody"));
  EXPECT_THAT(world.foreground, IsEmpty());
}

TEST_F(Client, AShellNeedsNoSecret) {
  unsetenv("MRC_ROOT_PASSWORD");
  world.in_is_terminal = true;
  EXPECT_EQ(world.run({"ssh", "docker3", k_article}), ExitCode::done);
  EXPECT_EQ(world.foreground.at(0).first.host, HostId("docker3"));
  EXPECT_EQ(command(), "");
  world.foreground.clear();
  world.foreground_ends = 255;
  EXPECT_EQ(world.run({"ssh", "docker3", k_article, "--", "echo", "a b"}), ExitCode::unreachable);
  EXPECT_EQ(command(), "exec echo 'a b'");
  EXPECT_EQ(world.run({"ssh", "docker9", k_article}), ExitCode::usage);
}

}  // namespace
}  // namespace mrc::cli
