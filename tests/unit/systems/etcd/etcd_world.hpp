#pragma once

#include "systems/etcd/etcd.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::test {

/// Three members on the hosts of the fixtures.
struct EtcdWorld : World {
  std::unique_ptr<systems::System> system() const { return systems::make_etcd(inputs()); }

  /// `recorded`: mrc made what is there.
  systems::Observations see(const std::vector<std::string>& outputs, bool recorded) const {
    auto seen = observe(*this, "etcd", outputs);
    for (std::size_t i = 0; recorded && i < outputs.size(); ++i) seen.put_record(host(i), record);
    return seen;
  }

  std::map<std::string, std::string> record{
      {"etcd/config", R"({"path":"/etc/default/etcd","was":"file"})"},
      {"etcd/data", R"({"path":"/var/lib/etcd/default.etcd","top":"/var/lib/etcd/default.etcd"})"},
      {"etcd/package", R"({"packages":["etcd-client","etcd-server"]})"},
      {"etcd/unit", R"({"enabled":"disabled"})"},
  };
  std::string absent = fixture("etcd/absent-debian12.txt");
  std::string disabled = fixture("etcd/installed-disabled-3.4.txt");
  std::string lone = fixture("etcd/lone-default-3.4.txt");
  std::vector<std::string> healthy{fixture("etcd/healthy-3.4-docker1.txt"),
                                   fixture("etcd/healthy-3.4-docker2.txt"),
                                   fixture("etcd/healthy-3.4-docker3.txt")};
};

/// The same host with its unit stopped: what a running member alone can tell is gone.
inline std::string stopped(const std::string& output) {
  auto out = with(output, "ActiveState=active", "ActiveState=inactive");
  const auto members = out.find("members ");
  return out.substr(0, members) + "end\n";
}

}  // namespace mrc::test
