#include "cli/saved_plan.hpp"

#include <gmock/gmock.h>

namespace mrc::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

plan::Plan one_step(const std::string& id, const std::string& word) {
  plan::Step step;
  step.id = StepId(id);
  step.host = HostId("docker1");
  step.title = "do it";
  step.apply.line("echo {}", word);
  step.apply.secret_file(Secret("mysql.root_password", "hush"));
  return plan::Plan::make({step});
}

SavedPlan saved(const plan::Plan& plan, const std::string& text = "mrc: 1\n") {
  return make_saved_plan("/srv/topology.yaml", text, {true, {"docker4"}}, plan);
}

TEST(SavedPlan, ComesBackAsItWasAndHoldsNoScriptAndNoSecret) {
  const auto made = saved(one_step("etcd/docker1/start", "a-word"));
  const auto text = render_saved_plan(made);
  EXPECT_EQ(parse_saved_plan(text), made);
  EXPECT_THAT(text, Not(HasSubstr("a-word")));
  EXPECT_THAT(text, Not(HasSubstr("hush")));
  EXPECT_EQ(refusal(made, *parse_saved_plan(text)), "");
}

TEST(SavedPlan, ATopologyIsNone) {
  EXPECT_FALSE(parse_saved_plan("mrc: 1\nname: orders\n"));
  EXPECT_FALSE(parse_saved_plan("{mrc: 1}"));
  EXPECT_FALSE(parse_saved_plan(R"({"mrc": 1, "name": "orders"})"));
  EXPECT_FALSE(parse_saved_plan(R"({"schema": "mrc/saved-plan/1"})"));
  EXPECT_FALSE(parse_saved_plan(""));
}

TEST(SavedPlan, IsRefusedWhenAnythingHasChangedAndSaysWhat) {
  const auto then = saved(one_step("etcd/docker1/start", "a"));
  EXPECT_EQ(refusal(then, saved(one_step("etcd/docker1/start", "a"), "mrc: 1\n#\n")),
            "/srv/topology.yaml has changed since");
  EXPECT_EQ(refusal(then, saved(one_step("etcd/docker1/start", "b"))),
            "the hosts have changed since; the same steps would do something else");
  EXPECT_EQ(refusal(then, saved(one_step("etcd/docker2/start", "a"))),
            "the hosts have changed since; no more needed: etcd/docker1/start; needed now: "
            "etcd/docker2/start");
  EXPECT_EQ(refusal(then, saved({})),
            "the hosts have changed since; no more needed: etcd/docker1/start");
  auto old = then;
  old.mrc = "0.0.1";
  EXPECT_THAT(refusal(old, then), HasSubstr("it was made by mrc 0.0.1, and this is "));
}

}  // namespace
}  // namespace mrc::cli
