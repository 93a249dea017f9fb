// The shell functions, run by the local sh: what they read from calicoctl's tables, and how they
// decide. calicoctl itself is a function here that prints recorded answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>

#include "systems/calico/v0/scripts.hpp"
#include "v0_world.hpp"

namespace mrc::systems::calico::v0 {
namespace {

using test::calico::fixture;

struct Outcome {
  int status = 0;
  std::string out;  ///< both streams
};

class CalicoV0Script : public ::testing::Test {
 protected:
  CalicoV0Script() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mrc-calico-XXXXXX").string();
    m_dir = ::mkdtemp(pattern.data());
    m_want.endpoints = "http://127.0.0.1:1";
    m_want.deployment = "blog";
  }
  ~CalicoV0Script() override { std::filesystem::remove_all(m_dir); }

  std::string keep(const std::string& name, const std::string& text) const {
    const auto path = m_dir + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  /// A script in which `calicoctl ANYTHING` prints that file and ends with that status.
  shell::Script with_answer(const std::string& text, int status = 0) const {
    auto script = make_script(m_want);
    script.line("mrc_calicoctl() { cat {}; return {}; }", keep("answer", text), status);
    return script;
  }

  Outcome run(const shell::Script& script) const {
    const auto path = keep("script", script.text());
    const auto command = "cd / && MRC_D='" + m_dir + "' sh '" + path + "' 2>&1";
    Outcome outcome;
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen");
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
      outcome.out.append(buffer, n);
    }
    outcome.status = WEXITSTATUS(::pclose(pipe));
    return outcome;
  }

  std::string m_dir;
  Desired m_want;
};

TEST_F(CalicoV0Script, HoldersOfAnAddressAreFoundInContinuedRowsToo) {
  auto script = with_answer(fixture("endpoint-show-detailed.txt"));
  script.line("mrc_calico_holders 192.168.0.99; cat \"$MRC_D/calico-holders\"");
  EXPECT_EQ(run(script).out,
            "docker1.local " + test::calico::repeat("a1") + " 64503f18e75a11e6b1a50242ac110002\n");
}

TEST_F(CalicoV0Script, FormerEndpointsOfTheContainersAreHoldersWhateverTheirAddress) {
  auto script = with_answer(fixture("endpoint-show-detailed.txt"));
  script.line("mrc_calico_holders 192.168.0.151 {} {}; cut -c 1-13 \"$MRC_D/calico-holders\"",
              test::calico::repeat("a1"),
              test::calico::repeat("b2"));
  EXPECT_EQ(run(script).out, "docker1.local\ndocker2.local\n");
}

TEST_F(CalicoV0Script, ABlockOfAnotherHostIsNotCountedAmongTheOwn) {
  const auto ask = [&](const std::string& affinity) {
    auto script = make_script(m_want);
    script.line("uname() { echo docker2.local; }")
        .line(
            "mrc_calico_etcd() { if [ \"$1\" = GET ]; then cat {}; else echo \"$*\" >&2; echo {}; "
            "fi; }",
            keep(
                "block",
                R"({"action":"get","node":{"value":"{\"cidr\":\"10.77.0.64/26\",\"affinity\": \")" +
                    affinity + R"(\",\"strict_affinity\":false}"}})"),
            R"({"action":"delete"})")
        .line("mrc_calico_disown 10.77.0.77");
    return run(script);
  };
  EXPECT_EQ(ask("host:docker1.local").out,
            "DELETE /v2/keys/calico/ipam/v2/host/docker2.local/ipv4/block/10.77.0.64-26\n");
  EXPECT_EQ(ask("host:docker2.local").out, "");
  EXPECT_EQ(ask("").out, "");
}

TEST_F(CalicoV0Script, AnEmptyTableHasNoHoldersAndNoTableIsAFailure) {
  auto empty = with_answer(fixture("endpoint-show-empty.txt"));
  empty.line("mrc_calico_holders 192.168.0.50; cat \"$MRC_D/calico-holders\"; echo done");
  EXPECT_EQ(run(empty).out, "done\n");
  auto none = with_answer("main help\n");
  none.line("mrc_calico_holders 192.168.0.50; echo done");
  const auto outcome = run(none);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "calicoctl endpoint show --detailed gave no table: main help\n");
}

TEST_F(CalicoV0Script, PeersByTheTableNotByTheReturnCode) {
  const auto ask = [&](const std::string& name, const std::string& peers) {
    auto script = with_answer(fixture(name), 1);
    script.line("set -- $(cat {})", keep("peers", peers)).line("mrc_calico_peers \"$@\"");
    return run(script);
  };
  EXPECT_EQ(ask("status-established.txt", "192.168.55.112 192.168.55.113").status, 0);
  const auto connecting = ask("status-connecting.txt", "192.168.55.112 192.168.55.113");
  EXPECT_EQ(connecting.status, 1);
  EXPECT_EQ(connecting.out,
            "peer 192.168.55.113: start Connect       Socket: Connection refused\n");
  EXPECT_EQ(ask("status-established.txt", "192.168.55.119").out, "peer 192.168.55.119: unknown\n");
  EXPECT_EQ(ask("status-bird-down.txt", "192.168.55.112").status, 1);
  EXPECT_EQ(ask("status-bird-down.txt", "").status, 1);
  EXPECT_EQ(ask("status-no-peers.txt", "").status, 0);
  EXPECT_EQ(ask("status-no-peers.txt", "192.168.55.112").status, 1);
  EXPECT_EQ(ask("status-not-running.txt", "").out, "calico-node container not running\n");
}

