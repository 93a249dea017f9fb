// Hosts of different networks: what carries the pool between them, and what does not.

#include "systems/calico/routers.hpp"

#include <gmock/gmock.h>

#include "v3_world.hpp"

namespace mrc::systems::calico {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using topology::Calico;

constexpr auto k_title = "hosts of different networks, and a pool without a tunnel";

NodePlace place(int number) {
  return {HostId(fmt::format("docker{}", number)),
          Ipv4::parse(fmt::format("10.0.{}.1", number)).value()};
}

TEST(CalicoRouters, EachPairIsToldOnceOfTheLaterHostWhicheverSideKnows) {
  const std::vector<NodePlace> nodes{place(1), place(2), place(3)};
  EXPECT_THAT(hosts_apart(nodes, {}, "do"), IsEmpty());
  const auto found = hosts_apart(nodes,
                                 {{place(1).host, {{"10.0.3.1", "10.0.1.254"}}},
                                  {place(3).host, {{"10.0.2.1", "10.0.3.254"}}}},
                                 "do");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].host, place(3).host);
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
  EXPECT_THAT(found[0].detail, HasSubstr("docker3 shares no network with docker1, docker2"));
  EXPECT_THAT(found[0].detail, HasSubstr("10.0.1.254, 10.0.3.254"));
  EXPECT_EQ(found[0].remedy, "do");
}

/// The third host is apart from the others.
template <class World>
World with_a_router() {
  World world;
  world.be_bare();
  for (const auto* host : {"docker1", "docker2"}) {
    auto& lines = world.probes[host].lines;
    lines.insert(lines.begin(), "router 192.168.55.113 192.168.55.1");
  }
  return world;
}

TEST(CalicoRouters, Todays) {
  auto world = with_a_router<test::calico3::World>();
  ASSERT_THAT(world.titles(), ElementsAre(k_title));
  EXPECT_EQ(world.findings()[0].host.text(), "docker3");
  EXPECT_THAT(world.findings()[0].remedy, HasSubstr("vxlan-cross-subnet"));
  world.probes["docker2"].set("module", "module vxlan no");
  EXPECT_THAT(world.findings()[0].remedy, HasSubstr("ipip-cross-subnet"));
  for (const auto mode : {Calico::Mode::ipip_cross_subnet, Calico::Mode::ipip}) {
    world.topology.calico.mode = mode;
    EXPECT_THAT(world.titles(), IsEmpty());
  }
}

TEST(CalicoRouters, TheArticlesHasIpInIpOnly) {
  auto world = with_a_router<test::calico::World>();
  const auto only = [&] {
    const auto all = world.findings();
    EXPECT_EQ(all.size(), 1U);
    return all.at(0);
  };
  EXPECT_EQ(only().title, k_title);
  EXPECT_EQ(only().remedy, "calico.ipip: true");
  world.probes["docker2"].set("module xt_set", "module ipip no");
  EXPECT_EQ(only().title, k_title);
  EXPECT_THAT(only().remedy, HasSubstr("when docker2 has the kernel's module ipip; or take today"));
  world.topology.calico.ipip = true;
  EXPECT_EQ(only().title, "the kernel has no IP-in-IP");
  EXPECT_EQ(only().host.text(), "docker2");
  EXPECT_THAT(only().remedy, HasSubstr("vxlan-cross-subnet"));
  EXPECT_THAT(only().remedy, Not(HasSubstr("turn calico.ipip off")));
}

}  // namespace
}  // namespace mrc::systems::calico
