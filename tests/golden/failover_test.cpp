// What `mrc failover` shows before it asks: who gets the part and why, what each slave has, and
// what may be lost.

#include <gmock/gmock.h>

#include <regex>

#include "support/golden.hpp"
#include "unit/cli/world.hpp"

namespace mrc::cli {
namespace {

using test::read_text;

const std::filesystem::path k_tests = MRC_TESTS_DIR;

void replace(std::string& text, const std::string& now, const std::string& then) {
  const auto at = text.find(now);
  ASSERT_NE(at, std::string::npos) << now;
  text.replace(at, now.size(), then);
}

/// The article's hosts; the master's, docker1, is away, and nobody is there to answer the question.
class FailoverGolden : public ::testing::Test {
 protected:
  FailoverGolden() {
    servers_of("mysql:5.6", "5.6.24");
    world.hosts.let_in = [this](const HostId& host, int) -> Result<void> {
      if (host != HostId("docker1") || master_host_is_there) return {};
      return fail(ErrorKind::unreachable, "there is no route to the host");
    };
    world.hosts.answer = [this](const HostId& host, const shell::Script&, const auto&) {
      const auto& said = servers.at(host);
      const auto rules = read_text(k_tests / "fixtures/dnat/bare-1.8.9-docker1.txt");
      return Result<transport::Answer>(
          transport::Answer{0,
                            fmt::format("@mrc mysql 0 {} 0\n{}@mrc dnat 0 {} 0\n{}"
                                        "@mrc records 0 4 0\nend\n",
                                        said.size(),
                                        said,
                                        rules.size(),
                                        rules),
                            "",
                            {}});
    };
  }
  /// `recorded`: which fixtures.
  void servers_of(const std::string& image, const std::string& recorded, std::string options = "") {
    if (!options.empty()) options = "\n  options: {" + options + "}";
    topology = read_text(k_tests / "../examples/blog-2016.yaml");
    replace(topology, "image: mysql:5.6", "image: " + image + options);
    replace(topology, "\n  port: 3306", "\n  port: 3306\n  writer_port: 3307");
    replace(topology, "pool: 192.168.0.0/16", "pool: 192.168.0.0/24");  // else there is a warning
    for (const std::string host : {"docker1", "docker2", "docker3"}) {
      servers[HostId(host)] =
          read_text(k_tests / fmt::format("fixtures/mysql/replicating-{}-{}.txt", recorded, host));
    }
    for (const std::string host : {"docker2", "docker3"}) {
      say(host, "slave\tSlave_IO_Running\tYes", "slave\tSlave_IO_Running\tConnecting");
    }
  }
  void say(const std::string& host, const std::string& now, const std::string& then) {
    replace(servers.at(HostId(host)), now, then);
  }
  /// Instead of the last number of a set, this one.
  void ends_with(const std::string& host, const std::string& field, const std::string& number) {
    auto& text = servers.at(HostId(host));
    text = std::regex_replace(
        text, std::regex("(\t" + field + "\t[^\n]*[^0-9\n])[0-9]+\n"), "$01" + number + "\n");
  }
  void has_variable(const std::string& host, const std::string& name, const std::string& value) {
    say(host, "var\tgtid_purged", "var\t" + name + "\t" + value + "\nvar\tgtid_purged");
  }
  void expect(const std::string& name, std::vector<std::string> words = {}) {
    const auto file = world.file("topology.yaml", topology);
    words.insert(words.begin(), "failover");
    words.insert(words.begin() + (words.size() > 1 && words[1][0] != '-' ? 2 : 1), file);
    const auto code = static_cast<int>(world.run(words));
    const auto folder = file.substr(0, file.find("topology.yaml"));
    auto said = fmt::format("{}-- stdout\n{}-- exit {}\n", world.err.str(), world.out.str(), code);
    for (auto at = said.find(folder); at != std::string::npos; at = said.find(folder)) {
      said.erase(at, folder.size());
    }
    test::expect_golden(k_tests / "golden/failover" / (name + ".txt"), said);
  }

  test::CliWorld world;
  std::string topology;
  std::map<HostId, std::string> servers;
  bool master_host_is_there = false;
};

TEST_F(FailoverGolden, OneHasReceivedMoreThanTheOther) {
  ends_with("docker3", "Retrieved_Gtid_Set", "9");
  expect("one-has-more");
}

TEST_F(FailoverGolden, OneWithLessIsNamed) {
  ends_with("docker3", "Retrieved_Gtid_Set", "9");
  expect("less-is-refused", {"mysql-slave1"});
  expect("less-is-accepted", {"mysql-slave1", "--accept-loss"});
}

TEST_F(FailoverGolden, ASlaveIsAwayToo) {
  say("docker2", "container\trunning", "container\texited");
  auto& text = servers.at(HostId("docker2"));
  text = text.substr(0, text.find("var\t")) + "end\tmysql-slave1\ndone\n";
  expect("a-slave-does-not-answer");
}

TEST_F(FailoverGolden, TheMastersHostIsThere) {
  master_host_is_there = true;
  say("docker1", "container\trunning", "container\texited");
  auto& text = servers.at(HostId("docker1"));
  text = text.substr(0, text.find("var\t")) + "end\tmysql-master\ndone\n";
  expect("its-host-is-there");
}

TEST_F(FailoverGolden, SemiSynchronousServersThatTellWhenTheyHeardLast) {
  servers_of(
      "mysql:9.7", "9.7", "rpl_semi_sync_source_enabled: 1, rpl_semi_sync_replica_enabled: 1");
  for (const std::string host : {"docker2", "docker3"}) {
    has_variable(host, "rpl_semi_sync_replica_enabled", "ON");
    has_variable(host, "heard_seconds_ago", host == "docker2" ? "12" : "13");
  }
  expect("semi-synchronous");
}

TEST_F(FailoverGolden, MariaDb) {
  servers_of("mariadb:11.8", "mariadb-11.8");
  ends_with("docker2", "Retrieved_Gtid_Set", "18");
  expect("mariadb");
}

}  // namespace
}  // namespace mrc::cli
