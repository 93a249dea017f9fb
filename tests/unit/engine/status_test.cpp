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
      status(systems, reading),
      ElementsAre(
          systems::Condition{"hosts", away, {}, Level::fail, "there is no route to the host"},
          of_up));
}

}  // namespace
}  // namespace mrc::engine
