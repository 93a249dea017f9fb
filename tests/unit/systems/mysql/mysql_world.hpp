#pragma once

#include "systems/mysql/container.hpp"
#include "systems/mysql/internal.hpp"
#include "systems/mysql/mysql.hpp"
#include "unit/systems/hosts/world.hpp"

namespace mrc::test {

/// The article's three servers, as the fixtures were recorded from them.
struct MysqlWorld : World {
  MysqlWorld() {
    topology.name = "blog-2016";
    topology.mysql.version = {5, 6};
    topology.mysql.data_root = "/opt/Docker";
    topology.mysql.root_host = "%";
    topology.mysql.replication_user = "repl";
    secrets.root_password = Secret("mysql.root_password", "root-Pass 1");
    secrets.replication_password = Secret("mysql.replication.password", "repl-Pass 2");
    const char* names[] = {"mysql-master", "mysql-slave1", "mysql-slave2"};
    const std::uint32_t server_ids[] = {1, 101, 102};
    for (std::size_t i = 0; i < 3; ++i) {
      auto& server = topology.mysql.servers[i];
      server.id = ServerId(names[i]);
      server.server_id = server_ids[i];
      server.address = Ipv4::parse(fmt::format("192.168.0.5{}", i)).value();
    }
    topology.mysql.master.value = ServerId("mysql-master");
  }

  systems::mysql::Desired desired() const { return systems::mysql::make_desired(inputs()); }
  std::unique_ptr<systems::System> system() const {
    auto all = inputs();
    all.adopt = adopt;
    return systems::make_mysql(all);
  }
  bool adopt = false;
  std::string recorded = "5.6.24";  ///< the fixtures' servers

  /// The same of another dialect.
  static MysqlWorld of(const std::string& image,
                       topology::Flavour flavour,
                       topology::ServerVersion version,
                       std::string recorded) {
    MysqlWorld world;
    world.topology.mysql.image.value = image;
    world.topology.mysql.flavour = flavour;
    world.topology.mysql.version = version;
    world.recorded = std::move(recorded);
    return world;
  }

  static std::string bare(std::size_t i) {
    const char* names[] = {"mysql-master", "mysql-slave1", "mysql-slave2"};
    return fmt::format("server\t{}\nend\t{}\ndone\n", names[i], names[i]);
  }
  /// What the host said when all was as wanted, its container made from today's spec.
  std::string good(std::size_t i) const {
    const auto text = fixture(fmt::format("mysql/replicating-{}-docker{}.txt", recorded, i + 1));
    const auto at = text.find("mrc.spec=") + 9;
    const auto want = desired();
    return with(text, text.substr(at, 16), spec_hash(want, want.servers.at(i)));
  }
  std::vector<std::string> all_good() const { return {good(0), good(1), good(2)}; }
  std::vector<std::string> all_bare() const { return {bare(0), bare(1), bare(2)}; }

  /// The host's record when all was as wanted.
  std::map<std::string, std::string> record(std::size_t i) const {
    const auto name = topology.mysql.servers.at(i).id.text();
    return {{"mysql/" + name + "/container", R"({"image": "mysql:5.6", "id": "sha256:d54b"})"},
            {"mysql/" + name + "/data", "\"/opt/Docker/" + name + "/data\""},
            {"mysql/" + name + (i == 0 ? "/account" : "/source"), "\"x\""}};
  }
  /// Hosts that said this and have their records.
  systems::Observations see(const std::vector<std::string>& outputs) const {
    auto seen = observe(*this, "mysql", outputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const bool made = outputs[i].find("data\tblog-2016") != std::string::npos;
      seen.put_record(host(i), made ? record(i) : std::map<std::string, std::string>{});
    }
    return seen;
  }
  std::vector<plan::Step> steps(const std::vector<std::string>& outputs) const {
    return system()->steps(see(outputs)).value();
  }
  std::vector<systems::Finding> findings(const std::vector<std::string>& outputs) const {
    return system()->preflight(see(outputs)).value();
  }
};

}  // namespace mrc::test
