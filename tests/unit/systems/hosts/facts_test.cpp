#include "systems/facts.hpp"

#include <gmock/gmock.h>

namespace mrc::systems {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Facts, KeepsOrderRepetitionAndBlanks) {
  const auto facts = Facts::parse("a 1\nb  x y \na \nend\n").value();
  EXPECT_THAT(facts.all("a"), ElementsAre("1", ""));
  EXPECT_EQ(facts.first("b"), " x y ");
  EXPECT_EQ(facts.text("a"), "1\n\n");
  EXPECT_FALSE(facts.has("c"));
  EXPECT_FALSE(facts.need("c").has_value());
}

TEST(Facts, OnlyAnEndAtTheEndMakesAnAnswer) {
  for (const auto* text :
       {"", "\n", "a 1\n", "a 1\nend", "end\na 1\n", "end\nend\n", "end", "en"}) {
    const auto facts = Facts::parse(text);
    ASSERT_FALSE(facts.has_value()) << text;
    EXPECT_EQ(facts.error().kind, ErrorKind::unreadable);
  }
  EXPECT_TRUE(Facts::parse("end\n").has_value());
}

TEST(Facts, AnOddLineIsNamed) {
  const auto facts = Facts::parse("a 1\nsh: 3: oops: not found\nend\n");
  ASSERT_FALSE(facts.has_value());
  EXPECT_THAT(facts.error().text(), HasSubstr("line 2"));
  EXPECT_THAT(facts.error().text(), HasSubstr("oops"));
}

TEST(SplitWords, DropsBlanks) {
  EXPECT_THAT(split_words("  a\tb  c "), ElementsAre("a", "b", "c"));
  EXPECT_TRUE(split_words("   ").empty());
}

}  // namespace
}  // namespace mrc::systems
