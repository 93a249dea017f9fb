#include <gmock/gmock.h>

#include "systems/hosts/hosts.hpp"
#include "systems/hosts/probe.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::systems::hosts {
namespace {

using test::fixture;
using test::observe;
using test::titles;
using test::with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> good() {
  // The three readings are some milliseconds apart, as they were in reality.
  return {fixture("hosts/docker1-debian12.txt"),
          fixture("hosts/docker2-debian12.txt"),
          fixture("hosts/docker3-debian12.txt")};
}

class HostsPreflight : public ::testing::Test {
 protected:
  std::vector<Finding> findings(const std::vector<std::string>& outputs) const {
    return make_hosts(world.inputs())->preflight(observe(world, "hosts", outputs)).value();
  }
  std::string clock_of(const std::string& output) const {
    return fmt::format("clock ms {}\n", parse_probe(output).value().clock_ms);
  }
  std::string with_clock(const std::string& output, std::int64_t off) const {
    const auto now = parse_probe(output).value().clock_ms;
    return with(output, clock_of(output), fmt::format("clock ms {}\n", now + off));
  }
  test::World world;
};

TEST_F(HostsPreflight, GoodHostsHaveNoFinding) { EXPECT_THAT(findings(good()), IsEmpty()); }

TEST_F(HostsPreflight, ACutAnswerIsUnreadable) {
  test::cut_everywhere(world, *make_hosts(world.inputs()), good(), MRC_EXPECT_UNREADABLE);
}

TEST_F(HostsPreflight, AnAnswerWithoutAHostNameIsUnreadable) {
  auto outputs = good();
  outputs[1] = with(outputs[1], "hostname sys2.local\n", "");
  EXPECT_FALSE(make_hosts(world.inputs())->preflight(observe(world, "hosts", outputs)).has_value());
}

TEST_F(HostsPreflight, TwoHostsOfOneNameAreRefused) {
  auto outputs = good();
  outputs[2] = with(outputs[2], "sys3.local", "sys1.local");
  const auto found = findings(outputs);
  EXPECT_THAT(titles(found), ElementsAre("docker3: docker1 has the same host name"));
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
  EXPECT_THAT(found[0].detail, HasSubstr("sys1.local"));
  EXPECT_THAT(found[0].remedy, HasSubstr("hostnamectl"));
}

TEST_F(HostsPreflight, ANameWithASlashIsRefused) {
  auto outputs = good();
  outputs[0] = with(outputs[0], "sys1.local", "rack1/sys1");
  EXPECT_THAT(titles(findings(outputs)), ElementsAre("docker1: the host name holds a '/'"));
}

TEST_F(HostsPreflight, AnotherHostThanTheOneMeantIsSeen) {
  auto outputs = good();
  outputs[1] = with(outputs[1], "192.168.56.112/24", "192.168.56.212/24");
  const auto found = findings(outputs);
  EXPECT_THAT(titles(found),
              ElementsAre("docker2: the host does not have the address 192.168.56.112"));
  EXPECT_THAT(found[0].detail, HasSubstr("192.168.56.212 (eth0)"));
}

TEST_F(HostsPreflight, AnInterfaceThatIsNotThereIsRefused) {
  world.topology.hosts[0].interface = "ens3";
  EXPECT_THAT(titles(findings(good())),
              ElementsAre("docker1: no interface ens3 with an IPv4 address"));
  world.topology.hosts[0].interface = "eth0";
  EXPECT_THAT(findings(good()), IsEmpty());
}

TEST_F(HostsPreflight, TheSameMachineTwiceIsSeen) {
  auto outputs = good();
  outputs[1] = outputs[0];
  EXPECT_THAT(titles(findings(outputs)),
              UnorderedElementsAre("docker2: the host does not have the address 192.168.56.112",
                                   "docker2: docker1 and docker2 are one machine",
                                   "docker2: docker1 has the same host name"));
}

TEST_F(HostsPreflight, AnUnprivilegedLoginIsRefused) {
  auto outputs = good();
  outputs[0] = with(outputs[0], "uid 0", "uid 1000");
  EXPECT_THAT(titles(findings(outputs)), ElementsAre("docker1: the login is not root"));
}

TEST_F(HostsPreflight, AClockALittleOffWarnsAndOneFarOffFails) {
  auto outputs = good();
  outputs[2] = with_clock(outputs[2], 1200);
  auto found = findings(outputs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].host, HostId("docker3"));
  EXPECT_EQ(found[0].level, Verdict::Level::warn);
  outputs[2] = with_clock(outputs[2], -60'000);
  found = findings(outputs);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
  EXPECT_THAT(found[0].title, HasSubstr("behind"));
}

TEST_F(HostsPreflight, AHostThatWasAskedLaterIsNotAhead) {
  auto outputs = good();
  outputs[2] = with_clock(outputs[2], 7000);
  auto seen = observe(world, "hosts", outputs);
  seen.put(world.host(2), "hosts", {0, outputs[2], {}, std::chrono::milliseconds(7000)});
  EXPECT_THAT(make_hosts(world.inputs())->preflight(seen).value(), IsEmpty());
  seen.put(world.host(1), "hosts", {0, outputs[1], {}, std::chrono::milliseconds(7000)});
  EXPECT_THAT(titles(make_hosts(world.inputs())->preflight(seen).value()),
              ElementsAre(HasSubstr("behind the others'")));
}

TEST_F(HostsPreflight, AClockThatKnowsNoMillisecondsGetsASecondMore) {
  auto outputs = good();
  const auto seconds = parse_probe(outputs[0]).value().clock_ms / 1000;
  outputs[2] = with(outputs[2], clock_of(outputs[2]), fmt::format("clock s {}\n", seconds - 1));
  EXPECT_THAT(findings(outputs), IsEmpty());
}

}  // namespace
}  // namespace mrc::systems::hosts
