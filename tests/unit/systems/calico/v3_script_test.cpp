// The shell functions, run by each shell that is here: what they read from calicoctl, the CNI
// program and the kernel, and how they decide. Programs are functions here that print what the real
// ones do.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "systems/calico/v3/scripts.hpp"
#include "v3_world.hpp"

namespace mrc::systems::calico::v3 {
namespace {

using test::calico3::repeat;
using test::calico3::World;
using ::testing::HasSubstr;

struct Outcome {
  int status = 0;
  std::string out;  ///< both streams
};

/// Two endpoints as `get workloadendpoints -o json` prints them.
constexpr auto k_endpoints = R"({
  "kind": "WorkloadEndpointList",
  "apiVersion": "projectcalico.org/v3",
  "metadata": {
    "resourceVersion": "71"
  },
  "items": [
    {
      "kind": "WorkloadEndpoint",
      "apiVersion": "projectcalico.org/v3",
      "metadata": {
        "name": "docker2.local-cni-b2-eth0",
        "namespace": "default",
        "labels": {
          "projectcalico.org/orchestrator": "cni"
        }
      },
      "spec": {
        "orchestrator": "cni",
        "node": "docker2.local",
        "containerID": "b2",
        "endpoint": "eth0",
        "ipNetworks": [
          "10.77.0.51/32"
        ],
        "profiles": [
          "mysql-replication",
          "other"
        ],
        "interfaceName": "calib2",
        "mac": "d2:00:00:00:00:01"
      }
    },
    {
      "kind": "WorkloadEndpoint",
      "metadata": {
        "name": "x"
      },
      "spec": {
        "orchestrator": "k8s",
        "node": "w1",
        "ipNetworks": [],
        "interfaceName": "cali99"
      }
    }
  ]
})";

constexpr auto k_status = R"(Calico process is running.

IPv4 BGP status
+----------------+-------------------+-------+----------+--------------------------------+
|  PEER ADDRESS  |     PEER TYPE     | STATE |  SINCE   |              INFO              |
+----------------+-------------------+-------+----------+--------------------------------+
| 192.168.55.112 | node-to-node mesh | up    | 23:30:04 | Established                    |
| 192.168.55.113 | node-to-node mesh | start | 23:30:04 | Active Socket: Connection refused |
+----------------+-------------------+-------+----------+--------------------------------+

IPv6 BGP status
No IPv6 peers found.

)";

