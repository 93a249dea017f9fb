#pragma once

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "systems/calico/calico.hpp"

namespace mrc::test::calico {

inline std::string fixture(const std::string& name) {
  std::ifstream file(std::string(MRC_TESTS_DIR) + "/fixtures/calico/v0.22.0/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::string sha(char digit) { return std::string(64, digit); }
inline std::string repeat(const std::string& pair) {
  std::string id;
  while (id.size() < 64) id += pair;
  return id;
}

/// The lines of one host's probe, which a test changes before it asks.
struct ProbeLines {
  std::vector<std::string> lines;

  std::string text() const {
    std::string all;
    for (const auto& line : lines) all += line + "\n";
    return all;
  }
  /// Replaces every line with that beginning by `by` (none when empty).
  ProbeLines& set(const std::string& start, const std::string& by) {
    auto out = lines;
    out.clear();
    bool done = by.empty();
    for (const auto& line : lines) {
      if (!line.starts_with(start)) {
        out.push_back(line);
      } else if (!done) {
        out.push_back(by);
        done = true;
      }
    }
    lines = std::move(out);
    return *this;
  }
};

/// The article's three hosts, with Calico as its topology wants it; every part can be changed.
struct World {
  topology::Topology topology;
  topology::Secrets secrets;
  std::map<std::string, systems::Artefact> artefacts;
  std::map<std::string, ProbeLines> probes;
  std::map<std::string, std::map<std::string, std::string>> records;
  std::map<std::string, std::map<std::string, std::map<std::string, std::string>>> others;
  std::map<HostId, systems::RecordedHost> departed;
  std::map<HostId, systems::RecordedHost> forgotten;
  bool adopt = false;

  static constexpr const char* hosts[3] = {"docker1", "docker2", "docker3"};
  static constexpr const char* servers[3] = {"mysql-master", "mysql-slave1", "mysql-slave2"};
  static constexpr const char* interfaces[3] = {
      "cali64503f18e75", "cali7a1c22d0e75", "cali90aa31f4e75"};

  World() {
    topology.name = "blog";
    topology.calico.version = "v0.22.0";
    topology.calico.pool.value = *Cidr::parse("192.168.0.0/16");
    topology.calico.profile = "mysql-replication";
    topology.calico.node_image = "calico/node:v0.22.0";
    topology.calico.libnetwork = true;
    topology.calico.libnetwork_image = "calico/node-libnetwork:v0.9.0";
    topology.expose = topology::Expose{Port(3306), {}, ""};
    for (std::size_t i = 0; i < 3; ++i) {
      topology::Host host;
      host.id = HostId(hosts[i]);
      host.ip = *Ipv4::parse("192.168.55." + std::to_string(111 + i));
      topology.hosts.push_back(host);
      topology.etcd.members.push_back({host.id, {}});
      topology::Server server;
      server.id = ServerId(servers[i]);
      server.host = host.id;
      server.address = *Ipv4::parse("192.168.0." + std::to_string(50 + i));
      topology.mysql.servers.push_back(server);
    }
    artefacts["calicoctl"] = {std::make_shared<const std::string>("binary"), sha('c')};
    for (std::size_t i = 0; i < 3; ++i) be_ready(i);
    probes["docker1"].set("end", "etcd json " + tree());
    probes["docker1"].lines.emplace_back("end");
  }

  static std::string tree() {
    auto text = fixture("etcd-ready.json");
    text.pop_back();  // the probe prints it on one line
    return text;
  }
  static std::string container_id(std::size_t i) {
    const char* pairs[3] = {"a1", "b2", "c3"};
    return repeat(pairs[i]);
  }
  static std::string address(std::size_t i) { return "192.168.0." + std::to_string(50 + i); }

  static std::string node_json(std::size_t i, const std::string& image) {
    const auto n = std::to_string(i + 1);
    return R"({"image":")" + image + R"(","env":["HOSTNAME=docker)" + n +
           R"(.local","IP=192.168.55.)" + std::to_string(111 + i) +
           R"(","IP6=","ETCD_ENDPOINTS=http://192.168.55.111:2379,http://192.168.55.112:2379,)"
           R"(http://192.168.55.113:2379"],"running":true,"restart":"always"})";
  }

  void be_ready(std::size_t i) {
    const std::string name = servers[i];
    probes[hosts[i]].lines = {
        "kernel docker" + std::to_string(i + 1) + ".local",
        "sysctl net/ipv4/ip_forward 1",
        "sysctl net/ipv4/conf/all/rp_filter 1",
        "module xt_set yes",
        "module ipip no",
        "bgp taken",
        "calicoctl /usr/local/bin/calicoctl " + sha('c') + " -",
        "docker up",
        "container calico-node " + node_json(i, "calico/node:v0.22.0"),
        "container calico-libnetwork " + node_json(i, "calico/node-libnetwork:v0.9.0"),
        "image calico/node:v0.22.0 present",
        "image calico/node-libnetwork:v0.9.0 present",
        "server " + name + " " + container_id(i) + " true 4711",
        "eth1 " + name + " " + address(i) + "/32",
        "route " + name + " " + interfaces[i],
        "end"};
    records[hosts[i]] = {
        {"calico/calicoctl", R"({"sha256":")" + sha('c') + "\"}"},
        {"calico/node", R"({"image":"calico/node:v0.22.0"})"},
        {"calico/libnetwork", R"({"image":"calico/node-libnetwork:v0.9.0"})"},
        {"calico/image/calico/node:v0.22.0", R"("absent before")"},
        {"calico/sysctl", R"({"net/ipv4/conf/all/rp_filter":"2","net/ipv4/ip_forward":"1"})"},
        {"calico/paths", R"(["/var/log/calico","/var/run/calico"])"},
        {"calico/endpoint/" + name,
         R"({"address":")" + address(i) + R"(","container":")" + container_id(i) +
             R"(","host":"docker)" + std::to_string(i + 1) +
             R"(.local","profile":"mysql-replication"})"}};
    if (i == 0) {
      records[hosts[0]]["calico/pool/192.168.0.0/16"] = R"("made")";
      records[hosts[0]]["calico/profile/mysql-replication"] = R"("made")";
      records[hosts[0]]["calico/cluster"] = R"("etcd had no calico keys")";
    }
  }

  /// Nothing of Calico anywhere, nor containers; `etcd` is the probe's line about it.
  void be_bare(const std::string& etcd) {
    records.clear();
    for (std::size_t i = 0; i < 3; ++i) {
      const std::string name = servers[i];
      auto& probe = probes[hosts[i]];
      probe.lines = {"kernel docker" + std::to_string(i + 1) + ".local",
                     "sysctl net/ipv4/ip_forward 1",
                     "sysctl net/ipv4/conf/all/rp_filter 2",
                     "module xt_set yes",
                     "bgp free",
                     "calicoctl absent",
                     "docker up",
                     "container calico-node absent",
                     "container calico-libnetwork absent",
                     "image calico/node:v0.22.0 absent",
                     "image calico/node-libnetwork:v0.9.0 absent",
                     "server " + name + " absent"};
      if (i == 0) probe.lines.push_back(etcd);
      probe.lines.emplace_back("end");
    }
  }
  void be_bare() { be_bare("etcd json {\"errorCode\":100,\"message\":\"Key not found\"}"); }

  /// Changes etcd's tree as text; `from` must be in it.
  void change_tree(const std::string& from, const std::string& to) {
    for (auto& line : probes["docker1"].lines) {
      if (!line.starts_with("etcd json ")) continue;
      const auto at = line.find(from);
      if (at == std::string::npos) throw std::logic_error("not in the tree: " + from);
      line.replace(at, from.size(), to);
    }
  }

  /// The host is not in the file any more, nor its server; its record still is there.
  void leave_file(const std::string& name) {
    std::erase_if(topology.hosts, [&](const auto& one) { return one.id.text() == name; });
    std::erase_if(topology.etcd.members, [&](const auto& one) { return one->text() == name; });
    std::erase_if(topology.mysql.servers, [&](const auto& one) { return one.host.text() == name; });
    departed[HostId(name)] = {name, "192.168.55.113", "root", 22, ""};
  }

  std::unique_ptr<systems::System> system() const {
    return systems::make_calico({topology, secrets, artefacts, adopt});
  }
  systems::Observations seen() const {
    systems::Observations all;
    for (const auto& [host, probe] : probes) {
      all.put(HostId(host), "calico", {0, probe.text(), ""});
    }
    for (const auto& [host, record] : records) all.put_record(HostId(host), record);
    for (const auto& [host, those] : others) all.put_others(HostId(host), those);
    all.put_departed(departed);
    all.put_forgotten(forgotten);
    return all;
  }
  std::vector<plan::Step> steps() const { return system()->steps(seen()).value(); }
  std::vector<plan::Step> teardown() const { return system()->teardown(seen(), false).value(); }
  std::vector<systems::Finding> findings() const { return system()->preflight(seen()).value(); }
};

inline std::vector<std::string> ids(const std::vector<plan::Step>& steps) {
  std::vector<std::string> all;
  for (const auto& step : steps) all.push_back(step.id.text());
  return all;
}

inline const plan::Step& step(const std::vector<plan::Step>& steps, const std::string& id) {
  const auto found = std::find_if(
      steps.begin(), steps.end(), [&](const plan::Step& one) { return one.id.text() == id; });
  if (found == steps.end()) throw std::logic_error("no step " + id);
  return *found;
}

inline std::vector<std::string> after(const plan::Step& step) {
  std::vector<std::string> all;
  for (const auto& id : step.after) all.push_back(id.text());
  return all;
}

}  // namespace mrc::test::calico
