#pragma once

#include <fmt/format.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "mrc/plan/step.hpp"
#include "mrc/systems/registry.hpp"
#include "mrc/systems/system.hpp"

namespace mrc::test {

/// The article's shape on the hosts from which the fixtures were recorded: docker1 to docker3 at
/// 192.168.56.111 and on, a server on each, all exposed on 3306.
struct World {
  World() {
    topology.name = "try";
    topology.etcd.cluster_token = "etcd-cluster-1";
    topology.etcd.data_dir = "/var/lib/etcd/default.etcd";
    topology.calico.version = "v0.22.0";
    topology.mysql.image.value = "mysql:5.6";
    topology.expose = topology::Expose{Port(3306), {}, {}};
    for (int i = 1; i <= 3; ++i) {
      topology::Host host;
      host.id = HostId(fmt::format("docker{}", i));
      host.ip = Ipv4::parse(fmt::format("192.168.56.11{}", i)).value();
      host.address = host.ip.text();
      topology.hosts.push_back(host);
      topology.etcd.members.push_back({host.id, {}});
      topology::Server server;
      server.id = ServerId(fmt::format("mysql-{}", i));
      server.host = host.id;
      server.address = Ipv4::parse(fmt::format("10.77.0.5{}", i)).value();
      topology.mysql.servers.push_back(server);
    }
  }

  systems::Inputs inputs() const { return {topology, secrets, {}}; }
  const HostId& host(std::size_t i) const { return topology.hosts.at(i).id; }

  topology::Topology topology;
  topology::Secrets secrets;
};

inline std::string fixture(const std::string& path) {
  std::ifstream in(std::string(MRC_TESTS_DIR "/fixtures/") + path);
  if (!in) throw std::runtime_error("no fixture " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// `text` with the first `from` replaced; fails the test when there is none.
inline std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("the fixture has no " + from);
  return text.replace(at, from.size(), to);
}

/// What docker1, docker2, .. said to one system.
inline systems::Observations observe(const World& world,
                                     const std::string& system,
                                     const std::vector<std::string>& outputs) {
  systems::Observations seen;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    seen.put(world.host(i), system, {0, outputs[i], {}});
  }
  return seen;
}

inline std::vector<std::string> ids(const std::vector<plan::Step>& steps) {
  std::vector<std::string> out;
  for (const auto& step : steps) out.push_back(step.id.text());
  return out;
}

inline const plan::Step& find(const std::vector<plan::Step>& steps, const std::string& id) {
  for (const auto& step : steps) {
    if (step.id.text() == id) return step;
  }
  throw std::runtime_error("no step " + id);
}

inline std::vector<std::string> after(const plan::Step& step) {
  std::vector<std::string> out;
  for (const auto& id : step.after) out.push_back(id.text());
  return out;
}

inline std::vector<std::string> titles(const std::vector<systems::Finding>& findings) {
  std::vector<std::string> out;
  for (const auto& one : findings) out.push_back(one.host.text() + ": " + one.title);
  return out;
}

/// The answer of docker1 cut after each of its bytes: every one must be `unreadable`, for steps and
/// for preflight.
template <class Expect>
void cut_everywhere(const World& world,
                    const systems::System& system,
                    std::vector<std::string> outputs,
                    Expect expect) {
  const auto whole = outputs[0];
  for (std::size_t size = 0; size < whole.size(); ++size) {
    outputs[0] = whole.substr(0, size);
    const auto seen = observe(world, std::string(system.name()), outputs);
    expect(system.steps(seen), size);
    expect(system.preflight(seen), size);
  }
}

}  // namespace mrc::test

/// For cut_everywhere.
#define MRC_EXPECT_UNREADABLE                                     \
  [](const auto& result, std::size_t size) {                      \
    ASSERT_FALSE(result.has_value()) << "cut at " << size;        \
    EXPECT_EQ(result.error().kind, ::mrc::ErrorKind::unreadable); \
  }
