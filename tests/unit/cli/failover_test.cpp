#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "unit/cli/world.hpp"

namespace mrc::cli {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

/// docker1, where the master was, is away.
class Failover : public ::testing::Test {
 protected:
  Failover() {
    file =
        world.file("topology.yaml", test::read_file(MRC_TESTS_DIR "/../examples/blog-2016.yaml"));
    world.hosts.let_in = [](const HostId& host, int) -> Result<void> {
      if (host != HostId("docker1")) return {};
      return fail(ErrorKind::unreachable, "there is no route to the host");
    };
    world.hosts.answer = [this](const HostId& host, const shell::Script& script, const auto&) {
      const bool asks = script.body().find("mrc_mysql_probe ") != std::string::npos;
      return Result<transport::Answer>(
          transport::Answer{0, asks ? probed(host) : std::string(), "", {}});
    };
  }
  std::string probed(const HostId& host) const {
    auto servers = test::read_file(
        fmt::format(MRC_TESTS_DIR "/fixtures/mysql/replicating-5.6.24-{}.txt", host));
    const auto at = servers.find("Slave_IO_Running\tYes");
    servers.replace(at, 20, slaves_hear ? "Slave_IO_Running\tYes" : "Slave_IO_Running\tNo");
    const auto rules = test::read_file(MRC_TESTS_DIR "/fixtures/dnat/bare-1.8.9-docker1.txt");
    return fmt::format("@mrc mysql 0 {} 0\n{}@mrc dnat 0 {} 0\n{}@mrc records 0 4 0\nend\n",
                       servers.size(),
                       servers,
                       rules.size(),
                       rules);
  }
  std::string err() const { return world.err.str(); }

  test::CliWorld world;
  std::string file;
  bool slaves_hear = false;
};

TEST_F(Failover, GoesOnWithoutTheHostThatIsAwayAndEditsTheFile) {
  // The checks' answers are empty here.
  EXPECT_EQ(world.run({"failover", file, "--yes"}), ExitCode::verify_failed);
  EXPECT_THAT(err(),
              AllOf(HasSubstr("away on docker1: there is no route to the host"),
                    HasSubstr("is lost, and how much that is cannot be told without it"),
                    HasSubstr("mysql.master is mysql-slave1 now")));
  EXPECT_THAT(test::read_file(file), HasSubstr("\n  master: mysql-slave1"));
  EXPECT_THAT(world.out.str(),
              AllOf(HasSubstr("mysql/mysql-slave1/drain"),
                    HasSubstr("mysql/mysql-slave2/replicate"),
                    HasSubstr("mysql/mysql-slave1/succeed")));
  EXPECT_THAT(world.hosts.ran(), Each(Not(HasSubstr("docker1: "))));
}

TEST_F(Failover, AFileThatIsNotAgreedToStaysAsItIs) {
  const auto before = test::read_file(file);
  EXPECT_EQ(world.run({"failover", "mysql-slave2", file}), ExitCode::usage);
  EXPECT_EQ(test::read_file(file), before);
  EXPECT_EQ(world.run({"failover", "nobody", file, "--yes"}), ExitCode::usage);
  EXPECT_THAT(err(), HasSubstr("has no server nobody"));
}

TEST_F(Failover, OfNoHostAtAllNothingIsDone) {
  world.hosts.let_in = [](const auto&, int) -> Result<void> {
    return fail(ErrorKind::unreachable, "there is no route to the host");
  };
  EXPECT_EQ(world.run({"failover", file, "--yes"}), ExitCode::unreachable);
}

TEST_F(Failover, ALoginThatIsRefusedIsNoDeadHost) {
  world.hosts.let_in = [](const HostId& host, int) -> Result<void> {
    if (host != HostId("docker1")) return {};
    return fail(ErrorKind::auth, "the host key differs");
  };
  EXPECT_EQ(world.run({"failover", file, "--yes"}), ExitCode::unreachable);
  EXPECT_THAT(err(), HasSubstr("nothing was changed"));
}

}  // namespace
}  // namespace mrc::cli
