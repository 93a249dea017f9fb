#include "systems/hosts/steps.hpp"

#include <gmock/gmock.h>

#include "mrc/plan/milestone.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::systems::hosts {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace milestone = plan::milestone;

const HostId k_fourth("docker4");
const RecordedHost k_fourth_at{"192.168.56.114", "192.168.56.114", "root", 0, ""};

class HostsSteps : public ::testing::Test {
 protected:
  /// Hosts whose records list these.
  Observations noted(const std::map<HostId, RecordedHost>& list) const {
    Observations seen;
    for (const auto& host : world.topology.hosts) {
      seen.put_record(host.id, {{"hosts", render_recorded_hosts(list)}});
    }
    return seen;
  }
  std::map<HostId, RecordedHost> wanted() const {
    std::map<HostId, RecordedHost> list;
    for (const auto& host : world.topology.hosts) {
      list[host.id] = {host.address, host.ip.text(), "", 0, ""};
    }
    return list;
  }
  std::vector<plan::Step> planned(const Observations& seen) const {
    return steps(world.topology, seen).value();
  }
  test::World world;
};

TEST_F(HostsSteps, NoneWhenAllAreNoted) { EXPECT_THAT(planned(noted(wanted())), IsEmpty()); }

TEST_F(HostsSteps, AHostIsNotedEverywhereBeforeAnythingIsMadeOnAny) {
  auto list = wanted();
  list.erase(HostId("docker3"));
  const auto all = planned(noted(list));
  EXPECT_THAT(test::ids(all),
              ElementsAre("hosts/docker1/note", "hosts/docker2/note", "hosts/docker3/note"));
  for (const auto& step : all) {
    EXPECT_THAT(step.gives, Contains(milestone::host_ready(HostId("docker3"))));
    ASSERT_EQ(step.diff.size(), 1U);
    EXPECT_EQ(step.diff[0].after, "docker3 192.168.56.113");
    EXPECT_THAT(step.apply.body(), HasSubstr("docker3"));
  }
}

TEST_F(HostsSteps, OneThatLeftIsDroppedWhenItIsEmptyAndHasForgotten) {
  auto list = wanted();
  list[k_fourth] = k_fourth_at;
  auto seen = noted(list);
  seen.put_record(k_fourth, {{"hosts", render_recorded_hosts(list)}});
  seen.put_departed({{k_fourth, k_fourth_at}});
  const auto all = planned(seen);
  EXPECT_THAT(
      test::ids(all),
      ElementsAre(
          "hosts/docker1/drop", "hosts/docker2/drop", "hosts/docker3/drop", "hosts/docker4/leave"));
  const auto& leave = test::find(all, "hosts/docker4/leave");
  EXPECT_THAT(leave.needs, ElementsAre(milestone::host_emptied(k_fourth)));
  const auto& drop = test::find(all, "hosts/docker1/drop");
  EXPECT_THAT(drop.needs, Contains(milestone::host_emptied(k_fourth)));
  EXPECT_THAT(drop.needs, Contains(leave.gives.at(0)));
  EXPECT_THAT(drop.apply.body(), ::testing::Not(HasSubstr("docker4")));
}

TEST_F(HostsSteps, OneThatLeftIsNotNotedAgainWhereItWasDropped) {
  auto list = wanted();
  list[k_fourth] = k_fourth_at;
  auto seen = noted(wanted());
  seen.put_record(world.host(2), {{"hosts", render_recorded_hosts(list)}});
  seen.put_record(k_fourth, {});
  seen.put_departed({{k_fourth, k_fourth_at}});
  EXPECT_THAT(test::ids(planned(seen)), ElementsAre("hosts/docker3/drop"));
}

TEST_F(HostsSteps, AHostIsNotedBeforeAnotherIsDropped) {
  auto list = wanted();
  list.erase(HostId("docker3"));
  list[k_fourth] = k_fourth_at;
  auto seen = noted(list);
  seen.put_departed({{k_fourth, k_fourth_at}});
  const auto all = planned(seen);
  EXPECT_THAT(test::after(test::find(all, "hosts/docker1/drop")),
              ElementsAre("hosts/docker1/note"));
  EXPECT_THAT(test::find(all, "hosts/docker1/note").apply.body(), HasSubstr("docker4"));
}

TEST_F(HostsSteps, AForgottenOneStaysNotedUntilTheClusterHasForgottenItToo) {
  auto list = wanted();
  list[k_fourth] = k_fourth_at;
  auto seen = noted(list);
  seen.put_forgotten({{k_fourth, k_fourth_at}});
  const auto all = planned(seen);
  EXPECT_THAT(test::ids(all),
              ElementsAre("hosts/docker1/drop", "hosts/docker2/drop", "hosts/docker3/drop"));
  EXPECT_THAT(all[0].needs, Contains(milestone::host_emptied(k_fourth)));
}

TEST_F(HostsSteps, AnOddListIsUnreadable) {
  auto seen = noted(wanted());
  seen.put_record(world.host(1), {{"hosts", R"([{"id": "docker1"}])"}});
  const auto refused = steps(world.topology, seen);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::unreadable);
}

TEST_F(HostsSteps, TeardownForgetsLast) {
  EXPECT_THAT(teardown("try", {}), IsEmpty());
  auto list = wanted();
  list[k_fourth] = k_fourth_at;
  auto seen = noted(list);
  seen.put_record(k_fourth, {{"hosts", render_recorded_hosts(list)}});
  seen.put_departed({{k_fourth, k_fourth_at}});
  const auto all = teardown("try", seen);
  EXPECT_THAT(test::ids(all),
              ElementsAre("hosts/docker1/leave",
                          "hosts/docker2/leave",
                          "hosts/docker3/leave",
                          "hosts/docker4/leave"));
  EXPECT_THAT(all[0].needs, Contains(milestone::host_emptied(HostId("docker1"))));
  EXPECT_THAT(all[0].needs, Contains(milestone::host_emptied(k_fourth)));
  EXPECT_THAT(all[3].needs, ElementsAre(milestone::host_emptied(k_fourth)));
}

}  // namespace
}  // namespace mrc::systems::hosts
