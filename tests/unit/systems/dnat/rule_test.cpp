#include "systems/dnat/rule.hpp"

#include <gmock/gmock.h>

namespace mrc::systems::dnat {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Flow k_outside{Ipv4::parse("192.168.56.111").value(), Port(3306), "eth0", {}};
const Flow k_inside{Ipv4::parse("192.168.56.111").value(), Port(3306), {}, "lo"};

std::vector<Rule> parse(const std::vector<std::string>& lines) {
  std::vector<Rule> out;
  for (const auto& line : lines) out.push_back(parse_rule(line).value());
  return out;
}

/// The targets of what would decide, in order.
std::vector<std::string> decided(const std::vector<std::string>& lines,
                                 const std::string& chain,
                                 const Flow& flow) {
  const auto rules = parse(lines);
  std::vector<std::string> out;
  for (const auto* rule : catchers(rules, chain, flow))
    out.push_back(rule->target + " " + rule->to);
  return out;
}

TEST(ParseRule, ReadsConditionsNegationAndQuotes) {
  const auto rule =
      parse_rule(R"(-A PREROUTING -d 10.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 3306 )"
                 R"(-m comment --comment "a \"b\" c" -m mark --mark 0x1 -j DNAT )"
                 R"(--to-destination 10.77.0.50:3306)")
          .value();
  EXPECT_EQ(rule.chain, "PREROUTING");
  EXPECT_EQ(rule.destination, (Condition{"10.0.0.1/32", false}));
  EXPECT_EQ(rule.in_interface, (Condition{"docker0", true}));
  EXPECT_EQ(rule.port, (Condition{"3306", false}));
  EXPECT_EQ(rule.comment, "a \"b\" c");
  EXPECT_EQ(rule.target, "DNAT");
  EXPECT_EQ(rule.to, "10.77.0.50:3306");
  EXPECT_EQ(rule.others, "-m mark --mark 0x1");
}

TEST(ParseRule, RefusesWhatIsNoRule) {
  for (const auto* line : {"", "-A", ":DOCKER - [0:0]", "-A X -d", "-A X --comment \"open"}) {
    EXPECT_FALSE(parse_rule(line).has_value()) << line;
  }
}

TEST(Catchers, WeighsAddressInterfaceProtocolAndPort) {
  EXPECT_THAT(
      decided({"-A PREROUTING -d 192.168.56.112/32 -p tcp -m tcp --dport 3306 -j DNAT "
               "--to-destination 1.1.1.1:1",
               "-A PREROUTING -i eth1 -p tcp -m tcp --dport 3306 -j DNAT --to-destination "
               "2.2.2.2:2",
               "-A PREROUTING -p udp -m udp --dport 3306 -j DNAT --to-destination 3.3.3.3:3",
               "-A PREROUTING -p tcp -m tcp --dport 3307 -j DNAT --to-destination 4.4.4.4:4",
               "-A PREROUTING ! -d 192.168.56.0/24 -p tcp -m tcp --dport 3306 -j DNAT "
               "--to-destination 5.5.5.5:5"},
              "PREROUTING",
              k_outside),
      IsEmpty());
  EXPECT_THAT(
      decided({"-A PREROUTING -d 192.168.56.0/24 -i eth+ -p tcp -m multiport --dports "
               "80,3300:3310 -j REDIRECT --to-ports 1",
               "-A PREROUTING -p tcp -m tcp --dport 3306 -j DNAT --to-destination 2.2.2.2:2"},
              "PREROUTING",
              k_outside),
      ElementsAre("REDIRECT ", "DNAT 2.2.2.2:2"));
}

TEST(Catchers, FollowsChainsInTheOrderOfTheKernel) {
  EXPECT_THAT(
      decided({"-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
               "-A PREROUTING -p tcp -m tcp --dport 3306 -j DNAT --to-destination 2.2.2.2:2",
               "-A DOCKER -i docker0 -j RETURN",
               "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 3306 -j DNAT "
               "--to-destination 1.1.1.1:1",
               "-A DOCKER -j PREROUTING"},
              "PREROUTING",
              k_outside),
      ElementsAre("DNAT 1.1.1.1:1", "DNAT 2.2.2.2:2"));
}

TEST(Catchers, TheArticlesRuleForTheHostItselfCatches) {
  EXPECT_THAT(decided({"-A OUTPUT -o eth0 -p tcp -m tcp --dport 3306 -j DNAT --to-destination "
                       "1.1.1.1:1",
                       "-A OUTPUT -o lo -p tcp -m tcp --dport 3306 -j DNAT --to-destination "
                       "2.2.2.2:2"},
                      "OUTPUT",
                      k_inside),
              ElementsAre("DNAT 2.2.2.2:2"));
}

TEST(Catchers, ARuleWithConditionsOfItsOwnCountsOnlyWhenItNamesThePort) {
  EXPECT_THAT(decided({"-A PREROUTING -m mark --mark 0x1 -j ACCEPT",
                       "-A PREROUTING -p tcp -m tcp --dport 3306 -m mark --mark 0x1 -j ACCEPT"},
                      "PREROUTING",
                      k_outside),
              ElementsAre("ACCEPT "));
}

}  // namespace
}  // namespace mrc::systems::dnat
