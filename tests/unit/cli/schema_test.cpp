#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "cli/conditions.hpp"
#include "cli/run_record.hpp"
#include "unit/cli/world.hpp"

namespace mrc::cli {
namespace {

using nlohmann::json;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string k_article = MRC_TESTS_DIR "/../examples/blog-2016.yaml";

class Schema : public ::testing::Test {
 protected:
  json schema_of(const std::string& name) {
    EXPECT_EQ(world.run({"schema", name}), ExitCode::done) << name;
    return json::parse(world.out.str());
  }
  /// Why the record is not as the published schema of `name` says; empty: it is.
  std::string fault(const std::string& name, const json& record) {
    const auto text = schema_of(name);
    valijson::Schema schema;
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(text), schema);
    valijson::Validator validator;
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter target(record);
    if (validator.validate(schema, target, &results)) return {};
    std::string out;
    for (valijson::ValidationResults::Error error; results.popError(error);) {
      for (const auto& at : error.context) out += at;
      out += ": " + error.description + "\n";
    }
    return out;
  }
  /// The record is right, and is no longer when any of its members is gone.
  void expect_exact(const std::string& name, const json& record) {
    EXPECT_THAT(fault(name, record), IsEmpty()) << name;
    for (const auto& [key, value] : record.items()) {
      auto less = record;
      less.erase(key);
      EXPECT_THAT(fault(name, less), Not(IsEmpty())) << name << " without " << key;
    }
  }
  json printed(const std::vector<std::string>& args) {
    world.run(args);
    return json::parse(world.out.str());
  }
  static plan::Plan some_plan() {
    plan::Step step;
    step.id = StepId("etcd/docker1/config");
    step.host = HostId("docker1");
    step.title = "write it";
    step.diff = {{plan::Change::create, "name", "", "docker1"}};
    auto next = step;
    next.id = StepId("etcd/docker1/start");
    next.reason = "it is down";
    next.risk = plan::Risk::disruptive;
    next.after = {step.id};
    return plan::Plan::make({step, next});
  }
  static engine::CheckResult some_result() {
    systems::Check check;
    check.id = "MRC-V301";
    check.group = "replication";
    check.host = HostId("docker1");
    check.title = "both threads run";
    return {std::move(check), {systems::Verdict::Level::fail, "No", ""}};
  }
  test::CliWorld world;
};

TEST_F(Schema, TheTopologysIsTheDefault) {
  world.run({"schema"});
  const auto text = world.out.str();
  EXPECT_EQ(schema_of("topology"), json::parse(text));
  EXPECT_EQ(world.run({"schema", "nonsense"}), ExitCode::usage);
}

TEST_F(Schema, OfValidate) {
  const auto bad = world.file("bad.yaml", "mrc: 1\nname: Bad Name\nname: b\nhots: {}\n");
  expect_exact("validate", printed({"validate", bad, "--json"}));
  expect_exact("validate", printed({"validate", k_article, "--json"}));
}

TEST_F(Schema, OfPlan) {
  expect_exact("plan", json::parse(plan::render_json(some_plan())));
  auto odd = json::parse(plan::render_json(some_plan()));
  odd["steps"][0]["change"] = "mangle";
  EXPECT_THAT(fault("plan", odd), Not(IsEmpty()));
}

TEST_F(Schema, OfApplyAndDestroy) {
  const auto plan = some_plan();
  const std::vector<engine::CheckResult> results{some_result()};
  Performance performed;
  performed.report.outcomes.resize(plan.steps().size());
  performed.report.outcomes[0].state = exec::Outcome::State::failed;
  performed.aftermath.failures = {
      {"no space", {{HostId("docker1"), "no space", "df", "", plan.steps()[0].id}}, {}}};
  for (const std::string command : {"apply", "destroy"}) {
    RunRecord record{command, "shop", &plan};
    expect_exact(command, json::parse(render_json(record)));
    record.performed = &performed;
    record.results = &results;
    const auto full = json::parse(render_json(record));
    expect_exact(command, full);
    auto odd = full;
    odd["verify"]["checks"][0].erase("level");
    EXPECT_THAT(fault(command, odd), Not(IsEmpty()));
  }
}

TEST_F(Schema, OfVerifyAndStatus) {
  expect_exact("verify", printed({"verify", k_article, "--json", "--no-write"}));
  expect_exact("status", printed({"status", k_article, "--json"}));
  auto odd = printed({"status", k_article, "--json"});
  odd["conditions"][0]["level"] = "FAIL";
  EXPECT_THAT(fault("status", odd), Not(IsEmpty()));
}

TEST_F(Schema, OfHistoryAndShow) {
  std::filesystem::create_directories(world.folder / "mrc/runs");
  world.file(
      "mrc/runs/2026-11-24T110000Z-destroy.jsonl",
      R"({"event":"run","at":"2026-11-24T11:00:00Z","command":"destroy","deployment":"orders","by":"bob@ws"}
{"event":"started","at":"2026-11-24T11:00:01Z","step":"etcd/a/stop","host":"a","title":"stop etcd"}
{"event":"finished","at":"2026-11-24T11:00:02Z","step":"etcd/a/stop","host":"a","state":"failed","ms":9,"error":"no room","evidence":"one\ntwo\n"}
)");
  expect_exact("history", printed({"history", "--json"}));
  expect_exact("show", printed({"show", "last", "--json"}));
}

}  // namespace
}  // namespace mrc::cli
