#include <gmock/gmock.h>

#include "systems/docker/docker.hpp"
#include "systems/hosts/hosts.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::systems {
namespace {

using test::fixture;
using test::observe;
using test::with;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Level = Verdict::Level;

class HostsStatus : public ::testing::Test {
 protected:
  std::vector<Condition> of_hosts(const std::string& first) const {
    return make_hosts(world.inputs())->status(observe(world, "hosts", {first}));
  }
  std::vector<Condition> of_docker(const std::string& first) const {
    return make_docker(world.inputs())->status(observe(world, "docker", {first}));
  }
  test::World world;
  std::string host = fixture("hosts/docker1-debian12.txt");
  std::string docker = fixture("docker/image-present-20.10.txt");
};

TEST_F(HostsStatus, OneRowForEachHostThatWasRead) {
  EXPECT_EQ(of_hosts(host),
            (std::vector<Condition>{
                {"hosts",
                 HostId("docker1"),
                 "",
                 Level::ok,
                 "192.168.56.111 on eth0, sys1.local, Debian GNU/Linux 12 (bookworm)"}}));
  EXPECT_THAT(make_hosts(world.inputs())->status({}), IsEmpty());
  EXPECT_THAT(make_docker(world.inputs())->status({}), IsEmpty());
}

TEST_F(HostsStatus, AnotherMachineThanTheOneMeantFails) {
  const auto rows = of_hosts(with(host, "192.168.56.111", "192.168.56.9"));
  ASSERT_THAT(rows, SizeIs(1));
  EXPECT_EQ(rows[0].level, Level::fail);
  EXPECT_THAT(rows[0].text, HasSubstr("192.168.56.111 is not its address"));
}

TEST_F(HostsStatus, DockerIsUpDownOrNotThere) {
  EXPECT_EQ(of_docker(docker)[0].level, Level::ok);
  EXPECT_THAT(of_docker(docker)[0].text, HasSubstr("20.10"));
  const auto down = of_docker("engine down\nreason no socket\nend\n");
  EXPECT_EQ(down[0].level, Level::fail);
  EXPECT_EQ(down[0].text, "it does not answer: no socket");
  EXPECT_EQ(of_docker("engine absent\nend\n")[0].text, "there is no command docker");
}

TEST_F(HostsStatus, ACutAnswerFails) {
  for (std::size_t size = 0; size < host.size(); ++size) {
    ASSERT_EQ(of_hosts(host.substr(0, size)).at(0).level, Level::fail) << size;
  }
  for (std::size_t size = 0; size < docker.size(); ++size) {
    ASSERT_EQ(of_docker(docker.substr(0, size)).at(0).level, Level::fail) << size;
  }
}

}  // namespace
}  // namespace mrc::systems
