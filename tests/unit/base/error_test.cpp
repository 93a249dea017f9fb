#include "mrc/base/error.hpp"

#include <gtest/gtest.h>

namespace mrc {
namespace {

TEST(Error, IsReadFromTheOutside) {
  Error error{ErrorKind::io, "no room", {}, 0, {}};
  auto outer = std::move(error).with("writing {}", "a.conf").with("on {}", "docker1");
  EXPECT_EQ(outer.text(), "on docker1: writing a.conf: no room");
}

TEST(Excerpt, IsOneShortPrintableLine) {
  EXPECT_EQ(excerpt("first\nsecond"), "first");
  EXPECT_EQ(excerpt(std::string("a\x1b[31m\x7f") + '\0'), "a\\x1b[31m\\x7f\\x00");
  EXPECT_EQ(excerpt("0123456789", 4), "0123...");
  EXPECT_EQ(excerpt(""), "");
}

}  // namespace
}  // namespace mrc