class CalicoV3Script : public ::testing::TestWithParam<const char*> {
 protected:
  CalicoV3Script() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mrc-calico3-XXXXXX").string();
    m_dir = ::mkdtemp(pattern.data());
    m_want.endpoints = "http://127.0.0.1:1";
    m_want.deployment = "current";
  }
  ~CalicoV3Script() override { std::filesystem::remove_all(m_dir); }

  std::string keep(const std::string& name, const std::string& text) const {
    const auto path = m_dir + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  /// A script in which calicoctl says this and ends so.
  shell::Script with_answer(const std::string& out,
                            const std::string& err = "",
                            int status = 0) const {
    auto script = gone_script(m_want, false);
    script.line(
        "mrc_calico3_ctl() { cp {} \"$MRC_D/ctl-out\"; cp {} \"$MRC_D/ctl-err\"; return {}; }",
        keep("answer-out", out),
        keep("answer-err", err),
        status);
    return script;
  }

  Outcome run(const shell::Script& script) const {
    const auto path = keep("script", script.text());
    const auto command = "cd / && MRC_D='" + m_dir + "' " + GetParam() + " '" + path + "' 2>&1";
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

std::vector<const char*> shells() {
  std::vector<const char*> all;
  for (const auto* one : {"dash", "bash", "busybox sh"}) {
    const std::string program(one,
                              std::string_view(one).find(' ') == std::string_view::npos
                                  ? std::string_view(one).size()
                                  : std::string_view(one).find(' '));
    if (std::filesystem::exists("/bin/" + program) ||
        std::filesystem::exists("/usr/bin/" + program)) {
      all.push_back(one);
    }
  }
  return all;
}
INSTANTIATE_TEST_SUITE_P(Shells, CalicoV3Script, ::testing::ValuesIn(shells()));

TEST_P(CalicoV3Script, EndpointsAreReadFromJsonAsTablesLeaveCellsEmpty) {
  auto script = with_answer(k_endpoints);
  script.line("mrc_calico3_weps; cat \"$MRC_D/weps\"");
  EXPECT_EQ(run(script).out,
            "docker2.local b2 eth0 calib2 10.77.0.51 mysql-replication,other\n"
            "w1 - - cali99 - -\n");
  auto none = with_answer("{\n  \"kind\": \"WorkloadEndpointList\",\n  \"items\": []\n}");
  none.line("mrc_calico3_weps; wc -l <\"$MRC_D/weps\"");
  EXPECT_EQ(run(none).out, "0\n");
}

TEST_P(CalicoV3Script, AMissingResourceIsToldFromAFailure) {
  const auto ask = [&](const std::string& err, int status) {
    auto script = with_answer("null", err, status);
    script.line("if mrc_calico3_has profile p; then echo there; else echo missing; fi");
    return run(script);
  };
  EXPECT_EQ(ask("", 0).out, "there\n");
  EXPECT_EQ(ask("resource does not exist: Profile(p) with error: <nil>\n", 1).out, "missing\n");
  const auto failed = ask("context deadline exceeded\n", 1);
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(failed.out, "calicoctl get profile p: context deadline exceeded\n");
}

TEST_P(CalicoV3Script, EveryCallHasADeadlineAConfigOfItsOwnAndNothingOfTheEnvironment) {
  auto script = gone_script(m_want, false);
  script.line("timeout() { echo \"$@\"; }")
      .line("mrc_calico3_must 30 get nodes")
      .line("cat \"$MRC_D/ctl-out\" \"$MRC_D/calicoctl.cfg\"");
  const auto outcome = run(script);
  EXPECT_THAT(outcome.out, HasSubstr("-s KILL 30 env -i PATH="));
  EXPECT_THAT(outcome.out,
              HasSubstr("--config=" + m_dir + "/calicoctl.cfg --allow-version-mismatch"));
  EXPECT_THAT(outcome.out, HasSubstr("etcdEndpoints: \"http://127.0.0.1:1\"\n"));
}

TEST_P(CalicoV3Script, TheCniProgramHasADeadlineToo) {
  auto script = make_script(m_want);
  script.line("timeout() { echo \"$@\" >{}; return 137; }", m_dir + "/call")
      .line("mrc_calico3_detach docker2.local b2 p || cat {}", m_dir + "/call");
  auto call = make_script(m_want);
  call.line("cat {}", m_dir + "/call");
  EXPECT_EQ(run(script).out, "the CNI program does not take b2 off: no answer in 120 s\n");
  EXPECT_THAT(run(call).out, HasSubstr("-s KILL 120 env -i PATH="));
}

TEST_P(CalicoV3Script, ANodeThatStartsSlowlyIsWaitedForAndOneThatCannotIsNot) {
  const auto start = [&](const std::string& err) {
    auto script = with_answer("", err, 1);
    script.line("mrc_record() { :; }; mrc_calico3_renamed() { :; }")
        .line("docker() { echo \"docker $*\"; }")
        .line("mrc_calico3_node_up() { [ -e {} ] || { touch {}; return 1; }; }",
              m_dir + "/up",
              m_dir + "/up")
        .line("mrc_calico3_node 10.0.0.1 node:v3.32.1 && echo up");
    std::filesystem::remove(m_dir + "/up");
    return run(script);
  };
  EXPECT_EQ(
      start("error executing command: calico/node has terminated, check logs for details\n").out,
      "up\n");
  const auto failed = start("Error executing command: exit status 125\n");
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.out,
              HasSubstr("calicoctl node run: Error executing command: exit status 125"));
}

TEST_P(CalicoV3Script, PeersByTheTableNotByTheStatus) {
  const auto ask = [&](const std::string& text, const std::string& peers) {
    auto script = with_answer(text, "", 0);
    script.line("set -- $(cat {})", keep("peers-wanted", peers)).line("mrc_calico3_peers \"$@\"");
    return run(script);
  };
  EXPECT_EQ(ask(k_status, "192.168.55.112").status, 0);
  const auto refused = ask(k_status, "192.168.55.112 192.168.55.113");
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(refused.out, "peer 192.168.55.113: start Active Socket: Connection refused\n");
  EXPECT_EQ(ask(k_status, "192.168.55.119").out, "peer 192.168.55.119: unknown\n");
  EXPECT_EQ(
      ask("Calico process is running.\n\nIPv4 BGP status\nNo IPv4 peers found.\n\n", "").status, 0);
  const auto down =
      ask("Calico process is running.\n\nThe BGP backend process (BIRD) is not running.\n", "");
  EXPECT_EQ(down.status, 1);
  EXPECT_EQ(down.out, "The BGP backend process (BIRD) is not running.\n");
}

TEST_P(CalicoV3Script, NodesWithAndWithoutAnAddress) {
  auto script = with_answer(
      "NAME            ASN       IPV4                IPV6   \n"
      "docker1.local   (64512)   192.168.55.111/24          \n"
      "bare            (64512)                              \n\n");
  script.line("mrc_calico3_nodes; cat \"$MRC_D/nodes\"");
  EXPECT_EQ(run(script).out, "docker1.local 192.168.55.111\nbare -\n");
}

TEST_P(CalicoV3Script, ARouteMustHaveItsNextHopOrATunnel) {
  auto script = gone_script(m_want, false);
  script
      .line("ip() { case $5 in 10.1.0.3) echo \"$5 via 10.0.0.9 dev vxlan.calico src 10.0.0.1\" ;;")
      .line("*) echo \"$5 via 10.0.0.2 dev eth0 src 10.0.0.1 uid 0\" ;; esac; }")
      .line("mrc_calico3_routed 10.1.0.1 10.0.0.2 10.1.0.3 10.0.0.3 && echo all")
      .line("mrc_calico3_routed 10.1.0.1 10.0.0.2 10.1.0.2 10.0.0.3");
  const auto outcome = run(script);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "all\n10.1.0.2 not via 10.0.0.3\n");
}

