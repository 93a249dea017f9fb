#include <gmock/gmock.h>

#include "unit/systems/etcd/etcd_world.hpp"

namespace mrc::systems::etcd {
namespace {

using test::stopped;
using test::with;
using ::testing::HasSubstr;

class EtcdChecks : public ::testing::Test {
 protected:
  Verdict ask(const std::string& id, const std::string& out, int status = 0) const {
    for (const auto& check : world.system()->checks({})) {
      if (check.id == id && check.host == world.host(0)) return check.judge({status, out, {}});
    }
    throw std::runtime_error("no check " + id);
  }
  std::string failure(const std::string& id, const std::string& out, int status = 0) const {
    const auto verdict = ask(id, out, status);
    EXPECT_EQ(verdict.level, Verdict::Level::fail) << id;
    return verdict.detail;
  }
  test::EtcdWorld world;
};

TEST_F(EtcdChecks, AHealthyMemberPasses) {
  for (const auto* id : {"MRC-V101", "MRC-V102", "MRC-V103", "MRC-V104"}) {
    EXPECT_EQ(ask(id, world.healthy[0]).level, Verdict::Level::ok) << id;
  }
}

TEST_F(EtcdChecks, EachFaultFailsItsCheck) {
  const auto& good = world.healthy[0];
  EXPECT_EQ(failure("MRC-V101", stopped(good)), "the unit is inactive");
  EXPECT_THAT(failure("MRC-V101", with(good, "=enabled", "=disabled")), HasSubstr("at boot"));
  EXPECT_THAT(failure("MRC-V102", with(good, "http://0.0.0.0:2380", "http://localhost:2380")),
              HasSubstr("ETCD_LISTEN_PEER_URLS is http://localhost:2380"));
  EXPECT_EQ(failure("MRC-V103", with(good, "health ok", "health no quorum")), "no quorum");
  EXPECT_THAT(failure("MRC-V104", with(good, "\"name\":\"docker2\"", "\"name\":\"stranger\"")),
              HasSubstr("not wanted: stranger"));
}

TEST_F(EtcdChecks, ACutAnswerFails) {
  const auto& good = world.healthy[0];
  for (const auto* id : {"MRC-V101", "MRC-V102", "MRC-V103", "MRC-V104"}) {
    failure(id, good.substr(0, good.size() - 2));
  }
}

TEST_F(EtcdChecks, AllMembersMustBeInOneCluster) {
  const auto line = [](int id) {
    return fmt::format(R"({{"header":{{"cluster_id":{}}},"members":[]}})", id) + "\n";
  };
  EXPECT_EQ(ask("MRC-V105", line(7) + line(7) + line(7)).level, Verdict::Level::ok);
  // A member that is down fails its own check, not this one.
  EXPECT_EQ(ask("MRC-V105", line(7) + line(7)).level, Verdict::Level::ok);
  EXPECT_EQ(failure("MRC-V105", line(7) + line(255) + line(7)), "cluster ids 7 ff");
  failure("MRC-V105", "");
  failure("MRC-V105", line(7).substr(0, 20));
}

TEST_F(EtcdChecks, TheV2ApiIsAskedForOnlyWhereItIsNeeded) {
  EXPECT_EQ(ask("MRC-V106", "/calico\n").level, Verdict::Level::ok);
  failure("MRC-V106", "404", 1);
  world.topology.calico.version = "v3.32.1";
  for (const auto& check : world.system()->checks({})) EXPECT_NE(check.id, "MRC-V106");
}

}  // namespace
}  // namespace mrc::systems::etcd
