#include "cli/artefacts.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "mrc/transport/http.hpp"
#include "support/fake_clock.hpp"
#include "support/temp_folder.hpp"

namespace mrc::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Artefacts : public ::testing::Test {
 protected:
  Artefacts() {
    m_topology.calico.version = "v0.22.0";
    m_variables["XDG_CACHE_HOME"] = (m_folder / "cache").string();
  }
  Result<std::map<std::string, systems::Artefact>> load() {
    std::ostringstream out;
    std::istringstream in;
    const test::FakeClock clock;
    const Env env{.out = out,
                  .err = out,
                  .in = in,
                  .variable = [this](const std::string& name) -> std::optional<std::string> {
                    const auto found = m_variables.find(name);
                    if (found == m_variables.end()) return {};
                    return found->second;
                  },
                  .make_connector = {},
                  .run_in_foreground = {},
                  .clock = clock};
    return load_artefacts(m_topology, env);
  }
  topology::Topology m_topology;
  std::map<std::string, std::string> m_variables;
  test::TempFolder m_folder;
};

TEST_F(Artefacts, NoneIsNoFaultYet) { EXPECT_THAT(load().value(), IsEmpty()); }

TEST_F(Artefacts, FromTheFolderOnlyWithItsSum) {
  m_variables["MRC_ARTEFACTS"] = m_folder.path();
  test::write_file(m_folder / "calicoctl-v0.22.0", "the program");
  EXPECT_THAT(load().error().text(), HasSubstr("is not in the SHA256SUMS beside it"));
  const auto sum = transport::sha256_of("the program");
  test::write_file(m_folder / "SHA256SUMS", sum + "  calicoctl-v0.22.0\n");
  EXPECT_EQ(*load().value().at("calicoctl").bytes, "the program");
  test::write_file(m_folder / "calicoctl-v0.22.0", "another");
  EXPECT_THAT(load().error().text(), HasSubstr("and not " + sum));
}

TEST_F(Artefacts, FromAUrlOnceAndThenFromTheCache) {
  test::write_file(m_folder / "served", "the program");
  topology::ArtefactSource source;
  source.url = "file://" + (m_folder / "served").string();
  source.sha256 = transport::sha256_of("the program");
  m_topology.calico.calicoctl = source;
  EXPECT_EQ(*load().value().at("calicoctl").bytes, "the program");
  std::filesystem::remove(m_folder / "served");
  EXPECT_EQ(load().value().at("calicoctl").sha256, source.sha256);
}

TEST_F(Artefacts, WhatIsNotThereOrIsAnotherEndsIt) {
  topology::ArtefactSource source;
  source.path = (m_folder / "missing").string();
  m_topology.calico.calicoctl = source;
  EXPECT_THAT(load().error().text(), HasSubstr("the artefact calicoctl: cannot read"));
  source.path.clear();
  source.url = "file://" + (m_folder / "served").string();
  source.sha256 = std::string(64, '0');
  m_topology.calico.calicoctl = source;
  test::write_file(m_folder / "served", "the program");
  EXPECT_THAT(load().error().text(), HasSubstr("its SHA-256 is"));
}

// -- those of v3: found when they are asked for

std::string unpacked(const systems::Packed& packed, const test::TempFolder& folder) {
  test::write_file(folder / "packed.gz", *packed.bytes);
  const auto to = (folder / "unpacked").string();
  EXPECT_EQ(
      std::system(("gzip -dc '" + (folder / "packed.gz").string() + "' >'" + to + "'").c_str()), 0);
  return test::read_file(to);
}

class ArtefactsV3 : public Artefacts {
 protected:
  ArtefactsV3() { m_topology.calico.version = "v3.32.1"; }
  static std::string machine() {
    const auto pipe =
        ::popen("uname -m | sed -e s/x86_64/amd64/ -e s/aarch64/arm64/ | tr -d '\n'", "r");
    std::array<char, 32> name{};
    const auto size = std::fread(name.data(), 1, name.size(), pipe);
    ::pclose(pipe);
    return {name.data(), size};
  }
};

