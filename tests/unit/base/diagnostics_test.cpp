#include "mrc/base/diagnostics.hpp"

#include <gtest/gtest.h>

namespace mrc {
namespace {

TEST(Diagnostics, AreShownInTheOrderOfTheFileWithLineAndCaret) {
  Diagnostics diags;
  diags.warning("MRC-T900", {3, 2}, "later");
  diags.error("MRC-T901", {2, 6, 3}, "unknown host '{}'", "two")
      .note({1, 1, 5}, "hosts are declared here")
      .hint("did you mean '{}'?", "one");
  EXPECT_EQ(render(diags, {"t.yaml", "hosts: {one: 1.2.3.4}\nat: [two]\n x: y\n"}),
            "t.yaml:2:6: error MRC-T901: unknown host 'two'\n"
            "    2 | at: [two]\n"
            "      |      ^^^\n"
            "t.yaml:1:1: note: hosts are declared here\n"
            "    1 | hosts: {one: 1.2.3.4}\n"
            "      | ^^^^^\n"
            "  hint: did you mean 'one'?\n"
            "t.yaml:3:2: warning MRC-T900: later\n"
            "    3 |  x: y\n"
            "      |  ^\n"
            "t.yaml: 1 error, 1 warning\n");
}

TEST(Diagnostics, TheCaretStandsUnderTabsAndLettersOfManyBytes) {
  Diagnostics diags;
  diags.error("MRC-T900", {1, 6}, "here");  // the column counts bytes: tab, a, o-umlaut (2), blank
  EXPECT_EQ(render(diags, {"t", "\ta\xc3\xb6 b\r\n"}),
            "t:1:6: error MRC-T900: here\n    1 | \ta\xc3\xb6 b\n      | \t   ^\n"
            "t: 1 error, 0 warnings\n");
}

TEST(Diagnostics, APlaceBehindTheEndIsStillShown) {
  Diagnostics diags;
  diags.error("MRC-T900", {}, "the file is empty");
  diags.error("MRC-T901", {9, 9, 9}, "behind the end");
  EXPECT_EQ(render(diags, {"t", ""}),
            "t: error MRC-T900: the file is empty\n"
            "t:9:9: error MRC-T901: behind the end\n    9 | \n      | ^\n"
            "t: 2 errors, 0 warnings\n");
}

TEST(Diagnostics, NothingToSayIsNothing) {
  EXPECT_EQ(render({}, {"t", "x"}), "");
  EXPECT_FALSE(Diagnostics().has_errors());
}

TEST(Closest, FindsTheSlipOfAFingerAndNothingFar) {
  const std::vector<std::string> names{"docker1", "docker2", "members"};
  EXPECT_EQ(closest("dokcer2", names), "docker2");
  EXPECT_EQ(closest("member", names), "members");
  EXPECT_EQ(closest("postgres", names), std::nullopt);
  EXPECT_EQ(closest("x", names), std::nullopt);
  EXPECT_EQ(closest("docker1", {}), std::nullopt);
}

}  // namespace
}  // namespace mrc