TEST_P(CalicoV3Script, HostsBehindARouterAreTold) {
  shell::Script script;
  script.line(". {}", std::string(MRC_TESTS_DIR) + "/../src/systems/calico/routers.sh")
      .line("ip() { case \"$*\" in")
      .line("*addr*) echo '1: lo    inet 127.0.0.1/8 scope host lo'")
      .line("  echo '2: eth0    inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0' ;;")
      .line("*' 10.0.1.3') echo '10.0.1.3 via 10.0.0.254 dev eth0 src 10.0.0.1 uid 0' ;;")
      .line("*' 250.0.0.1') echo '250.0.0.1 dev wg0 src 10.0.0.1 uid 0' ;;")
      .line("*' 10.0.2.4') echo 'RTNETLINK answers: Network is unreachable' >&2; return 2 ;;")
      .line("*) echo \"asked for $*\" >&2; echo 'x via y' ;; esac; }")
      .line("mrc_calico_routers; mrc_calico_routers 10.0.0.2 10.0.2.4 10.0.1.3 250.0.0.1");
  EXPECT_EQ(run(script).out, "router 10.0.1.3 10.0.0.254\n");
}

TEST_P(CalicoV3Script, WhoHasAnAddressByItsHandle) {
  const auto ask = [&](const std::string& text) {
    auto script = with_answer(text);
    script.line("echo \"<$(mrc_calico3_handle 10.77.0.50)>\"");
    return run(script).out;
  };
  EXPECT_EQ(ask("10.77.0.50 is not assigned\n"), "<>\n");
  EXPECT_EQ(ask("IP 10.77.0.50 is in use\nHandle ID: p.a1\nActive Owner Attributes:\n  node: n\n"),
            "<p.a1>\n");
  EXPECT_EQ(ask("IP 10.77.0.50 is in use\nAttributes:\n  node: n\n"), "<unknown>\n");
}

