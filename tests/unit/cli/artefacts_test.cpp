#include "cli/artefacts.hpp"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace mrc::cli
