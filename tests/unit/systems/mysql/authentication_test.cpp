// Accounts with the plugin that 8.4 does not load unasked: what is in the way, and what the plan
// makes of it.

#include "systems/mysql/authentication.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "mrc/plan/plan.hpp"
#include "unit/systems/mysql/mysql_world.hpp"

namespace mrc::systems::mysql {
namespace {

using test::find;
using test::ids;
using test::titles;
using test::with;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using topology::Flavour;

const std::string k_all = "native\troot@localhost\t1\nnative\troot@%\t1\nnative\trepl@%\t1\n";

class MysqlAuthentication : public ::testing::Test {
 protected:
  MysqlAuthentication() { file_has({8, 0}); }
  void file_has(topology::ServerVersion version) {
    world.topology.mysql.version = version;
    world.topology.mysql.image.value = fmt::format("mysql:{}.{}", version.major, version.minor);
  }
  /// All as the present file wants, of servers of this version whose accounts are `native`.
  void servers_are(const std::string& version, const std::string& native) {
    outputs.clear();
    for (std::size_t i = 0; i < 3; ++i) {
      const bool is_5_7 = version.starts_with("5.7");
      auto text =
          with(world.good(i), "mysql:9.7", is_5_7 ? "mysql:5.7" : *world.topology.mysql.image);
      text = with(text, "version\t9.7.4-2", "version\t" + version);
      if (version.starts_with("8.0")) {
        text = with(text, "log-replica-updates", "log-slave-updates");
        text = with(text, "replica-net-timeout", "slave-net-timeout");
      }
      for (const auto& [name, value] : world.topology.mysql.options) {
        text = with(text,
                    "field\tenvironment",
                    fmt::format("field\tmysqld\t\"--{}={}\"\nfield\tenvironment", name, *value));
      }
      outputs.push_back(with(text, "login\tok", native + "login\tok"));
    }
    images_are(version);
  }
  void images_are(const std::string& version) {
    for (auto& text : outputs) {
      const auto at = text.find("image_version\t");
      text.replace(at, text.find('\n', at) - at, "image_version\t" + version);
    }
  }
  std::vector<plan::Step> steps() const { return world.steps(outputs); }

