#include <gmock/gmock.h>

#include "mrc/engine/engine.hpp"
#include "unit/engine/fake_system.hpp"

namespace mrc::engine {
namespace {

using ::testing::ElementsAre;
using Level = systems::Verdict::Level;

TEST(Status, WhoCouldNotBeReadComesFirstAndHidesNoOther) {
  const HostId up("docker1");
  const HostId away("docker2");
  const systems::Condition of_up{"etcd", up, {}, Level::ok, "healthy"};
  const systems::Condition of_away{"etcd", away, {}, Level::ok, "healthy"};
  auto system = std::make_unique<test::FakeSystem>("etcd");
  system->conditions = {of_up, of_away};
  Systems systems;
  systems.push_back(std::move(system));
  Reading reading;
  reading.seen.put(up, "etcd", {0, "E\n", {}});
  reading.failed[away] =
      Error{ErrorKind::unreachable, "there is no route to the host", {"reading docker2"}, 0, "ssh"};
  EXPECT_THAT(
      status(systems, {up, away}, reading),
      ElementsAre(
          systems::Condition{"hosts", away, {}, Level::fail, "there is no route to the host"},
          of_up));
}

TEST(Status, AHostThatLeftTheFileIsTold) {
  const HostId here("docker1");
  Reading reading;
  reading.seen.put(here, "etcd", {0, "E\n", {}});
  const std::string key(systems::k_hosts_key);
  reading.seen.put_record(
      here, {{key, systems::render_recorded_hosts({{here, {}}, {HostId("docker4"), {}}})}});
  const auto rows = status({}, {here}, reading);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].host, HostId("docker4"));
  EXPECT_EQ(rows[0].level, Level::warn);
  reading.seen.put_record(here, {{key, "7"}});
  EXPECT_EQ(status({}, {here}, reading).at(0).level, Level::fail);
}

}  // namespace
}  // namespace mrc::engine
