#include "systems/etcd/desired.hpp"

#include <gmock/gmock.h>

#include "unit/systems/etcd/etcd_world.hpp"

namespace mrc::systems::etcd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(EtcdDesired, TheFileHasEveryKeyOfTheArticle) {
  const test::EtcdWorld world;
  const auto want = desired(world.topology);
  EXPECT_EQ(
      render_config(want, settings(want, want.members[1])),
      "# Written by mrc for try: changes are overwritten, destroy brings back what was here.\n"
      "ETCD_NAME=\"docker2\"\n"
      "ETCD_DATA_DIR=\"/var/lib/etcd/default.etcd\"\n"
      "ETCD_LISTEN_PEER_URLS=\"http://0.0.0.0:2380\"\n"
      "ETCD_LISTEN_CLIENT_URLS=\"http://0.0.0.0:2379\"\n"
      "ETCD_INITIAL_ADVERTISE_PEER_URLS=\"http://192.168.56.112:2380\"\n"
      "ETCD_INITIAL_CLUSTER=\"docker1=http://192.168.56.111:2380,"
      "docker2=http://192.168.56.112:2380,docker3=http://192.168.56.113:2380\"\n"
      "ETCD_INITIAL_CLUSTER_STATE=\"new\"\n"
      "ETCD_INITIAL_CLUSTER_TOKEN=\"etcd-cluster-1\"\n"
      "ETCD_ADVERTISE_CLIENT_URLS=\"http://192.168.56.112:2379\"\n"
      "ETCD_ENABLE_V2=\"true\"\n");
}

TEST(EtcdDesired, TodaysCalicoNeedsNoV2) {
  test::EtcdWorld world;
  world.topology.calico.version = "v3.32.1";
  const auto want = desired(world.topology);
  EXPECT_THAT(render_config(want, settings(want, want.members[0])), Not(HasSubstr("V2")));
}

TEST(EtcdDesired, PortsAreTheFiles) {
  test::EtcdWorld world;
  world.topology.etcd.client_port = Port(12379);
  world.topology.etcd.peer_port = Port(12380);
  const auto want = desired(world.topology);
  EXPECT_THAT(render_config(want, settings(want, want.members[0])),
              HasSubstr("docker3=http://192.168.56.113:12380"));
  EXPECT_EQ(want.members[0].client_url, "http://192.168.56.111:12379");
}

}  // namespace
}  // namespace mrc::systems::etcd
