#include <gtest/gtest.h>

#include "systems/calico/v0/table.hpp"
#include "v0_world.hpp"

namespace mrc::systems::calico::v0 {
namespace {

using test::calico::fixture;

TEST(CalicoV0Table, AContinuedRowInheritsTheCellsOfTheRowAbove) {
  const auto table = parse_table(fixture("endpoint-show-detailed.txt"), "Hostname");
  ASSERT_TRUE(table);
  ASSERT_EQ(table->rows.size(), 4U);
  EXPECT_EQ(table->cell(0, "Addresses"), "192.168.0.50/32");
  EXPECT_EQ(table->cell(1, "Addresses"), "192.168.0.99/32");
  EXPECT_EQ(table->cell(1, "Hostname"), "docker1.local");
  EXPECT_EQ(table->cell(1, "Profiles"), "mysql-replication");
  EXPECT_EQ(table->cell(3, "Hostname"), "docker3.local");
}

TEST(CalicoV0Table, AnEmptyTableHasNoRowsAndIsNotMissing) {
  const auto table = parse_table(fixture("endpoint-show-empty.txt"), "Hostname");
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->rows.empty());
  EXPECT_FALSE(parse_table("calico-node container not running\n", "Hostname"));
}

TEST(CalicoV0Table, FindsTheTableAmongOtherLines) {
  const auto table = parse_table(fixture("status-connecting.txt"), "Peer address");
  ASSERT_TRUE(table);
  ASSERT_EQ(table->rows.size(), 2U);
  EXPECT_EQ(table->cell(0, "Info"), "Established");
  EXPECT_EQ(table->cell(1, "Info"), "Connect       Socket: Connection refused");
}

TEST(CalicoV0Table, KeepsACellThatIsEmptyInTheFirstRow) {
  const auto table = parse_table(fixture("pool-show-ipv4.txt"), "IPv4 CIDR");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->cell(0, "Options"), "");
  EXPECT_EQ(table->cell(1, "Options"), "ipip,nat-outgoing");
}

TEST(CalicoV0Table, CutAnywhereBeforeTheLastBorderIsNoTable) {
  const auto text = fixture("endpoint-show-detailed.txt");
  const auto last_border = text.rfind('+', text.size() - 4);
  const auto line_start = text.rfind("\n+", last_border) + 1;
  for (std::size_t size = 0; size < line_start; ++size) {
    EXPECT_FALSE(parse_table(text.substr(0, size), "Hostname")) << size;
  }
}

}  // namespace
}  // namespace mrc::systems::calico::v0