TEST_F(CalicoV0Script, ARouteMustHaveItsNextHop) {
  auto script = ask_script(m_want);
  script.line("ip() { echo \"$5 via 10.0.0.2 dev eth0 src 10.0.0.1 uid 0\"; }")
      .line("mrc_calico_routed 10.1.0.1 10.0.0.2 10.1.0.2 10.0.0.2 && echo all")
      .line("mrc_calico_routed 10.1.0.1 10.0.0.2 10.1.0.2 10.0.0.3 10.1.0.3 10.0.0.4");
  const auto outcome = run(script);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "all\n10.1.0.2 not via 10.0.0.3; 10.1.0.3 not via 10.0.0.4\n");
}

TEST_F(CalicoV0Script, RegisteredByNameAndAddress) {
  const auto ask = [&](const std::string& name, const std::string& ip) {
    auto script = with_answer(fixture("node-show.txt"));
    script.line("uname() { echo {}; }", name).line("mrc_calico_registered {}", ip);
    return run(script).status;
  };
  EXPECT_EQ(ask("docker2.local", "192.168.55.112"), 0);
  EXPECT_EQ(ask("docker2.local", "192.168.55.111"), 1);
  EXPECT_EQ(ask("docker3.local", "192.168.55.113"), 1);
}

TEST_F(CalicoV0Script, AnAddressIsTakenByTheTextNotTheCode) {
  const auto ask = [&](const std::string& text) {
    auto script = with_answer(text);
    script.line("if mrc_calico_taken 192.168.0.50; then echo taken; else echo free; fi");
    return run(script);
  };
  EXPECT_EQ(ask("No attributes defined for IP\n").out, "taken\n");
  EXPECT_EQ(ask("IP 192.168.0.50 is not currently assigned\n").out, "free\n");
  EXPECT_EQ(ask("").status, 1);
}

TEST_F(CalicoV0Script, AForeignHolderEndsItAndIsNeverRemoved) {
  auto script = with_answer(fixture("endpoint-show-detailed.txt"));
  script.line("mrc_calicoctl_as() { echo removed by \"$2\" \"$5\" >>{}; }", m_dir + "/removed")
      .line("mrc_calico_free 192.168.0.51 mysql-slave1 {} {}",
            test::calico::repeat("d4"),
            test::calico::repeat("e5"));
  const auto outcome = run(script);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, ::testing::HasSubstr("that mrc did not make"));
  EXPECT_FALSE(std::filesystem::exists(m_dir + "/removed"));
}

TEST_F(CalicoV0Script, AnEndpointOfAnEarlierContainerIsRemovedInItsHostsName) {
  auto script = with_answer(fixture("endpoint-show-detailed.txt"));
  script.line("mrc_calicoctl_as() { echo \"as $2: $3 $4 $5\" >>{}; }", m_dir + "/removed")
      .line("mrc_calico_free 192.168.0.51 mysql-slave1 {} {}",
            test::calico::repeat("d4"),
            test::calico::repeat("b2"))
      .line("cat {}", m_dir + "/removed");
  EXPECT_EQ(run(script).out,
            "as docker2.local: container remove " + test::calico::repeat("b2") + "\n");
}

TEST_F(CalicoV0Script, WhetherAPoolIsUsedIsAskedOfTheAddressesInIt) {
  auto script = gone_script(m_want, false);
  script
      .line("cp {} \"$MRC_D/calico-endpoints\"",
            keep("rows", "h|docker|w|e|10.77.3.9/32|m|p|active\n"))
      .line("for pool in 10.77.0.0/16 10.77.0.0/24 10.77.3.0/26 10.0.0.0/8 10.78.0.0/16; do")
      .line("if mrc_calico_within $pool; then echo $pool; fi; done");
  EXPECT_EQ(run(script).out, "10.77.0.0/16\n10.77.3.0/26\n10.0.0.0/8\n");
}

TEST_F(CalicoV0Script, AnEndpointOfNobodyOnAHostsFormerNameEndsIt) {
  auto script = with_answer(fixture("endpoint-show-detailed.txt"));
  script.line("mrc_calico_list() { case $3 in node) echo 'old.local|10.0.0.1' >\"$1\" ;; *)")
      .line("echo 'old.local|docker|w0|e|10.77.3.9/32|m|p|active' >\"$1\" ;; esac; }")
      .line("docker() { echo HOSTNAME=old.local; }")
      .line("mrc_calico_renamed 10.0.0.1; echo removed");
  const auto outcome = run(script);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, ::testing::HasSubstr("w0 hangs on the former name old.local"));
}