TEST_P(CalicoV3Script, AForeignHolderEndsItAndNothingIsTakenOff) {
  const auto ask = [&](const std::string& weps, const std::string& handle) {
    auto script = with_answer("10.77.0.51 is not assigned\n");
    script.line("mrc_calico3_handle() { echo {}; }", handle)
        .line("mrc_calico3_detach() { echo \"detach $*\"; }")
        .line("cp {} \"$MRC_D/weps\"", keep("weps-now", weps))
        .line("printf 'me a1 mysql-replication \\n' >\"$MRC_D/owned\"")
        .line("mrc_calico3_free 10.77.0.51 mysql-slave1");
    return run(script);
  };
  const auto endpoint = ask("docker2.local b2 eth0 calib2 10.77.0.51 p\n", "");
  EXPECT_EQ(endpoint.status, 1);
  EXPECT_EQ(endpoint.out,
            "the address 10.77.0.51 of mysql-slave1 is held by an endpoint that mrc did not make: "
            "container b2 on docker2.local\n");
  const auto handle = ask("", "p.b2");
  EXPECT_EQ(handle.status, 1);
  EXPECT_THAT(handle.out, HasSubstr("is taken in Calico's IPAM by p.b2"));
  const auto tunnel = ask("", "vxlan-tunnel-addr-docker2.local");
  EXPECT_EQ(tunnel.status, 1);
  EXPECT_EQ(tunnel.out,
            "the address 10.77.0.51 of mysql-slave1 is the end of docker2.local's tunnel: give the "
            "server another one\n");
  const auto ours = ask("me a1 eth0 calia1 10.77.0.51 mysql-replication\n", "");
  EXPECT_EQ(ours.out, "detach me a1 mysql-replication\n");
}

TEST_P(CalicoV3Script, TakingOffGivesNoNetworkNamespaceAndTheNamesItWasAttachedBy) {
  auto script = gone_script(m_want, false);
  script.line("timeout() { echo \"$*\" >>{}; cat >>{}; }", m_dir + "/call", m_dir + "/call")
      .line("mrc_calico3_detach docker2.local {} mysql-replication", repeat("b2"))
      .line("cat {}", m_dir + "/call");
  const auto out = run(script).out;
  EXPECT_THAT(out, HasSubstr("CNI_COMMAND=DEL CNI_CONTAINERID=" + repeat("b2")));
  EXPECT_THAT(out, ::testing::Not(HasSubstr("CNI_NETNS")));
  EXPECT_THAT(out, HasSubstr(R"("name": "mysql-replication", "type": "calico")"));
  EXPECT_THAT(out, HasSubstr(R"("nodename": "docker2.local", "nodename_file_optional")"));
}

TEST_P(CalicoV3Script, TheMtuIsInTheConfigOnlyWhereAskedFor) {
  m_want.mtu = 1400;
  auto script = make_script(m_want);
  script.line("mrc_calico3_conf n p");
  EXPECT_THAT(run(script).out, HasSubstr(R"("mtu": 1400, "ipam")"));
}

TEST_P(CalicoV3Script, TheCniProgramsWordsAreToldWhole) {
  auto script = make_script(m_want);
  script
      .line("cp {} \"$MRC_D/cni-out\"",
            keep("said",
                 "{\n    \"code\": 100,\n    \"msg\": \"data store connection failed\",\n"
                 "    \"details\": \"context deadline exceeded\"\n}\n"))
      .line("mrc_calico3_cni_said");
  EXPECT_EQ(run(script).out, "data store connection failed context deadline exceeded \n");
}

TEST_P(CalicoV3Script, ANoOpAddIsNotTakenForHealth) {
  // The endpoint is in etcd and ADD ends well, but the interface is not in the container.
  auto script = with_answer("");
  script.line("docker() { echo {} true 99; }", repeat("a1"))
      .line("mrc_calico3_alone() { :; }; mrc_record() { :; }; mrc_calico3_free() { :; }")
      .line("mrc_calico3_clear() { :; }; mrc_calico3_cni_call() { :; }")
      .line(
          "mrc_calico3_weps() { echo \"$(mrc_calico3_me) {} eth0 cali{} 10.77.0.50 p\" "
          ">\"$MRC_D/weps\"; }",
          repeat("a1"),
          repeat("a1").substr(0, 11))
      .line("mrc_calico3_in() { return 1; }")
      .line("mrc_calico3_endpoint mysql-master 10.77.0.50 p");
  const auto outcome = run(script);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("ended well, but mysql-master is not attached"));
}

