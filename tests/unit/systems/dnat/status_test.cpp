#include <gmock/gmock.h>

#include "systems/dnat/dnat.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::systems::dnat {
namespace {

using test::fixture;
using test::observe;
using test::with;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Level = Verdict::Level;
using Row = systems::Condition;

class DnatStatus : public ::testing::Test {
 protected:
  std::vector<Row> rows(const std::vector<std::string>& outputs) const {
    return make_dnat(world.inputs())->status(observe(world, "dnat", outputs));
  }
  test::World world;
  std::string exposed = fixture("dnat/exposed-1.8.9-docker1.txt");
};

TEST_F(DnatStatus, AServerIsExposedNotExposedOrNotKnown) {
  const auto all = rows({exposed, fixture("dnat/bare-1.8.9-docker1.txt")});
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0],
            (Row{"exposure",
                 world.host(0),
                 "mysql-1",
                 Level::ok,
                 "192.168.56.111:3306 to 10.77.0.51:3306"}));
  EXPECT_EQ(all[1].level, Level::fail);
  EXPECT_THAT(all[1].text, HasSubstr(": its rules are not there"));
  EXPECT_EQ(all[2].level, Level::warn);
}

TEST_F(DnatStatus, ARuleThatIsOtherOrMetLaterFails) {
  const auto other = rows({with(exposed, "10.77.0.51:3306", "10.77.0.59:3306")}).at(0);
  EXPECT_EQ(other.level, Level::fail);
  EXPECT_THAT(other.text, HasSubstr("its rules are not as wanted: 2"));
  const auto shadowed =
      rows({with(exposed,
                 "rule -A PREROUTING -d",
                 "rule -A PREROUTING -i eth0 -p tcp -m tcp --dport 3306 -j DNAT --to-destination "
                 "10.0.0.9:3306\nrule -A PREROUTING -d")})
          .at(0);
  EXPECT_EQ(shadowed.level, Level::fail);
  EXPECT_THAT(shadowed.text, HasSubstr("another rule is met first: -A PREROUTING -i eth0"));
}

TEST_F(DnatStatus, ACutAnswerFails) {
  for (std::size_t size = 0; size < exposed.size(); ++size) {
    ASSERT_EQ(rows({exposed.substr(0, size)}).at(0).level, Level::fail) << size;
  }
}

}  // namespace
}  // namespace mrc::systems::dnat
