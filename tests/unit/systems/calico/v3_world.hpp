#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "systems/calico/calico.hpp"
#include "v0_world.hpp"

namespace mrc::test::calico3 {

using calico::after;
using calico::ids;
using calico::ProbeLines;
using calico::repeat;
using calico::sha;
using calico::step;

inline std::string base64(const std::string& text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    unsigned bits = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      const unsigned byte = i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0U;
      bits = bits << 8U | byte;
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out +=
          i + j > text.size() ? '=' : digits[bits >> (18U - 6U * static_cast<unsigned>(j)) & 63U];
    }
  }
  return out;
}

/// Three hosts with Calico v3 as the topology wants it; every part can be changed.
struct World {
  topology::Topology topology;
  topology::Secrets secrets;
  std::map<std::string, systems::Artefact> artefacts;
  std::map<std::string, ProbeLines> probes;
  std::map<std::string, std::string> keys;  ///< of etcd, below /calico/
  std::string etcd;                         ///< the probe's line about it; empty: `keys`
  std::map<std::string, std::map<std::string, std::string>> records;
  std::map<std::string, std::map<std::string, std::map<std::string, std::string>>> others;
  std::map<HostId, systems::RecordedHost> departed;
  std::map<HostId, systems::RecordedHost> forgotten;
  bool adopt = false;

  static constexpr const char* hosts[3] = {"docker1", "docker2", "docker3"};
  static constexpr const char* servers[3] = {"mysql-master", "mysql-slave1", "mysql-slave2"};
  static constexpr const char* endpoints =
      "http://192.168.55.111:2379,http://192.168.55.112:2379,http://192.168.55.113:2379";
  static constexpr const char* resources = "/calico/resources/v3/projectcalico.org/";
  static constexpr const char* image = "quay.io/calico/node:v3.32.1";

  World() {
    topology.name = "current";
    topology.calico.version = "v3.32.1";
    topology.calico.pool.value = *Cidr::parse("10.77.0.0/24");
    topology.calico.profile = "mysql-replication";
    topology.calico.node_image = image;
    topology.expose = topology::Expose{Port(3306), {}, ""};
    for (std::size_t i = 0; i < 3; ++i) {
      topology::Host host;
      host.id = HostId(hosts[i]);
      host.ip = *Ipv4::parse(ip(i));
      topology.hosts.push_back(host);
      topology.etcd.members.push_back({host.id, {}});
      topology::Server server;
      server.id = ServerId(servers[i]);
      server.host = host.id;
      server.address = *Ipv4::parse(address(i));
      topology.mysql.servers.push_back(server);
    }
    for (const auto* name : {"calicoctl", "calico"}) {
      artefacts[name].sha256 = sha('c');
      artefacts[name].pack = [] {
        return systems::Packed{std::make_shared<const std::string>("packed"), sha('c')};
      };
    }
    keys = ready_keys();
    for (std::size_t i = 0; i < 3; ++i) be_ready(i);
  }

  static std::string ip(std::size_t i) { return "192.168.55." + std::to_string(111 + i); }
  static std::string address(std::size_t i) { return "10.77.0." + std::to_string(50 + i); }
  static std::string node(std::size_t i) { return "docker" + std::to_string(i + 1) + ".local"; }
  static std::string container_id(std::size_t i) {
    const char* pairs[3] = {"a1", "b2", "c3"};
    return repeat(pairs[i]);
  }
  static std::string link(std::size_t i) { return "cali" + container_id(i).substr(0, 11); }