/// A server whose container is attached, and has that profile by what etcd says.
shell::Script attached(shell::Script script, const std::string& profile) {
  script.line("docker() { echo {} true 99; }", repeat("a1"))
      .line("mrc_calico3_alone() { :; }; mrc_record() { echo \"record $*\"; }")
      .line("mrc_calico3_me() { echo my-host; }; mrc_calico3_handle() { echo earlier.{}; }",
            repeat("a1"))
      .line("mrc_calico3_weps() { echo my-host {} eth0 cali{} 10.77.0.50 {} >\"$MRC_D/weps\"; }",
            repeat("a1"),
            repeat("a1").substr(0, 11),
            profile)
      .line("mrc_calico3_attached() { :; }; ip() { echo \"10.77.0.50 dev cali{} x\"; }",
            repeat("a1").substr(0, 11))
      .line("mrc_calico3_must() { echo \"calicoctl $*\"; }; mrc_calico3_served() { :; }")
      .line("mrc_calico3_cni_call() { echo cni \"$@\"; }; mrc_calico3_free() { echo free; }")
      .line("mrc_calico3_rules() { cp /dev/null \"$MRC_D/calico3-rules\"; }");
  return script;
}

TEST_P(CalicoV3Script, AnotherProfileIsSetWhileTheInterfaceStays) {
  auto script = attached(make_script(m_want), "earlier");
  const auto chain = "-A cali-tw-cali" + repeat("a1").substr(0, 11);
  script
      .line("mrc_calico3_rules() { cp {} \"$MRC_D/calico3-rules\"; }",
            keep("rules", chain + " -j cali-pri-_x\n" + chain + " -j DROP\n"))
      .line("mrc_calico3_endpoint mysql-master 10.77.0.50 orders");
  const auto outcome = run(script);
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  // It is taken off some day by the name under which it was attached.
  EXPECT_THAT(outcome.out,
              HasSubstr(R"("network": "earlier", "node": "my-host", "profile": "orders"})"));
  // The parts of an endpoint's name have '-' between them, and so twice in them.
  EXPECT_THAT(outcome.out,
              HasSubstr("calicoctl 30 patch workloadendpoint my--host-cni-" + repeat("a1") +
                        "-eth0 --namespace=default --patch={\"spec\": {\"profiles\": "
                        "[\"orders\"]}}\n"));
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("cni CNI")));
  EXPECT_THAT(outcome.out, ::testing::Not(HasSubstr("free")));
}

TEST_P(CalicoV3Script, JoiningWaitsUntilFelixAsksBothProfiles) {
  auto script = attached(make_script(m_want), "earlier");
  const auto chain = "-A cali-tw-cali" + repeat("a1").substr(0, 11);
  script
      .line("mrc_calico3_rules() { cp {} \"$MRC_D/calico3-rules\"; }",
            keep("rules", chain + " -j cali-pri-_x\n" + chain + " -j cali-pri-_y\n"))
      .line("docker() { echo {}; }", repeat("a1"))
      .line("mrc_calico3_profiles mysql-master orders earlier")
      .line("if mrc_calico3_asks cali{} 1; then exit 9; fi", repeat("a1").substr(0, 11));
  const auto outcome = run(script);
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("[\"orders\",\"earlier\"]"));
  EXPECT_THAT(outcome.out, HasSubstr("its rules ask 2 profiles"));
}

TEST_P(CalicoV3Script, AUnitThatBringsAServerBackLeavesItsProfilesToMrc) {
  auto script = attached(make_script(m_want), "orders,earlier");
  script.line("mrc_calico3_ready() { :; }")
      .line("mrc_calico3_restore mysql-master 10.77.0.50 earlier 1");
  const auto outcome = run(script);
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_EQ(outcome.out, "");
}

TEST_P(CalicoV3Script, AContainerOnTheHostsNetworkOrOnDockersBridgeIsRefused) {
  auto host = make_script(m_want);
  host.line("mrc_calico3_clear $$");
  EXPECT_THAT(run(host).out, HasSubstr("shares the host's network"));
  auto bridged = make_script(m_want);
  bridged.line("readlink() { echo \"$1\"; }")
      .line(
          "mrc_calico3_in() { case $* in *route*) echo 'default via 172.17.0.1' ;; *) return 1 ;; "
          "esac; }")
      .line("mrc_calico3_clear 99");
  EXPECT_THAT(run(bridged).out, HasSubstr("must be made with --network none"));
}

TEST_P(CalicoV3Script, WhetherAPoolIsUsedIsAskedOfTheAddressesInIt) {
  auto script = gone_script(m_want, false);
  script
      .line("cp {} \"$MRC_D/weps\"",
            keep("rows", "h w eth0 cali 10.77.3.9,fd00::1/128 p\nh w - - - -\n"))
      .line("for pool in 10.77.0.0/16 10.77.0.0/24 10.77.3.0/26 10.78.0.0/16; do")
      .line("if mrc_calico3_within $pool; then echo $pool; fi; done");
  EXPECT_EQ(run(script).out, "10.77.0.0/16\n10.77.3.0/26\n");
}

