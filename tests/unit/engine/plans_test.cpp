#include <gmock/gmock.h>

#include "mrc/engine/engine.hpp"
#include "mrc/plan/milestone.hpp"
#include "unit/engine/fake_system.hpp"

namespace mrc::engine {
namespace {

using ::testing::ElementsAre;

plan::Step step(const std::string& id) {
  plan::Step made;
  made.id = StepId(id);
  made.host = HostId("docker1");
  return made;
}

std::vector<std::string> ids(const plan::Plan& plan) {
  std::vector<std::string> out;
  for (const auto& one : plan.steps()) out.push_back(one.id.text());
  return out;
}

class Plans : public ::testing::Test {
 protected:
  test::FakeSystem& add(const std::string& name) {
    auto made = std::make_unique<test::FakeSystem>(name);
    auto& out = *made;
    m_systems.push_back(std::move(made));
    return out;
  }
  Systems m_systems;
};

TEST_F(Plans, OfSystemsThatWantNothingIsEmpty) {
  add("a");
  add("b");
  EXPECT_TRUE(make_plan("blog", m_systems, {})->empty());
}

TEST_F(Plans, WhatOneUndoesAnotherGivesAgainBehindIt) {
  auto& network = add("network");
  auto& server = add("server");
  auto again = step("network/address");
  again.needs = {"container"};
  again.gives = {"address"};
  network.planned_when_lost["address"] = again;
  auto replace = step("server/container");
  replace.gives = {"container"};
  replace.undoes = {"address"};
  server.planned = {replace};
  const auto plan = make_plan("blog", m_systems, {});
  ASSERT_TRUE(plan);
  EXPECT_THAT(ids(*plan), ElementsAre("server/container", "network/address"));
  EXPECT_THAT(plan->before(1), ElementsAre(0));
}

TEST_F(Plans, AChainOfLossesIsFollowedToItsEnd) {
  auto& a = add("a");
  auto& b = add("b");
  auto second = step("b/2");
  second.undoes = {"three"};
  b.planned_when_lost["two"] = second;
  a.planned_when_lost["three"] = step("a/3");
  auto first = step("a/1");
  first.undoes = {"two", "nobody's"};
  a.planned = {first};
  EXPECT_THAT(ids(*make_plan("blog", m_systems, {})), ElementsAre("a/1", "a/3", "b/2"));
}

/// What the record of docker1 says after a plan of these steps was run.
std::map<std::string, std::string> recorded(const plan::Plan& plan) {
  std::map<std::string, std::string> made;
  for (const auto& one : plan.steps()) {
    if (one.goal.empty()) continue;
    const auto key = fmt::format("did/{}", one.id);
    const auto& body = one.apply.body();
    const auto at = body.find("mrc_record blog " + key + " '\"");
    EXPECT_NE(at, std::string::npos) << body;
    made[key] = body.substr(body.find('"', at), 18);
  }
  return made;
}

TEST_F(Plans, AStepWhoseGoalIsRecordedIsDrift) {
  auto& system = add("a");
  system.planned = {step("a/1")};
  system.planned[0].goal = "x=1";
  const auto first = make_plan("blog", m_systems, {});
  EXPECT_EQ(first->steps()[0].cause, plan::Cause::change);
  systems::Observations seen;
  seen.put_record(HostId("docker1"), recorded(*first));
  EXPECT_EQ(make_plan("blog", m_systems, seen)->steps()[0].cause, plan::Cause::drift);
  system.planned[0].goal = "x=2";
  EXPECT_EQ(make_plan("blog", m_systems, seen)->steps()[0].cause, plan::Cause::change);
}

TEST_F(Plans, WhatFollowsSharesTheCause) {
  auto& network = add("network");
  auto& server = add("server");
  auto again = step("network/address");
  again.goal = "the address";
  again.needs = {"container"};
  again.gives = {"address"};
  network.planned_when_lost["address"] = again;
  auto replace = step("server/container");
  replace.goal = "options";
  replace.gives = {"container"};
  replace.undoes = {"address"};
  auto wait = step("server/wait");
  wait.change = plan::Change::run;
  wait.needs = {"container"};
  server.planned = {replace, wait};
  systems::Observations seen;
  seen.put_record(HostId("docker1"), recorded(*make_plan("blog", m_systems, {})));
  const auto drifted = make_plan("blog", m_systems, seen);
  EXPECT_EQ(drifted->count(plan::Cause::drift), 3U);
  server.planned[0].goal = "other options";
  EXPECT_EQ(make_plan("blog", m_systems, seen)->count(plan::Cause::drift), 0U);
}

TEST_F(Plans, WhatIsChangedStaysAChangeBehindDriftThatUndoesIt) {
  auto& network = add("network");
  auto& server = add("server");
  auto address = step("network/address");
  address.goal = "the address";
  address.undoes = {"connected"};
  network.planned = {address};
  auto follow = step("server/follow");
  follow.goal = "a new password";
  follow.gives = {"connected"};
  server.planned = {follow};
  systems::Observations seen;
  auto made = recorded(*make_plan("blog", m_systems, {}));
  made.erase("did/server/follow");
  seen.put_record(HostId("docker1"), made);
  const auto plan = make_plan("blog", m_systems, seen);
  EXPECT_EQ(plan->steps()[0].cause, plan::Cause::drift);
  EXPECT_EQ(plan->steps()[1].cause, plan::Cause::change);
}

TEST_F(Plans, WhoLeavesAHostWaitsForAllThatIsThere) {
  auto& system = add("a");
  auto last = step("a/last");
  last.needs = {plan::milestone::host_emptied(HostId("docker1"))};
  system.planned = {last, step("a/1"), step("a/2")};
  systems::Observations seen;
  seen.put_departed({{HostId("docker1"), {}}});
  EXPECT_THAT(ids(*make_plan("blog", m_systems, seen)), ElementsAre("a/1", "a/2", "a/last"));
}

TEST_F(Plans, TeardownIsAskedOnce) {
  add("a").planned = {step("a/1")};
  EXPECT_THAT(ids(*make_teardown(m_systems, {}, false)), ElementsAre("a/1"));
}

}  // namespace
}  // namespace mrc::engine
