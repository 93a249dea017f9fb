#include "systems/calico/passages.hpp"

#include <gmock/gmock.h>

#include "unit/systems/calico/v3_world.hpp"

namespace mrc::systems::calico {
namespace {

using plan::Passage;
using ::testing::Contains;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

NodePlace place(int number) {
  return {HostId(fmt::format("docker{}", number)),
          Ipv4::parse(fmt::format("10.0.0.{}", number)).value()};
}

std::vector<std::string> texts(const std::vector<Passage>& passages) {
  constexpr const char* k_protocols[] = {"tcp", "udp", "ipip"};
  std::vector<std::string> out;
  for (const auto& one : passages) {
    out.push_back(fmt::format("{} to {} at {} {} {}",
                              one.from,
                              one.to,
                              one.address,
                              k_protocols[static_cast<int>(one.protocol)],
                              one.port));
  }
  return out;
}

TEST(CalicoPassages, OfANodeAreItsPeersBothWaysAndEtcd) {
  const auto found = node_passages(place(1),
                                   {place(1), place(2)},
                                   {place(1), place(2), place(3)},
                                   "http://10.0.0.1:2379,http://10.0.0.3:2379,http://db.lan:4001",
                                   Carriage::routed);
  EXPECT_THAT(texts(found),
              UnorderedElementsAre("docker1 to docker2 at 10.0.0.2 tcp 179",
                                   "docker2 to docker1 at 10.0.0.1 tcp 179",
                                   "docker1 to docker3 at 10.0.0.3 tcp 2379",
                                   "docker1 to db.lan at db.lan tcp 4001"));
}

TEST(CalicoPassages, OfATunnelAreWhatItIsMadeOfToo) {
  const auto with = [](Carriage carriage) {
    return texts(node_passages(
        place(1), {place(1), place(2)}, {place(1), place(2)}, "http://10.0.0.1:2379", carriage));
  };
  EXPECT_THAT(with(Carriage::vxlan), Contains("docker2 to docker1 at 10.0.0.1 udp 4789"));
  EXPECT_THAT(with(Carriage::ipip), Contains("docker1 to docker2 at 10.0.0.2 ipip 0"));
  EXPECT_THAT(with(Carriage::ipip), Not(Contains("docker1 to docker2 at 10.0.0.2 udp 4789")));
}

TEST(CalicoPassages, AreOfTheStepsThatStartANode) {
  test::calico3::World world;
  world.be_bare();
  const auto steps = world.steps();
  EXPECT_THAT(texts(test::calico3::step(steps, "calico/docker2/node").passages),
              UnorderedElementsAre("docker2 to docker1 at 192.168.55.111 tcp 179",
                                   "docker1 to docker2 at 192.168.55.112 tcp 179",
                                   "docker2 to docker3 at 192.168.55.113 tcp 179",
                                   "docker3 to docker2 at 192.168.55.112 tcp 179",
                                   "docker2 to docker1 at 192.168.55.111 tcp 2379",
                                   "docker2 to docker3 at 192.168.55.113 tcp 2379"));
}

TEST(CalicoPassages, AreOfAPoolThatGetsATunnelToo) {
  test::calico3::World world;
  world.topology.calico.mode = topology::Calico::Mode::vxlan;
  const auto steps = world.steps();
  EXPECT_THAT(texts(test::calico3::step(steps, "calico/pool").passages),
              Contains("docker1 to docker3 at 192.168.55.113 udp 4789"));
}

TEST(CalicoPassages, OfATunnelBetweenNetworksAreOnlyThroughTheRouter) {
  test::calico3::World world;
  world.topology.calico.mode = topology::Calico::Mode::vxlan_cross_subnet;
  auto& lines = world.probes["docker2"].lines;
  lines.insert(lines.begin(), "router 192.168.55.113 192.168.55.1");
  const auto steps = world.steps();
  const auto found = texts(test::calico3::step(steps, "calico/pool").passages);
  EXPECT_THAT(found, Contains("docker2 to docker3 at 192.168.55.113 udp 4789"));
  EXPECT_THAT(found, Not(Contains("docker1 to docker3 at 192.168.55.113 udp 4789")));
  EXPECT_THAT(found, Contains("docker1 to docker3 at 192.168.55.113 tcp 179"));
}

}  // namespace
}  // namespace mrc::systems::calico