TEST_P(CalicoV3Script, OfTheFirewallOnlyWhatIsFelixsGoes) {
  auto script = gone_script(m_want, false);
  script
      .line(
          "saves() { cat {}; }",
          keep("saved",
               "*filter\n:INPUT ACCEPT [0:0]\n:cali-INPUT - [0:0]\n:cali-tw-x - [0:0]\n"
               "-A INPUT -m comment --comment \"cali:Cz_u1IQiXIMmKD4c\" -j cali-INPUT\n"
               "-A INPUT -p tcp -j ACCEPT\n"
               "-A FORWARD -m comment --comment \"cali:S93hcgKJrXEqnTfs\" -m comment --comment "
               "\"Policy explicitly accepted packet.\" -m mark --mark 0x10000/0x10000 -j ACCEPT\n"
               "-A cali-tw-x -j DROP\nCOMMIT\n*nat\n:MRC - [0:0]\n-A PREROUTING -j MRC\nCOMMIT\n"))
      .line("restores() { cat; }")
      .line("mrc_calico3_filters_gone saves restores");
  EXPECT_EQ(run(script).out,
            "*filter\n"
            "-D INPUT -m comment --comment \"cali:Cz_u1IQiXIMmKD4c\" -j cali-INPUT\n"
            "-D FORWARD -m comment --comment \"cali:S93hcgKJrXEqnTfs\" -m comment --comment "
            "\"Policy explicitly accepted packet.\" -m mark --mark 0x10000/0x10000 -j ACCEPT\n"
            "-F cali-INPUT\n-F cali-tw-x\n-X cali-INPUT\n-X cali-tw-x\nCOMMIT\n");
}

TEST_P(CalicoV3Script, PolicedMeansFelixFirstAndADropInTheEnd) {
  const auto ask = [&](const std::string& forward, const std::string& last) {
    auto script = make_script(m_want);
    // The other iptables has nothing of Felix's.
    script
        .line("cp {} \"$MRC_D/legacy-rules\"",
              keep("rules",
                   "*filter\n:cali-tw-calia1 - [0:0]\n" + forward + "-A FORWARD -j DOCKER-USER\n" +
                       "-A cali-tw-calia1 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n" +
                       "-A cali-tw-calia1 " + last + "\nCOMMIT\n"))
        .line("command() { [ \"$2\" != iptables-save ] && [ \"$2\" != iptables-nft-save ]; }")
        .line("PATH={}:$PATH", m_dir)
        .line("printf '#!/bin/sh\\ncat {}\\n' >{}; chmod +x {}",
              m_dir + "/legacy-rules",
              m_dir + "/iptables-legacy-save",
              m_dir + "/iptables-legacy-save")
        .line("cd {}; mrc_calico3_policed calia1", m_dir);
    return run(script);
  };
  const std::string first =
      "-A FORWARD -m comment --comment \"cali:wUHhoiAYhphO9Mso\" -j cali-FORWARD\n";
  EXPECT_EQ(ask(first, "-m comment --comment \"Drop if no profiles matched\" -j DROP").status, 0);
  EXPECT_EQ(ask("", "-j DROP").out, "cali-FORWARD is not the first in FORWARD\n");
  EXPECT_EQ(ask(first, "-j ACCEPT").out, "the chain cali-tw-calia1 does not end in a drop\n");
}

TEST_P(CalicoV3Script, RestoreWaitsAndGivesUpWithTheReason) {
  auto script = make_script(m_want);
  script.line("docker() { echo false; }").line("mrc_calico3_restore mysql-master 10.77.0.50 p 0");
  const auto outcome = run(script);
  EXPECT_EQ(outcome.status, 124);
  EXPECT_THAT(outcome.out, HasSubstr("the container mysql-master does not run"));
  auto silent = make_script(m_want);
  silent.line("docker() { echo true; }; timeout() { return 137; }")
      .line("mrc_calico3_restore mysql-master 10.77.0.50 p 0");
  EXPECT_THAT(run(silent).out, HasSubstr("etcd does not answer Calico: no answer in 10 s"));
}

}  // namespace
}  // namespace mrc::systems::calico::v3
