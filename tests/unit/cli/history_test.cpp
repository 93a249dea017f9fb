#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "cli/journals.hpp"
#include "unit/cli/world.hpp"

namespace mrc::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string k_done =
    R"({"event":"run","at":"2026-11-24T10:00:00Z","command":"apply","deployment":"orders","by":"ann@ws"}
{"event":"started","at":"2026-11-24T10:00:01Z","step":"etcd/a/start","host":"a","title":"start etcd"}
{"event":"finished","at":"2026-11-24T10:00:02Z","step":"etcd/a/start","host":"a","state":"done","ms":1250}
{"event":"end","at":"2026-11-24T10:00:03Z","exit":0}
)";
const std::string k_failed =
    R"({"event":"run","at":"2026-11-24T11:00:00Z","command":"destroy","deployment":"orders","by":"bob@ws"}
{"event":"started","at":"2026-11-24T11:00:01Z","step":"etcd/a/stop","host":"a","title":"stop etcd"}
{"event":"finished","at":"2026-11-24T11:00:02Z","step":"etcd/a/stop","host":"a","state":"failed","ms":9,"error":"no room","evidence":"one\ntwo\n"}
{"event":"started","at":"2026-11-24T11:00:05Z","step":"etcd/b/stop","host":"b","title":"stop etcd"}
{"event":"fini)";

class History : public ::testing::Test {
 protected:
  History() {
    std::filesystem::create_directories(world.folder / "mrc/runs");
    world.file("mrc/runs/2026-11-24T100000Z-apply.jsonl", k_done);
    world.file("mrc/runs/2026-11-24T110000Z-destroy.jsonl", k_failed);
  }
  test::CliWorld world;
};

TEST_F(History, ListsTheNewestFirstAndWhatWasBrokenOff) {
  EXPECT_EQ(world.run({"history"}), ExitCode::done);
  EXPECT_EQ(world.out.str(),
            "2026-11-24T110000Z-destroy     orders       bob@ws                 0 of   2 steps  "
            "broken off\n"
            "2026-11-24T100000Z-apply       orders       ann@ws                 1 of   1 steps  "
            "done\n");
  EXPECT_EQ(world.run({"history", "-n", "1", "--json"}), ExitCode::done);
  const auto record = nlohmann::json::parse(world.out.str());
  ASSERT_EQ(record["runs"].size(), 1U);
  EXPECT_TRUE(record["runs"][0]["exit_code"].is_null());
}

TEST_F(History, ShowsOneRunStepByStep) {
  EXPECT_EQ(world.run({"show", "last"}), ExitCode::done);
  EXPECT_EQ(world.out.str(),
            "2026-11-24T110000Z-destroy: destroy of orders by bob@ws, 2026-11-24T11:00:00Z to "
            "2026-11-24T11:00:05Z, broken off\n"
            "failed     a          stop etcd  9 ms\n"
            "    no room\n"
            "      | one\n"
            "      | two\n"
            "broken off b          stop etcd  0 ms\n");
  EXPECT_EQ(world.run({"show", "2026-11-24T100000Z-apply", "--json"}), ExitCode::done);
  EXPECT_EQ(nlohmann::json::parse(world.out.str())["run"]["steps"][0]["milliseconds"], 1250);
  EXPECT_EQ(world.run({"show", "nonsense"}), ExitCode::usage);
  EXPECT_THAT(world.err.str(), HasSubstr("there is no run nonsense"));
}

TEST_F(History, OfNothingIsEmptyAndOfRubbishIsAnError) {
  world.file("mrc/runs/2026-11-24T120000Z-apply.jsonl", "rubbish\n");
  EXPECT_EQ(world.run({"history"}), ExitCode::usage);
  EXPECT_THAT(world.err.str(), HasSubstr("no journal line"));
  std::filesystem::remove_all(world.folder / "mrc");
  EXPECT_EQ(world.run({"history"}), ExitCode::done);
  EXPECT_THAT(world.out.str(), IsEmpty());
}

}  // namespace
}  // namespace mrc::cli