  /// Values as Calico itself writes them, empty objects and all.
  static std::map<std::string, std::string> ready_keys() {
    const std::string start = resources;
    std::map<std::string, std::string> all{
        {start + "clusterinformations/default",
         R"~({"kind":"ClusterInformation","apiVersion":"projectcalico.org/v3","metadata":{"name":)~"
         R"~("default"},"spec":{"clusterGUID":"0123","calicoVersion":"v3.32.1",)~"
         R"~("datastoreReady":true}})~"},
        {start + "ippools/mrc-10-77-0-0-24",
         R"~({"kind":"IPPool","metadata":{"name":"mrc-10-77-0-0-24"},"spec":{"cidr":)~"
         R"~("10.77.0.0/24","vxlanMode":"Never","ipipMode":"Never","blockSize":26,)~"
         R"~("nodeSelector":"all()","allowedUses":["Workload"],"assignmentMode":"Manual"}})~"},
        {start + "profiles/mysql-replication",
         R"~({"kind":"Profile","metadata":{"name":"mysql-replication"},"spec":{"ingress":[)~"
         R"~({"action":"Allow","source":{"selector":"has(mysql-replication)"},"destination":{}},)~"
         R"~({"action":"Allow","protocol":"TCP","source":{},"destination":{"ports":[3306]}}],)~"
         R"~("egress":[{"action":"Allow","source":{},"destination":{}}],"labelsToApply":)~"
         R"~({"mysql-replication":""}}})~"},
        {start + "bgpconfigurations/default", R"({"kind":"BGPConfiguration","spec":{}})"},
        {"/calico/ipam/v2/assignment/ipv4/block/10.77.0.0-26", block()}};
    for (std::size_t i = 0; i < 3; ++i) {
      all[start + "nodes/" + node(i)] = R"({"kind":"Node","metadata":{"name":")" + node(i) +
                                        R"("},"spec":{"bgp":{"ipv4Address":")" + ip(i) +
                                        R"(/24"}},"status":{}})";
      all[start + "workloadendpoints/default/" + node(i) + "-cni-" + container_id(i) + "-eth0"] =
          endpoint_json(i);
    }
    return all;
  }
  static std::string endpoint_json(std::size_t i) {
    return R"({"kind":"WorkloadEndpoint","spec":{"orchestrator":"cni","node":")" + node(i) +
           R"(","containerID":")" + container_id(i) + R"(","endpoint":"eth0","ipNetworks":[")" +
           address(i) + R"(/32"],"profiles":["mysql-replication"],"interfaceName":")" + link(i) +
           R"(","mac":"d2:00:00:00:00:01"}})";
  }
  /// The three addresses are taken; .49 is a hole before them.
  static std::string block() {
    std::string allocations;
    for (int i = 0; i < 64; ++i) {
      allocations += i == 0 ? "" : ",";
      allocations += i >= 50 && i <= 52 ? std::to_string(i - 50) : "null";
    }
    std::string attributes;
    for (std::size_t i = 0; i < 3; ++i) {
      attributes += (i == 0 ? "" : ",") +
                    (R"({"handle_id":"mysql-replication.)" + container_id(i)) +
                    R"(","secondary":{"node":")" + node(i) + R"("}})";
    }
    return R"({"cidr":"10.77.0.0/26","affinity":"host:docker1.local","allocations":[)" +
           allocations + R"(],"attributes":[)" + attributes + R"(],"deleted":false})";
  }

  std::string tree() const {
    std::string pairs;
    for (const auto& [key, value] : keys) {
      pairs += (pairs.empty() ? "" : ",") + (R"({"key":")" + base64(key)) + R"(","value":")" +
               base64(value) + "\"}";
    }
    return R"({"header":{"cluster_id":"1"},"kvs":[)" + pairs + R"(],"count":"9"})";
  }

  static std::string node_json(std::size_t i, const std::string& with_image = image) {
    // In no order, as calicoctl gives them.
    return R"({"image":")" + with_image + R"(","env":["IP=)" + ip(i) +
           R"(","CALICO_MANAGE_CNI=false","NO_DEFAULT_POOLS=true","ETCD_DISCOVERY_SRV=",)" +
           R"("NODENAME=)" + node(i) + R"(","CALICO_NETWORKING_BACKEND=bird","ETCD_ENDPOINTS=)" +
           endpoints + R"("],"running":true,"restart":"always"})";
  }
  static std::string hex(const std::string& text) {
    std::string out = "=";
    for (const char c : text) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return out;
  }

  void be_ready(std::size_t i) {
    const std::string name = servers[i];
    probes[hosts[i]].lines = {"kernel " + node(i),
                              "machine x86_64",
                              "sysctl net/ipv4/ip_forward 1",
                              "module xt_set yes",
                              "module ipip no",
                              "module vxlan yes",
                              "bgp taken",
                              "firewalld no",
                              "iptables nft",
                              "network eth0 192.168.55.0/24",
                              "network docker0 172.17.0.0/16",
                              "file calicoctl " + sha('c') + " -",
                              "file cni " + sha('c') + " -",
                              "nodename " + hex(node(i)),
                              "docker up",
                              "container calico-node " + node_json(i),
                              std::string("image ") + image + " present",
                              "server " + name + " " + container_id(i) + " true 4711",
                              "address " + name + " " + address(i) + "/32",
                              "route " + name + " " + link(i),
                              "end"};
    records[hosts[i]] = {
        {"calico3/file/calicoctl", R"({"sha256":")" + sha('c') + R"(","version":"v3.32.1"})"},
        {"calico3/file/cni", R"({"sha256":")" + sha('c') + R"(","version":"v3.32.1"})"},
        {"calico3/node", std::string(R"({"image":")") + image + "\"}"},
        {std::string("calico3/image/") + image, R"("absent before")"},
        {"calico3/sysctl", R"({"net/ipv4/ip_forward":"0"})"},
        {"calico3/paths", R"(["/var/log/calico","/opt/cni/bin","/opt/cni"])"},
        {"calico3/endpoint/" + name,
         R"({"address":")" + address(i) + R"(","container":")" + container_id(i) + R"(","node":")" +
             node(i) + R"(","profile":"mysql-replication"})"}};
    if (i == 0) {
      records[hosts[0]]["calico3/pool/mrc-10-77-0-0-24"] = R"({"cidr":"10.77.0.0/24"})";
      records[hosts[0]]["calico3/profile/mysql-replication"] = R"("made")";
      records[hosts[0]]["calico3/cluster"] = R"("etcd had no calico keys")";
    }
  }

  /// Nothing of Calico anywhere, nor containers; `line` is the probe's about etcd.
  void be_bare(const std::string& line = R"(etcd json {"header":{}})") {
    records.clear();
    etcd = line;
    for (std::size_t i = 0; i < 3; ++i) {
      const std::string name = servers[i];
      probes[hosts[i]].lines = {"kernel " + node(i),
                                "machine x86_64",
                                "sysctl net/ipv4/ip_forward 1",
                                "module xt_set yes",
                                "bgp free",
                                "firewalld no",
                                "iptables nft",
                                "network eth0 192.168.55.0/24",
                                "file calicoctl absent",
                                "file cni absent",
                                "nodename absent",
                                "docker up",
                                "container calico-node absent",
                                std::string("image ") + image + " absent",
                                "server " + name + " absent",
                                "end"};
    }
  }

  /// Changes the value of the key that ends so; `from` must be in it.
  void change_key(const std::string& end, const std::string& from, const std::string& to) {
    for (auto& [key, value] : keys) {
      if (!key.ends_with(end)) continue;
      const auto at = value.find(from);
      if (at == std::string::npos) throw std::logic_error("not in " + key + ": " + from);
      value.replace(at, from.size(), to);
      return;
    }
    throw std::logic_error("no key " + end);
  }
  std::string endpoint_key(std::size_t i) const {
    return resources + ("workloadendpoints/default/" + node(i)) + "-cni-" + container_id(i) +
           "-eth0";
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
    for (auto [host, probe] : probes) {
      if (host == hosts[0]) {
        probe.lines.pop_back();
        probe.lines.push_back(etcd.empty() ? "etcd json " + tree() : etcd);
        probe.lines.emplace_back("end");
      }
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
  std::vector<std::string> titles() const {
    std::vector<std::string> all;
    for (const auto& one : findings()) all.push_back(one.title);
    return all;
  }
};

}  // namespace mrc::test::calico3