TEST_F(CalicoV0Script, ADeadHostGoesWholeUnlessOthersHaveItToo) {
  const auto ask = [&](const char* shared) {
    auto script = gone_script(m_want, false);
    script.line("mrc_calico_list() { case $3 in node) echo 'dead.local|10.0.0.9' ;; *)")
        .line("echo 'dead.local|docker|w1|e|10.77.0.1/32|m|p|active'")
        .line("echo 'dead.local|docker|w2|e|10.77.0.2/32|m|p|active'")
        .line("echo 'live.local|docker|w3|e|10.77.0.1/32|m|p|active' ;; esac >\"$1\"; }")
        .line("mrc_calico_must() { echo \"$*\"; }")
        .line("mrc_calicoctl_as() { echo \"as $*\" >&2; }")
        .line("mrc_calico_dead_host 10.0.0.9 {} 10.77.0.1", shared);
    return run(script).out;
  };
  EXPECT_EQ(ask("no"), "60 node remove --hostname=dead.local --remove-endpoints\n");
  EXPECT_EQ(ask("yes"), "as 60 dead.local container remove w1\n");
}

TEST_F(CalicoV0Script, AnswersOfNoEtcdTellOfEveryEndpoint) {
  m_want.endpoints = "http://127.0.0.1:1,http://127.0.0.1:2";
  auto script = ask_script(m_want);
  script.line("mrc_calico_tree");
  const auto outcome = run(script);
  EXPECT_NE(outcome.status, 0);
  EXPECT_THAT(outcome.out, ::testing::HasSubstr("http://127.0.0.1:1: "));
  EXPECT_THAT(outcome.out, ::testing::HasSubstr("http://127.0.0.1:2: "));
}

TEST_F(CalicoV0Script, FelixsRulesGoAndOthersStay) {
  const std::string saved =
      "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:DOCKER - [0:0]\n"
      ":felix-FORWARD - [0:0]\n:felix-to-abc - [0:0]\n"
      "-A FORWARD -j felix-FORWARD\n-A FORWARD -j DOCKER\n"
      "-A felix-FORWARD -o cali+ -g felix-to-abc\n"
      "-A felix-to-abc -m comment --comment \"not any profile (endpoint x)\" -j DROP\nCOMMIT\n"
      "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DOCKER\nCOMMIT\n";
  auto script = gone_script(m_want, false);
  script.line("fake_save() { cat {}; }", keep("saved", saved))
      .line("fake_restore() { echo \"$@\"; cat; }")
      .line("mrc_calico_filters_gone fake_save fake_restore");
  EXPECT_EQ(run(script).out,
            "--noflush\n*filter\n-D FORWARD -j felix-FORWARD\n"
            "-F felix-FORWARD\n-F felix-to-abc\n-X felix-FORWARD\n-X felix-to-abc\nCOMMIT\n");
}

/// A restore of mysql-slave1 on a host where `have` holds and what is done is told.
shell::Script restoring(const Desired& want, const std::string& have) {
  auto script = make_script(want);
  return script.line("docker() { echo 4711; }")
      .line("mrc_calico_attached() { case {} in *attached*) ;; *) return 1 ;; esac; }", have)
      .line("mrc_calico_served() { case {} in *served*) ;; *) return 1 ;; esac; }", have)
      .line("mrc_calico_etcd() { case {} in *etcd*) echo node ;; *) return 1 ;; esac; }", have)
      .line("mrc_calico_endpoint() { echo \"attach $*\"; }")
      .line("mrc_calico_restore mysql-slave1 192.168.0.51 mysql-replication");
}

TEST_F(CalicoV0Script, ARestoreAsksNothingWhereNothingIsMissing) {
  const auto outcome = run(restoring(m_want, "attached served"));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "");
}

TEST_F(CalicoV0Script, ARestoreAttachesAnewWhenEtcdAnswers) {
  for (const auto* have : {"etcd", "attached etcd", "served etcd"}) {
    EXPECT_EQ(run(restoring(m_want, have)).out,
              "attach mysql-slave1 192.168.0.51 mysql-replication\n")
        << have;
  }
}

TEST_F(CalicoV0Script, OnlyAnAnswerOfTheQuorumCounts) {
  const auto ask = [&](const std::string& answer, int status) {
    auto script = make_script(m_want);
    script.line("mrc_calico_etcd() { echo {}; return {}; }", answer, status)
        .line("mrc_calico_etcd_answers");
    return run(script);
  };
  EXPECT_EQ(ask("{\"action\":\"get\",\"node\":{}}", 0).status, 0);
  EXPECT_EQ(ask("{\"errorCode\":100,\"message\":\"Key not found\"}", 0).status, 0);
  const auto no_leader = ask("{\"errorCode\":300,\"message\":\"Raft Internal Error\"}", 0);
  EXPECT_EQ(no_leader.status, 1);
  EXPECT_EQ(no_leader.out, "{\"errorCode\":300,\"message\":\"Raft Internal Error\"}\n");
  EXPECT_EQ(ask("refused", 1).status, 1);
}

}  // namespace
}  // namespace mrc::systems::calico::v0
