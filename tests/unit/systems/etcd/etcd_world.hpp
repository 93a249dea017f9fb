#pragma once

#include "systems/etcd/etcd.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::test {

/// Three members on the hosts of the fixtures.
struct EtcdWorld : World {
  std::unique_ptr<systems::System> system() const {
    return systems::make_etcd({topology, secrets, {}, adopt});
  }

  /// `recorded`: mrc made what is there.
  systems::Observations see(const std::vector<std::string>& outputs, bool recorded) const {
    auto seen = observe(*this, "etcd", outputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      seen.put_record(host(i), recorded ? record : std::map<std::string, std::string>());
    }
    return seen;
  }

  /// A fourth host, docker4, bare; a member when asked.
  void add_host(bool member) {
    topology::Host host;
    host.id = HostId("docker4");
    host.ip = Ipv4::parse("192.168.56.114").value();
    host.address = host.ip.text();
    topology.hosts.push_back(host);
    if (member) topology.etcd.members.push_back({host.id, {}});
  }
  void drop_member(std::size_t i) {
    topology.etcd.members.erase(topology.etcd.members.begin() + static_cast<std::ptrdiff_t>(i));
  }
  void drop_host(std::size_t i) {
    drop_member(i);
    topology.hosts.erase(topology.hosts.begin() + static_cast<std::ptrdiff_t>(i));
  }

  std::map<std::string, std::string> record{
      {"etcd/cluster", R"({"id":"9771650236295947479"})"},
      {"etcd/config", R"({"path":"/etc/default/etcd","was":"file"})"},
      {"etcd/data", R"({"path":"/var/lib/etcd/default.etcd","top":"/var/lib/etcd/default.etcd"})"},
      {"etcd/package", R"({"packages":["etcd-client","etcd-server"]})"},
      {"etcd/unit", R"({"enabled":"disabled"})"},
  };
  bool adopt = false;
  std::string absent = fixture("etcd/absent-debian12.txt");
  std::string disabled = fixture("etcd/installed-disabled-3.4.txt");
  std::string lone = fixture("etcd/lone-default-3.4.txt");
  std::vector<std::string> healthy{fixture("etcd/healthy-3.4-docker1.txt"),
                                   fixture("etcd/healthy-3.4-docker2.txt"),
                                   fixture("etcd/healthy-3.4-docker3.txt")};
};

/// What a host says that shall have no member and had none of ours.
inline const std::string k_unasked = "systemd unasked\nend\n";

/// The running members' list with another entry in it, as the first of them.
inline std::vector<std::string> with_member(std::vector<std::string> outputs,
                                            const std::string& entry) {
  for (auto& output : outputs)
    output = with(output, R"("members":[)", R"("members":[)" + entry + ",");
  return outputs;
}

/// The same host with its unit stopped: what a running member alone can tell is gone.
inline std::string stopped(const std::string& output) {
  auto out = with(output, "ActiveState=active", "ActiveState=inactive");
  const auto members = out.find("members ");
  return out.substr(0, members) + "end\n";
}

}  // namespace mrc::test
