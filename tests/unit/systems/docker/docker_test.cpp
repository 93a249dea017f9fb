#include "systems/docker/docker.hpp"

#include <gmock/gmock.h>

#include "systems/docker/probe.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::systems::docker {
namespace {

using test::fixture;
using test::ids;
using test::observe;
using test::titles;
using test::with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DockerSystem : public ::testing::Test {
 protected:
  DockerSystem()
      : present(fixture("docker/image-present-20.10.txt")),
        absent(fixture("docker/image-absent-20.10.txt")) {}
  std::vector<Finding> findings(const std::string& output) const {
    return make_docker(world.inputs())
        ->preflight(observe(world, "docker", {output, present, present}))
        .value();
  }
  test::World world;
  std::string present;
  std::string absent;
};

TEST_F(DockerSystem, AnImageThatIsThereNeedsNothing) {
  const auto seen = observe(world, "docker", {present, present, present});
  const auto system = make_docker(world.inputs());
  EXPECT_THAT(system->steps(seen).value(), IsEmpty());
  EXPECT_THAT(system->preflight(seen).value(), IsEmpty());
}

TEST_F(DockerSystem, PullsTheAbsentImageWhereItsServersAre) {
  const auto seen = observe(world, "docker", {absent, present, absent});
  const auto steps = make_docker(world.inputs())->steps(seen).value();
  EXPECT_THAT(ids(steps), ElementsAre("docker/docker1/pull", "docker/docker3/pull"));
  EXPECT_THAT(steps[0].gives, ElementsAre("image/docker1/present"));
  EXPECT_THAT(steps[0].needs, ElementsAre("host/docker1/ready"));
  EXPECT_EQ(steps[0].apply.body(), "mrc_docker_pull try mysql:5.6\n");
}

TEST_F(DockerSystem, AHostWithoutServersNeedsNoImage) {
  world.topology.mysql.servers.pop_back();
  const auto system = make_docker(world.inputs());
  const auto engine_only = with(present, present.substr(present.find("image ")), "end\n");
  EXPECT_THAT(system->steps(observe(world, "docker", {present, present, engine_only})).value(),
              IsEmpty());
}

TEST_F(DockerSystem, ACutAnswerIsUnreadable) {
  test::cut_everywhere(
      world, *make_docker(world.inputs()), {absent, present, present}, MRC_EXPECT_UNREADABLE);
}

TEST_F(DockerSystem, AnAnswerOnAnotherImageIsUnreadable) {
  const auto other = with(absent, "image mysql:5.6", "image mysql:5.7");
  EXPECT_FALSE(make_docker(world.inputs())
                   ->steps(observe(world, "docker", {other, present, present}))
                   .has_value());
}

TEST_F(DockerSystem, AnEngineThatIsDownIsAFactWithItsReason) {
  const auto found = findings("engine down\nreason Cannot connect to the Docker daemon\nend\n");
  EXPECT_THAT(titles(found), ElementsAre("docker1: Docker does not answer"));
  EXPECT_THAT(found[0].detail, HasSubstr("Cannot connect"));
  EXPECT_THAT(titles(findings("engine absent\nend\n")),
              ElementsAre("docker1: Docker is not installed"));
}

TEST_F(DockerSystem, TheOldCalicoNeedsAnEngineThatServesItsApi) {
  auto modern = present;
  for (int i = 0; i < 2; ++i) {
    modern = with(modern, R"("MinAPIVersion":"1.12")", R"("MinAPIVersion":"1.24")");
  }
  const auto found = findings(modern);
  EXPECT_THAT(titles(found), ElementsAre("docker1: Docker refuses API 1.16"));
  EXPECT_THAT(found[0].detail, HasSubstr("1.24"));
  EXPECT_THAT(found[0].remedy, HasSubstr("DOCKER_MIN_API_VERSION=1.12"));
  world.topology.calico.version = "v3.32.1";
  EXPECT_THAT(findings(modern), IsEmpty());
}

TEST_F(DockerSystem, TeardownOfNothingIsNothing) {
  const auto seen = observe(world, "docker", {present, present, present});
  EXPECT_THAT(make_docker(world.inputs())->teardown(seen, true).value(), IsEmpty());
}

TEST_F(DockerSystem, TeardownRemovesOnlyAnImageThatItPulledAndAfterItsContainers) {
  auto seen = observe(world, "docker", {present, present, present});
  seen.put_record(world.host(1), {{"docker/image/mysql:5.6", R"({"id":"sha256:ab"})"}});
  const auto steps = make_docker(world.inputs())->teardown(seen, false).value();
  EXPECT_THAT(ids(steps), ElementsAre("docker/docker2/remove-image"));
  EXPECT_THAT(steps[0].needs, ElementsAre("gone/image-users/docker2"));
  EXPECT_EQ(steps[0].apply.body(), "mrc_docker_remove_image try mysql:5.6 sha256:ab\n");
}

TEST_F(DockerSystem, AHostGetsTheImageThatTheOthersHaveWhateverTheTagStandsForByNow) {
  const auto known =
      with(present, "end\n", "digest other@sha256:11\ndigest mysql@sha256:22\nend\n");
  const auto seen = observe(world, "docker", {known, present, absent});
  const auto steps = make_docker(world.inputs())->steps(seen).value();
  ASSERT_THAT(ids(steps), ElementsAre("docker/docker3/pull"));
  EXPECT_EQ(steps[0].apply.body(), "mrc_docker_pull try mysql:5.6 mysql@sha256:22\n");
}

TEST_F(DockerSystem, TheImageThatTheFileNoLongerAsksForGoesLast) {
  auto seen = observe(world, "docker", {present, present, present});
  seen.put_record(world.host(1),
                  {{"docker/image/mysql:5.6", R"({"id":"sha256:ab"})"},
                   {"docker/image/mysql:5.5", R"({"id":"sha256:cd"})"}});
  const auto steps = make_docker(world.inputs())->steps(seen).value();
  ASSERT_THAT(ids(steps), ElementsAre("docker/docker2/remove-image"));
  EXPECT_EQ(steps[0].apply.body(), "mrc_docker_remove_image try mysql:5.5 sha256:cd\n");
  EXPECT_THAT(
      steps[0].needs,
      ElementsAre("gone/image-users/docker2", "container/mysql-2/running", "server/mysql-2/ready"));
  EXPECT_THAT(steps[0].forgets, IsEmpty()) << "the goal of the present image's pull stays";
}

TEST_F(DockerSystem, ANameThatStandsForDifferentImagesIsAWarning) {
  const auto id = present.substr(present.find("sha256:"), 71);
  const auto other = with(present, id, "sha256:" + std::string(64, 'f'));
  const auto found = findings(other);
  ASSERT_THAT(titles(found),
              ElementsAre("docker2: mysql:5.6 is another image than on docker1",
                          "docker3: mysql:5.6 is another image than on docker1"));
  EXPECT_EQ(found[0].level, Verdict::Level::warn);
}

TEST_F(DockerSystem, AnOddRecordStopsTheTeardown) {
  auto seen = observe(world, "docker", {present, present, present});
  seen.put_record(world.host(1), {{"docker/image/mysql:5.6", "[]"}});
  EXPECT_FALSE(make_docker(world.inputs())->teardown(seen, false).has_value());
}

TEST(ApiVersion, ComparesNumbersAndNotText) {
  EXPECT_LT(ApiVersion::parse("1.9").value(), ApiVersion::parse("1.16").value());
  for (const auto* text : {"", "1", "1.", ".1", "1.2x", "a.b"}) {
    EXPECT_FALSE(ApiVersion::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace mrc::systems::docker