  test::MysqlWorld world = test::MysqlWorld::of("mysql:9.7", Flavour::mysql, {9, 7}, "9.7");
  std::vector<std::string> outputs;
};

TEST_F(MysqlAuthentication, MrcsOwnAccountsAreMovedOnTheMasterAndNobodyElses) {
  servers_are("8.0.46", k_all + "native\tothers\t4\n");
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  const auto made = steps();
  ASSERT_THAT(ids(made), ElementsAre("mysql/mysql-master/account", "mysql/mysql-master/root"));
  for (const auto& step : made) {
    EXPECT_THAT(step.diff, ElementsAre(plugin_line("authentication"))) << step.id.text();
    EXPECT_EQ(step.change, plan::Change::update);
    EXPECT_EQ(step.risk, plan::Risk::safe);
    EXPECT_EQ(step.reason, "");
    EXPECT_THAT(step.goal, HasSubstr("caching_sha2_password"));
    EXPECT_THAT(step.apply.body(), Not(HasSubstr("mrc_mysql_open")));
  }
  servers_are("8.0.46", "native\tothers\t4\n");
  EXPECT_THAT(ids(steps()), IsEmpty());
}

TEST_F(MysqlAuthentication, WhereSlavesHaveNeitherTlsNorTheKeyTheyStay) {
  world.topology.mysql.options = {{"tls_version", ""}};
  servers_are("8.0.46", k_all);
  for (const auto i : {1U, 2U}) {
    outputs[i] = with(outputs[i], "Master_SSL_Allowed\tYes", "Master_SSL_Allowed\tNo");
  }
  EXPECT_THAT(ids(steps()), IsEmpty());
  outputs[0] = with(outputs[0], "account\t1", "account\t0");
  EXPECT_THAT(find(steps(), "mysql/mysql-master/account").apply.body(),
              HasSubstr("mrc_mysql_open=yes"));
  file_has({8, 4});
  images_are("8.4.5");
  EXPECT_THAT(world.findings(outputs).at(0).remedy, HasSubstr("tls: server-key"));
}

TEST_F(MysqlAuthentication, TheServerThatDoesNotLetThemInIsRefused) {
  servers_are("8.0.46", k_all + "native\tothers\t4\n");
  file_has({8, 4});
  images_are("8.4.5");
  const auto found = world.findings(outputs);
  ASSERT_THAT(titles(found),
              ElementsAre("docker1: MySQL 8.4 would lock out root and repl of mysql-master",
                          "docker1: MySQL 8.4 would lock out 4 other accounts",
                          "docker2: MySQL 8.4 would lock out root and repl of mysql-slave1",
                          "docker3: MySQL 8.4 would lock out root and repl of mysql-slave2"));
  EXPECT_EQ(found[0].level, Verdict::Level::fail);
  EXPECT_EQ(found[1].level, Verdict::Level::warn);
  EXPECT_EQ(found[0].remedy,
            "apply with the present image first, of 8.0.46: its plan moves them to "
            "caching_sha2_password");
  servers_are("8.0.46", "native\tothers\t1\n");
  file_has({8, 4});
  images_are("8.4.5");
  EXPECT_THAT(titles(world.findings(outputs)),
              ElementsAre("docker1: MySQL 8.4 would lock out 1 other account"));
}

TEST_F(MysqlAuthentication, AServerThatStillHasThePluginIsNot) {
  servers_are("8.0.46", k_all + "native\tothers\t4\n");
  file_has({8, 2});
  images_are("8.2.0");
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  file_has({8, 4});
  images_are("8.4.5");
  world.topology.mysql.options = {{"mysql_native_password", "ON"}};
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  world.topology.mysql.options = {{"mysql_native_password", "OFF"}};
  EXPECT_THAT(world.findings(outputs), Not(IsEmpty()));
}

TEST_F(MysqlAuthentication, AnOptionThatLetsThemInStaysAndIsNotTakenOutTooEarly) {
  file_has({8, 4});
  world.topology.mysql.options = {{"mysql_native_password", "ON"}};
  servers_are("8.4.5", "native\trepl@%\t1\nnative\tothers\t1\n");
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  EXPECT_THAT(ids(steps()), ElementsAre("mysql/mysql-master/account"));
  world.topology.mysql.options = {};
  EXPECT_THAT(titles(world.findings(outputs)),
              Contains("docker1: MySQL 8.4 would lock out repl of mysql-master"));
  file_has({9, 7});
  images_are("9.7.4");
  EXPECT_THAT(titles(world.findings(outputs)),
              Contains("docker1: MySQL 9 would lock out repl of mysql-master"));
}

TEST_F(MysqlAuthentication, AnAccountThatIsLockedOutAlreadyIsMended) {
  file_has({8, 4});
  servers_are("8.4.5", "native\trepl@%\t1\n");
  const std::string error = "ERROR 1524 (HY000): Plugin 'mysql_native_password' is not loaded";
  outputs[0] = with(outputs[0], "login\tok", "login\t" + error);
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  EXPECT_THAT(find(steps(), "mysql/mysql-master/account").diff,
              Contains(plugin_line("authentication")));
}

TEST_F(MysqlAuthentication, ARootThatMrcDoesNotKeepIsSomebodyElses) {
  world.topology.mysql.root_host = "localhost";
  servers_are("8.0.46", "native\troot@%\t1\n");
  EXPECT_THAT(ids(steps()), ElementsAre("mysql/mysql-master/root-host"));
  file_has({8, 4});
  images_are("8.4.5");
  EXPECT_THAT(titles(world.findings(outputs)),
              ElementsAre("docker1: MySQL 8.4 would lock out 1 other account"));
}

TEST_F(MysqlAuthentication, WithAnotherPasswordOfRootItIsOneStep) {
  world.secrets.root_password_before = Secret("mysql.root_password_before", "former-Pass 0");
  servers_are("8.0.46", "native\troot@localhost\t1\n");
  outputs[0] = with(outputs[0], "var\tgtid_mode", "root\tbefore\nvar\tgtid_mode");
  const auto made = steps();
  EXPECT_THAT(
      ids(made),
      ElementsAre("mysql/mysql-master/root", "mysql/mysql-slave1/root", "mysql/mysql-slave2/root"));
  EXPECT_EQ(made[0].title, "set root's password");
  EXPECT_EQ(made[0].diff.size(), 2U);
  // A switchover moves nobody.
  outputs[0] = with(outputs[0], "root\tbefore\n", "");
  world.topology.mysql.master.value = ServerId("mysql-slave1");
  EXPECT_THAT(ids(steps()), Not(Contains(HasSubstr("/root"))));
}

TEST_F(MysqlAuthentication, AnUpgradeTo80MovesThemWhenTheMasterHasItsNewServer) {
  servers_are("5.7.42", k_all);
  images_are("8.0.46");
  EXPECT_THAT(world.findings(outputs), IsEmpty());
  const auto order = ids(plan::Plan::make(steps()).steps());
  const auto at = [&](const std::string& id) {
    return std::find(order.begin(), order.end(), "mysql/" + id) - order.begin();
  };
  EXPECT_LT(at("mysql-slave2/rejoin"), at("mysql-master/container"));
  EXPECT_LT(at("mysql-master/container"), at("mysql-master/account"));
  EXPECT_LT(at("mysql-master/account"), at("mysql-slave1/replicate"));
  EXPECT_LT(at("mysql-master/container"), at("mysql-master/root"));
  EXPECT_THAT(find(steps(), "mysql/mysql-master/account").diff,
              ElementsAre(plugin_line("authentication")));
  // Another password is set before, as slaves log in with it; the plugin is the next plan's.
  outputs[0] = with(outputs[0], "login\tok", "login\tERROR 1045 (28000): Access denied");
  const auto account = find(steps(), "mysql/mysql-master/account");
  EXPECT_THAT(account.diff, ElementsAre(::testing::Field(&plan::DiffLine::field, "password")));
  EXPECT_THAT(test::after(find(steps(), "mysql/mysql-master/container")),
              Contains(account.id.text()));
  // A file of 5.7 asks for nothing.
  file_has({5, 7});
  images_are("5.7.42");
  EXPECT_THAT(ids(steps()), Not(Contains(HasSubstr("mysql-master/root"))));
}

TEST_F(MysqlAuthentication, ANumberThatIsNoneIsUnreadable) {
  servers_are("8.0.46", "native\trepl@%\tmany\n");
  EXPECT_FALSE(world.system()->steps(world.see(outputs)));
}

}  // namespace
}  // namespace mrc::systems::mysql
