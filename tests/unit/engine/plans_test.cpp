#include <gmock/gmock.h>

#include "mrc/engine/engine.hpp"
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
  EXPECT_TRUE(make_plan(m_systems, {})->empty());
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
  const auto plan = make_plan(m_systems, {});
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
  EXPECT_THAT(ids(*make_plan(m_systems, {})), ElementsAre("a/1", "a/3", "b/2"));
}

TEST_F(Plans, TeardownIsAskedOnce) {
  add("a").planned = {step("a/1")};
  EXPECT_THAT(ids(*make_teardown(m_systems, {}, false)), ElementsAre("a/1"));
}

}  // namespace
}  // namespace mrc::engine
