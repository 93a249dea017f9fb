#include <gmock/gmock.h>

#include "unit/systems/etcd/etcd_world.hpp"

namespace mrc::systems::etcd {
namespace {

using test::after;
using test::ids;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EtcdTeardown : public ::testing::Test {
 protected:
  Result<std::vector<plan::Step>> teardown(const std::map<std::string, std::string>& record) const {
    auto seen = world.see(world.healthy, false);
    seen.put_record(world.host(0), record);
    return world.system()->teardown(seen, false);
  }
  test::EtcdWorld world;
};

TEST_F(EtcdTeardown, OfNothingIsNothing) { EXPECT_THAT(teardown({}).value(), IsEmpty()); }

TEST_F(EtcdTeardown, UndoesEachRecordInTurnWhenCalicoIsGoneEverywhere) {
  const auto steps = teardown(world.record).value();
  EXPECT_THAT(ids(steps),
              ElementsAre("etcd/docker1/stop",
                          "etcd/docker1/restore-config",
                          "etcd/docker1/remove-data",
                          "etcd/docker1/remove-packages"));
  EXPECT_THAT(steps[0].needs,
              ElementsAre("gone/network/docker1", "gone/network/docker2", "gone/network/docker3"));
  EXPECT_THAT(after(steps[3]), ElementsAre("etcd/docker1/remove-data"));
  EXPECT_THAT(steps[3].gives, ElementsAre("gone/etcd/docker1"));
  EXPECT_EQ(steps[0].apply.body(), "mrc_etcd_stop try disabled\n");
  EXPECT_EQ(steps[1].apply.body(), "mrc_etcd_restore_config try /etc/default/etcd file\n");
  EXPECT_EQ(steps[2].apply.body(),
            "mrc_etcd_remove_data try /var/lib/etcd/default.etcd /var/lib/etcd/default.etcd\n");
  EXPECT_EQ(steps[3].apply.body(), "mrc_etcd_remove_packages try etcd-client etcd-server\n");
  EXPECT_EQ(steps[2].risk, plan::Risk::destructive);
}

TEST_F(EtcdTeardown, PackagesThatWereThereBeforeStay) {
  auto record = world.record;
  record.erase("etcd/package");
  EXPECT_EQ(teardown(record).value().size(), 3U);
}

TEST_F(EtcdTeardown, WhatMrcDidNotRecordStays) {
  EXPECT_THAT(ids(teardown({{"etcd/package", R"({"packages":[]})"}}).value()),
              ElementsAre("etcd/docker1/remove-packages"));
}

TEST_F(EtcdTeardown, AnOddRecordStopsIt) {
  for (const auto* key : {"etcd/config", "etcd/data", "etcd/package", "etcd/unit"}) {
    for (const auto* value : {"[]", "{}", "7"}) {
      const auto steps = teardown({{key, value}});
      ASSERT_FALSE(steps.has_value()) << key << value;
      EXPECT_EQ(steps.error().kind, ErrorKind::unreadable);
    }
  }
}

}  // namespace
}  // namespace mrc::systems::etcd
