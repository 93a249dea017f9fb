#include "mrc/plan/plan.hpp"

#include <gmock/gmock.h>

#include "mrc/base/bug.hpp"

namespace mrc::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Step step(const std::string& id) {
  Step made;
  made.id = StepId(id);
  made.host = HostId("docker1");
  made.title = "do " + id;
  return made;
}

std::vector<std::string> ids(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& one : plan.steps()) out.push_back(one.id.text());
  return out;
}

TEST(Plan, KeepsTheInputOrderWhereEdgesLeaveAChoice) {
  const auto plan = Plan::make({step("c"), step("a"), step("b")});
  EXPECT_THAT(ids(plan), ElementsAre("c", "a", "b"));
}

TEST(Plan, PutsAStepBehindWhatItComesAfter) {
  auto first = step("a");
  first.after = {StepId("b")};
  const auto plan = Plan::make({first, step("b")});
  EXPECT_THAT(ids(plan), ElementsAre("b", "a"));
  EXPECT_THAT(plan.before(1), ElementsAre(0U));
  EXPECT_THAT(plan.before(0), IsEmpty());
}

TEST(Plan, WaitsForEveryGiverOfAMilestone) {
  auto slave = step("slave");
  slave.needs = {"network"};
  auto one = step("net-1");
  one.gives = {"network"};
  auto two = step("net-2");
  two.gives = {"network"};
  const auto plan = Plan::make({slave, one, two});
  EXPECT_THAT(ids(plan), ElementsAre("net-1", "net-2", "slave"));
  EXPECT_THAT(plan.before(2), ElementsAre(0U, 1U));
}

TEST(Plan, AMilestoneThatNobodyGivesWasReachedBefore) {
  auto slave = step("slave");
  slave.needs = {"network"};
  EXPECT_THAT(Plan::make({slave}).before(0), IsEmpty());
}

TEST(Plan, WhatIsUndoneIsGivenAgainBehindIt) {
  auto again = step("again");
  again.gives = {"x"};
  auto cut = step("cut");
  cut.undoes = {"x"};
  const auto plan = Plan::make({again, cut});
  EXPECT_THAT(ids(plan), ElementsAre("cut", "again"));
  EXPECT_THAT(plan.before(1), ElementsAre(0U));
}

TEST(Plan, AStepDoesNotWaitForItself) {
  auto one = step("a");
  one.needs = {"x"};
  one.gives = {"x"};
  EXPECT_THAT(Plan::make({one}).before(0), IsEmpty());
}

TEST(Plan, RefusesADoubledId) { EXPECT_THROW(Plan::make({step("a"), step("a")}), Bug); }

TEST(Plan, RefusesAnUnknownPredecessor) {
  auto one = step("a");
  one.after = {StepId("ghost")};
  EXPECT_THROW(Plan::make({one}), Bug);
}

TEST(Plan, RefusesACycle) {
  auto one = step("a");
  one.after = {StepId("b")};
  auto two = step("b");
  two.after = {StepId("a")};
  EXPECT_THROW(Plan::make({one, two}), Bug);
}

TEST(Plan, ItsRiskIsThatOfItsWorstStep) {
  auto worst = step("b");
  worst.risk = Risk::destructive;
  EXPECT_EQ(Plan::make({step("a"), worst, step("c")}).risk(), Risk::destructive);
  EXPECT_EQ(Plan::make({}).risk(), Risk::safe);
}

}  // namespace
}  // namespace mrc::plan
