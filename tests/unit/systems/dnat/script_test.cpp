// The shell functions, in each shell that hosts have; iptables is played by programs that keep the
// rules in a file.

#include <gmock/gmock.h>

#include "systems/dnat/dnat.hpp"
#include "unit/systems/hosts/world.hpp"
#include "unit/transport/shells.hpp"

namespace mrc::systems::dnat {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class DnatScript : public test::EachShell {
 protected:
  DnatScript() {
    program("ip",
            "echo '1: lo    inet 127.0.0.1/8 scope host lo'\n"
            "echo '9: eth7@if8    inet 192.168.56.111/24 brd 192.168.56.255 scope global eth7'\n");
    program("iptables-save", "echo '*nat'; cat " + here("rules") + "; echo COMMIT\n");
    program("iptables-restore", "case $1 in --help) exit 0 ;; esac\ncat >" + here("change") + "\n");
    test::write_file(m_here / "rules", "");
  }
  void program(const std::string& name, const std::string& text) {
    test::write_file(m_bin / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(m_bin / name, std::filesystem::perms::owner_all);
  }
  std::string here(const std::string& name) const { return (m_here / name).string(); }
  /// Restores the first server; what iptables was told, or nothing.
  std::string restore(const std::string& rules) {
    world.topology.mysql.data_root = here(".");
    test::write_file(m_here / "rules", rules);
    std::filesystem::remove(m_here / "change");
    const auto answer = connect()->run(make_dnat(world.inputs())->restore(ServerId("mysql-1")), {});
    if (!answer) throw std::runtime_error(answer.error().text());
    EXPECT_EQ(answer->status, 0) << answer->err;
    return std::filesystem::exists(m_here / "change") ? test::read_file(m_here / "change") : "";
  }

  test::World world;
  const std::string rest =
      " -p tcp -m tcp --dport 3306 -m comment --comment \"mrc:try:mysql-1\" -j DNAT "
      "--to-destination 10.77.0.51:3306\n";
  const std::string outside = "PREROUTING -d 192.168.56.111/32 -i eth7" + rest;
  const std::string inside = "OUTPUT -d 192.168.56.111/32" + rest;
  const std::string others = "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n";
};
INSTANTIATE_TEST_SUITE_P(Shells,
                         DnatScript,
                         ::testing::ValuesIn(test::all_shells()),
                         test::shell_name);

TEST_P(DnatScript, RulesThatStandAreNotTouched) {
  EXPECT_EQ(restore(others + "-A " + outside + "-A " + inside), "");
}

TEST_P(DnatScript, LostRulesComeBackFirstAtTheInterfaceThatHasTheAddress) {
  const auto first = [](std::string rule) {
    return "-I " + rule.replace(rule.find(' '), 1, " 1 ");
  };
  EXPECT_EQ(restore(others), "*nat\n" + first(outside) + first(inside) + "COMMIT\n");
}

TEST_P(DnatScript, ADoubledRuleIsPutRight) {
  const auto change = restore("-A " + outside + "-A " + outside + "-A " + inside);
  EXPECT_THAT(change, HasSubstr("*nat\n-D " + outside + "-D " + outside + "-D " + inside + "-I "));
}

TEST_P(DnatScript, AServerThatIsNotExposedHasNothingToBringBack) {
  world.topology.expose.reset();
  EXPECT_TRUE(make_dnat(world.inputs())->restore(ServerId("mysql-1")).empty());
}

TEST_P(DnatScript, ThePortForWritersComesBackWhereTheServerStartsAsTheMaster) {
  world.topology.expose->writer_port = {Port(3307), {}};
  const auto data = m_here / "mysql-1" / "data";
  std::filesystem::create_directories(data);
  test::write_file(data / "my.cnf", "[mysqld]\nread_only=OFF\n");
  const auto mine = others + "-A " + outside + "-A " + inside;
  const auto change = restore(mine);
  EXPECT_THAT(change,
              HasSubstr("-I PREROUTING 1 -d 192.168.56.111/32 -i eth7 -p tcp -m tcp --dport 3307"));
  EXPECT_THAT(change, HasSubstr("mrc:try:mysql-1:writer"));
  EXPECT_THAT(change, Not(HasSubstr("3306 -m comment")));
  // It became a slave since: what an earlier start may have left goes, and nothing comes.
  test::write_file(data / "my.cnf", "[mysqld]\nread_only=ON\nsuper_read_only=ON\n");
  EXPECT_EQ(restore(mine), "");
  const std::string old =
      "PREROUTING -d 192.168.56.111/32 -i eth7 -p tcp -m tcp --dport 3307 -m comment --comment "
      "\"mrc:try:mysql-1:writer\" -j DNAT --to-destination 10.77.0.51:3306\n";
  EXPECT_EQ(restore(mine + "-A " + old), "*nat\n-D " + old + "COMMIT\n");
}

}  // namespace
}  // namespace mrc::systems::dnat
