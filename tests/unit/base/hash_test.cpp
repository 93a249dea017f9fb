#include "mrc/base/hash.hpp"

#include <gtest/gtest.h>

namespace mrc {
namespace {

/// As `printf TEXT | cksum` prints it.
TEST(Hash, CksumIsThatOfPosix) {
  EXPECT_EQ(cksum(""), "4294967295:0");
  EXPECT_EQ(cksum("123456789"), "930766865:9");
  EXPECT_EQ(cksum(std::string(1000, 'x')), "3999126958:1000");
}

}  // namespace
}  // namespace mrc
