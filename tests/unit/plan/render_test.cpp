#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mrc/plan/plan.hpp"

namespace mrc::plan {
namespace {

Plan sample() {
  Step config;
  config.id = StepId("etcd/docker1/config");
  config.host = HostId("docker1");
  config.title = "write /etc/default/etcd";
  config.change = Change::update;
  config.risk = Risk::disruptive;
  config.reason = "one line differs";
  config.diff = {{Change::update, "ETCD_NAME", "default", "docker1"},
                 {Change::create, "ETCD_ENABLE_V2", "", "true"}};
  Step start;
  start.id = StepId("etcd/docker1/start");
  start.host = HostId("docker1");
  start.title = "start etcd";
  start.change = Change::run;
  start.after = {config.id};
  return Plan::make({config, start});
}

TEST(RenderText, ShowsEachStepItsReasonItsDifferencesAndASummary) {
  EXPECT_EQ(render_text(sample()),
            "2 steps on 1 host: 2 for what the file asks, 0 for what drifted\n"
            "~   etcd/docker1/config  write /etc/default/etcd  [disruptive]\n"
            "      because one line differs\n"
            "      ~   ETCD_NAME  default → docker1\n"
            "      +   ETCD_ENABLE_V2  true\n"
            ">   etcd/docker1/start  start etcd\n"
            "Plan: 0 to create, 1 to change, 0 to replace, 0 to remove, 1 to run\n");
}

TEST(RenderText, ShowsDriftApartAndBefore) {
  auto steps = sample().steps();
  steps[1].cause = Cause::drift;
  steps[1].impact = "no etcd on docker1, some 2 s";
  const auto plan = Plan::make(std::move(steps));
  EXPECT_EQ(render_text(plan, Detail::summary),
            "2 steps on 1 host: 1 for what the file asks, 1 for what drifted\n"
            "! drift: somebody changed this since the last run\n"
            ">   etcd/docker1/start  start etcd\n"
            "changes: the file asks for this\n"
            "~   etcd/docker1/config  write /etc/default/etcd  [disruptive]\n"
            "Interrupts: no etcd on docker1, some 2 s (etcd/docker1/start)\n"
            "Plan: 0 to create, 1 to change, 0 to replace, 0 to remove, 1 to run\n");
}

TEST(RenderText, InFullTellsWhatWaitsForWhat) {
  EXPECT_NE(render_text(sample(), Detail::full)
                .find(">   etcd/docker1/start  start etcd\n"
                      "      after etcd/docker1/config\n"
                      "      on docker1, at most 60 s\n"),
            std::string::npos);
}

TEST(RenderText, SaysThatThereIsNothingToDo) {
  EXPECT_EQ(render_text(Plan::make({})), "Nothing to do: the hosts are as the file asks.\n");
}

TEST(RenderJson, GivesNullForWhatIsAbsentAndTheEdgesById) {
  const auto json = nlohmann::json::parse(render_json(sample()));
  EXPECT_EQ(json["schema"], "mrc/plan/1");
  EXPECT_EQ(json["summary"]["drift"], 0);
  EXPECT_EQ(json["steps"][0]["cause"], "change");
  EXPECT_EQ(json["steps"][0]["impact"], nullptr);
  EXPECT_EQ(json["steps"][0]["diff"][1]["before"], nullptr);
  EXPECT_EQ(json["steps"][0]["risk"], "disruptive");
  EXPECT_EQ(json["steps"][1]["reason"], nullptr);
  EXPECT_EQ(json["steps"][1]["after"], nlohmann::json::array({"etcd/docker1/config"}));
}

}  // namespace
}  // namespace mrc::plan
