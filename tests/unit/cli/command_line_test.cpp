#include "cli/command_line.hpp"

#include <gtest/gtest.h>

namespace mrc::cli {
namespace {

TEST(CommandLine, IsWhatTheOperatorTypes) {
  EXPECT_EQ(command_line("apply", "", {}), "mrc apply");
  EXPECT_EQ(command_line("apply", "a b/x.yaml", {}, {{"--yes", true}, {"--json", false}}),
            "mrc apply 'a b/x.yaml' --yes");
  EXPECT_EQ(command_line("destroy", "x", {.adopt = true, .forget = {"h1", "h2"}}),
            "mrc destroy x --adopt --forget h1 --forget h2");
}

}  // namespace
}  // namespace mrc::cli