TEST_F(ArtefactsV3, FromTheFolderCompressed) {
  m_variables["MRC_ARTEFACTS"] = m_folder.path();
  test::write_file(m_folder / "calico-v3.32.1", "the CNI program");
  EXPECT_THAT(load().error().text(), HasSubstr("is not in the SHA256SUMS beside it"));
  const auto sum = transport::sha256_of("the CNI program");
  test::write_file(m_folder / "SHA256SUMS", sum + "  calico-v3.32.1\n");
  const auto all = load().value();
  EXPECT_EQ(all.at("calico").sha256, sum);
  const auto packed = all.at("calico").pack().value();
  EXPECT_EQ(packed.sha256, sum);
  EXPECT_EQ(unpacked(packed, m_folder), "the CNI program");
  EXPECT_FALSE(all.contains("calico-node"));
  test::write_file(m_folder / "calico-v3.32.1", "another");
  EXPECT_THAT(load().value().at("calico").pack().error().text(), HasSubstr("and not " + sum));
}

TEST_F(ArtefactsV3, FromTheReleaseByItsSumsOnceAndOnlyWhenAskedFor) {
  const auto release = m_folder / "served/v3.32.1";
  const auto tree = m_folder / ("release-v3.32.1/bin/cni/" + machine());
  std::filesystem::create_directories(release);
  std::filesystem::create_directories(tree);
  test::write_file(tree / "calico", std::string(100'000, 'x') + "the CNI program");
  std::filesystem::create_symlink("./calico", tree / "calico-ipam");
  const auto tar = "tar -C '" + m_folder.path().string() + "' -czf '" +
                   (release / "release-v3.32.1.tgz").string() + "' release-v3.32.1";
  ASSERT_EQ(std::system(tar.c_str()), 0);
  const auto program = "calicoctl-linux-" + machine();
  test::write_file(release / program, "calicoctl itself");
  const auto sums = "cd '" + release.string() + "' && sha256sum * >SHA256SUMS";
  ASSERT_EQ(std::system(sums.c_str()), 0);
  m_variables["MRC_CALICO_RELEASES"] = "file://" + (m_folder / "served").string();

  const auto all = load().value();
  EXPECT_EQ(all.at("calico").sha256, "");
  EXPECT_FALSE(std::filesystem::exists(m_folder / "cache")) << "nothing was asked for yet";
  EXPECT_EQ(unpacked(all.at("calicoctl").pack().value(), m_folder), "calicoctl itself");
  EXPECT_EQ(unpacked(all.at("calico").pack().value(), m_folder).substr(100'000), "the CNI program");
  std::filesystem::remove_all(m_folder / "served");
  EXPECT_TRUE(load().value().at("calico").pack().has_value()) << "the cache has it";
}

TEST_F(ArtefactsV3, AReleaseWhoseSumIsAnotherIsNotTaken) {
  const auto release = m_folder / "served/v3.32.1";
  std::filesystem::create_directories(release);
  test::write_file(release / ("calicoctl-linux-" + machine()), "not what was released");
  test::write_file(release / "SHA256SUMS",
                   std::string(64, '0') + "  calicoctl-linux-" + machine() + "\n");
  m_variables["MRC_CALICO_RELEASES"] = "file://" + (m_folder / "served").string();
  const auto all = load().value();
  EXPECT_THAT(all.at("calicoctl").pack().error().text(), HasSubstr("its SHA-256 is"));
  EXPECT_THAT(all.at("calico").pack().error().text(),
              HasSubstr("has no sum for release-v3.32.1.tgz"));
}

TEST_F(ArtefactsV3, FromAPathThatTheTopologyNames) {
  topology::ArtefactSource source;
  source.path = (m_folder / "mine").string();
  m_topology.calico.cni = source;
  EXPECT_THAT(load().error().text(), HasSubstr("the artefact calico: cannot read"));
  test::write_file(m_folder / "mine", "my own build");
  EXPECT_EQ(load().value().at("calico").sha256, transport::sha256_of("my own build"));
  m_topology.calico.cni->path = (m_folder / "mine.tgz").string();
  test::write_file(m_folder / "mine.tgz", "no archive");
  EXPECT_THAT(load().value().at("calico").pack().error().text(), HasSubstr("mine.tgz"));
}

}  // namespace
}  // namespace mrc::cli
