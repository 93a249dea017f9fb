#include "mrc/shell/script.hpp"

#include <gmock/gmock.h>

#include "unit/transport/shells.hpp"

namespace mrc::shell {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Script, EachBraceTakesOneQuotedArgument) {
  Script script;
  script.line("chmod {} {} {}", Mode{0640}, "a b", words({"c", "d e"})).line("echo {}", 7);
  EXPECT_EQ(script.body(), "chmod 0640 'a b' c 'd e'\necho 7\n");
}

TEST(Script, ASecretIsAFileAndNeverText) {
  Script script;
  script.line("cat {}", script.secret_file(Secret("mysql.root_password", "hush")));
  EXPECT_THAT(script.text(), Not(HasSubstr("hush")));
  EXPECT_EQ(script.body(), "cat \"$MRC_D\"/secret-mysql.root_password\n");
  ASSERT_THAT(script.attachments(), SizeIs(1));
  EXPECT_EQ(script.attachments()[0].name, "secret-mysql.root_password");
}

TEST(Script, EqualFilesTravelOnce) {
  Script script;
  script.file("/a", Mode{}, "same").file("/b", Mode{}, "same").file("/c", Mode{}, "other");
  EXPECT_THAT(script.attachments(), SizeIs(2));
}

TEST(Script, ALibraryIsIncludedOnceHoweverOftenItIsUsed) {
  static constexpr char k_library[] = "mrc_test_library() { :; }\n";
  Script part;
  part.use(k_library).line("one");
  Script whole;
  whole.use(k_library).append(part).append(part);
  const auto text = whole.text();
  EXPECT_EQ(text.find("mrc_test_library"), text.rfind("mrc_test_library"));
  EXPECT_EQ(whole.body(), "one\none\n");
}

TEST(Script, CutOffAnywhereItRunsNothing) {
  Script script;
  script.line("echo ran");
  EXPECT_TRUE(script.text().ends_with("echo ran\n}\nmrc_main </dev/null\n"));
}

TEST(Sections, WhatIsCutOffIsNothing) {
  const std::string whole = "@mrc a 0 3 0\nabc@mrc b 1 0 2\nxy";
  ASSERT_THAT(parse_sections(whole), SizeIs(2));
  EXPECT_EQ(parse_sections(whole)[1].err, "xy");
  const std::size_t first = whole.find("@mrc b");
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (size == first) continue;  // a whole list of one
    EXPECT_THAT(parse_sections(std::string_view(whole).substr(0, size)), IsEmpty()) << size;
  }
}

TEST(Sections, NumbersThatLieAreRefused) {
  for (const auto* wrong : {"@mrc a 0 99999999999999999999 0\n",
                            "@mrc a 0 5 5\nabc",
                            "@mrc a x 0 0\n",
                            "@mrc a 0 18446744073709551615 1\nx",
                            "noise"}) {
    EXPECT_THAT(parse_sections(wrong), IsEmpty()) << wrong;
  }
}

class SectionsInShells : public test::EachShell {};
INSTANTIATE_TEST_SUITE_P(Shells,
                         SectionsInShells,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(SectionsInShells, EachHasItsOwnOutputsAndEnd) {
  Script good;
  good.line("printf 'one\\ntwo'").line("echo aside >&2");
  Script bad;
  bad.line("echo before").line("false").line("echo never");
  Script script;
  script.section("good", good).section("bad", bad).line("true");
  const auto answer = connect()->run(script, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 0) << answer->err;
  const auto parts = parse_sections(answer->out);
  ASSERT_THAT(parts, SizeIs(2));
  EXPECT_EQ(parts[0].out, "one\ntwo");
  EXPECT_EQ(parts[0].err, "aside\n");
  EXPECT_EQ(parts[0].status, 0);
  EXPECT_EQ(parts[1].out, "before\n");
  EXPECT_EQ(parts[1].status, 1);
}

TEST_P(SectionsInShells, OneThatTakesTooLongIsEndedWithAllBelowIt) {
  Script slow;
  slow.line("echo before").line("sh -c 'sleep 1000 & echo $!; wait' | { cat; sleep 1000; }");
  Script failing;
  failing.line("echo no >&2").line("exit 4");
  Script script;
  const std::chrono::seconds limit(1);
  script.section("slow", slow, limit).section("next", Script().line("echo there"), limit);
  script.section("failing", failing, limit);
  const auto session = connect();
  const auto answer = session->run(script, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 0) << answer->err;
  const auto parts = parse_sections(answer->out);
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_EQ(parts[0].status, k_section_late);
  ASSERT_TRUE(parts[0].out.starts_with("before\n"));
  EXPECT_EQ(parts[1].status, 0);
  EXPECT_EQ(parts[1].out, "there\n");
  EXPECT_EQ(parts[2].status, 4);
  EXPECT_EQ(parts[2].err, "no\n");
  const auto below = parts[0].out.substr(7, parts[0].out.size() - 8);
  // Gone, or nobody has taken note of its end yet.
  const auto gone = session->run(
      Script().line("[ ! -e /proc/{} ] || grep -q '^State:.Z' /proc/{}/status", below, below), {});
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->status, 0);
}

}  // namespace
}  // namespace mrc::shell
