#include <gmock/gmock.h>

#include "unit/systems/survival/survival_world.hpp"

namespace mrc::systems::survival {
namespace {

using test::with;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Level = Verdict::Level;

class SurvivalStatus : public ::testing::Test {
 protected:
  /// The checks of the first server that this answer fails.
  std::vector<std::string> failed(const std::string& output) const {
    std::vector<std::string> out;
    for (const auto& check : world.system()->checks({})) {
      if (check.host == world.host(0) && check.judge({0, output, {}}).level == Level::fail) {
        out.push_back(check.id);
      }
    }
    return out;
  }
  Condition row(const std::string& output) const {
    return world.system()->status(world.see({output})).at(0);
  }
  test::SurvivalWorld world;
};

TEST_F(SurvivalStatus, EachFaultFailsItsOwnCheck) {
  const auto good = world.good(0);
  EXPECT_THAT(failed(good), IsEmpty());
  EXPECT_THAT(failed(world.bare()), ElementsAre("MRC-V701"));
  EXPECT_THAT(failed(with(good, " active", " inactive")), ElementsAre("MRC-V701"));
  EXPECT_THAT(failed(with(good, "enabled", "disabled")), ElementsAre("MRC-V701"));
  EXPECT_THAT(failed(with(good, world.want(0).file_sum, "1:2")), ElementsAre("MRC-V702"));
  EXPECT_THAT(failed(with(good, world.want(0).script_sum, "-")), ElementsAre("MRC-V702"));
  EXPECT_THAT(failed(with(good, "whole all is there", "failing not yet back: etcd")),
              ElementsAre("MRC-V703"));
  EXPECT_THAT(failed("systemd"), SizeIs(3));
}

TEST_F(SurvivalStatus, ARowForEachServerSaysHowItStands) {
  EXPECT_EQ(row(world.good(0)),
            (Condition{"survival", world.host(0), "mysql-1", Level::ok, "all is there"}));
  EXPECT_EQ(row(world.bare()).level, Level::fail);
  EXPECT_THAT(row(with(world.good(0), " active", " inactive")).text,
              HasSubstr("now is inactive, not active"));
  const auto failing = row(with(world.good(0), "whole all is there", "failing not yet back: etcd"));
  EXPECT_EQ(failing.level, Level::warn);
  EXPECT_EQ(failing.text, "not yet back: etcd");
  EXPECT_EQ(world.system()->status(world.see({world.good(0)})).at(2).level, Level::warn);
}

}  // namespace
}  // namespace mrc::systems::survival
