#include "mrc/base/net.hpp"

#include <gtest/gtest.h>

namespace mrc {
namespace {

TEST(Ipv4, TakesADottedQuadOnly) {
  EXPECT_EQ(Ipv4::parse("192.168.0.50")->text(), "192.168.0.50");
  EXPECT_EQ(Ipv4::parse("255.255.255.255")->bits(), 0xFFFFFFFFU);
  for (const auto* wrong : {"",
                            "1.2.3",
                            "1.2.3.4.5",
                            "256.1.1.1",
                            "010.0.0.1",
                            "1.2.3.4 ",
                            " 1.2.3.4",
                            "1..3.4",
                            "1.2.3.-4",
                            "1.2.3.4x",
                            "0x1.2.3.4",
                            "10.1"}) {
    EXPECT_FALSE(Ipv4::parse(wrong)) << wrong;
  }
}

TEST(Cidr, KeepsHostBitsOut) {
  const auto net = Cidr::parse("192.168.7.9/16").value();
  EXPECT_EQ(net.text(), "192.168.0.0/16");
  EXPECT_TRUE(net.contains(*Ipv4::parse("192.168.55.111")));
  EXPECT_FALSE(net.contains(*Ipv4::parse("192.169.0.0")));
  EXPECT_EQ(net.size(), 65536U);
  for (const auto* wrong :
       {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "/8", "10.0.0/8"}) {
    EXPECT_FALSE(Cidr::parse(wrong)) << wrong;
  }
}

TEST(Cidr, TheWholeAndTheSingleAreNetworksToo) {
  const auto all = Cidr::parse("0.0.0.0/0").value();
  const auto one = Cidr::parse("10.0.0.1/32").value();
  EXPECT_TRUE(all.contains(*Ipv4::parse("255.255.255.255")));
  EXPECT_EQ(all.size(), std::uint64_t{1} << 32U);
  EXPECT_EQ(one.size(), 1U);
  EXPECT_TRUE(one.contains(*Ipv4::parse("10.0.0.1")));
  EXPECT_FALSE(one.contains(*Ipv4::parse("10.0.0.2")));
}

TEST(Cidr, OverlapsEitherWay) {
  const auto wide = Cidr::parse("10.0.0.0/8").value();
  const auto narrow = Cidr::parse("10.77.0.0/24").value();
  EXPECT_TRUE(wide.overlaps(narrow));
  EXPECT_TRUE(narrow.overlaps(wide));
  EXPECT_FALSE(narrow.overlaps(Cidr::parse("10.77.1.0/24").value()));
}

TEST(Port, IsOneTo65535) {
  EXPECT_EQ(Port::from(3306)->number(), 3306);
  for (const std::int64_t wrong : {-1L, 0L, 65536L, 1L << 40U}) EXPECT_FALSE(Port::from(wrong));
}

}  // namespace
}  // namespace mrc
