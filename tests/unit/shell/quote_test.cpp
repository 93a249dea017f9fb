#include "mrc/shell/quote.hpp"

#include <gtest/gtest.h>

#include <random>

#include "mrc/base/bug.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::shell {
namespace {

TEST(Quote, LeavesPlainWordsAsTheyAre) {
  EXPECT_EQ(quote("/var/lib/etcd"), "/var/lib/etcd");
  EXPECT_EQ(quote("a@b:2379,c+d-e_f%g"), "a@b:2379,c+d-e_f%g");
  EXPECT_EQ(quote(""), "''");
  EXPECT_EQ(quote("it's"), R"('it'\''s')");
  EXPECT_EQ(quote("~"), "'~'");
  EXPECT_EQ(quote("a=b"), "'a=b'");
}

TEST(Quote, NoShellWordHoldsANul) { EXPECT_THROW(quote(std::string_view("a\0b", 3)), Bug); }

class QuoteInShells : public test::EachShell {};
INSTANTIATE_TEST_SUITE_P(Shells,
                         QuoteInShells,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(QuoteInShells, WhateverIsQuotedComesOutAsItWas) {
  std::mt19937 random(20161124);  // NOLINT: the same words in every run
  std::uniform_int_distribution<int> any(1, 255);
  std::uniform_int_distribution<std::size_t> length(0, 40);
  Script script;
  std::string want;
  for (int i = 0; i < 300; ++i) {
    std::string word(length(random), ' ');
    for (auto& c : word) c = static_cast<char>(any(random));
    script.line("printf '%s\\n' {}", word);
    want += word + "\n";
  }
  const auto answer = connect()->run(script, {});
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->out == want);
}

}  // namespace
}  // namespace mrc::shell
