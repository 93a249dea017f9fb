#include "property/start.hpp"

#include <fmt/format.h>

#include "property/wish.hpp"

namespace mrc::test::property {
namespace {

constexpr std::uint64_t k_external = 77;

void add_container(World& world, Host& host, const std::string& name, const std::string& image) {
  Container one;
  one.id = world.new_id();
  one.image = image;
  host.images.emplace(image, "sha256:" + fake_sha256(image));
  one.image_id = host.images[image];
  one.restart = "no";
  host.containers[name] = std::move(one);
}

/// Another deployment of mrc on the same host, with a server of its own under the same data_root.
void add_billing(World& world, Host& host) {
  add_container(world, host, "billing-db", "mysql:5.6");
  auto& server = host.containers["billing-db"];
  server.labels = {{"mrc.deployment", "billing"}, {"mrc.server", "billing-db"}, {"mrc.spec", "1"}};
  server.volume = "/opt/Docker/billing-db/data";
  host.make_folder(server.volume);
  host.files["/opt/Docker/billing-db/.mrc"] = "{\"deployment\": \"billing\"}";
  MysqlData data;
  data.mark = "billing";
  data.uuid = "uuid-of-billing";
  data.passwords["root@localhost"] = "another";
  host.mysql_data[server.volume] = data;
  host.records["billing"] = {{"mysql/billing-db/container", "\"billing-db\""},
                             {"mysql/billing-db/data", "\"/opt/Docker/billing-db/data\""},
                             {"docker/image/mysql:5.6", R"({"id": "sha256:1"})"},
                             {"dnat/billing-db", R"({"port": 14000, "to": "10.77.0.240:3306"})"}};
  for (const auto* mark : {"mrc:billing:billing-db", "mrc:orders-2:mysql-1"}) {
    host.nat.push_back(
        fmt::format("-A PREROUTING -d {}/32 -i eth0 -p tcp -m tcp --dport 14000 -m comment "
                    "--comment \"{}\" -j DNAT --to-destination 10.77.0.240:3306",
                    host.ip,
                    mark));
  }
}

Calico foreign_calico() {
  Calico calico;
  calico.guid = "guid-of-others";
  calico.pools["10.99.0.0/24"] = {};
  calico.profiles["web"] = {{"web"}, R"({"inbound_rules":[{"action":"allow"}]})"};
  calico.nodes["elsewhere"] = "192.168.77.7";
  calico.endpoints.push_back(
      {"elsewhere", fake_sha256("web"), "e1", "calie1", "10.99.0.5", {"web"}});
  calico.assigned.insert("10.99.0.5");
  return calico;
}

}  // namespace

World start(unsigned foreign) {
  const auto has = [&](unsigned bit) { return (foreign >> bit & 1U) != 0; };
  World world;
  for (unsigned i = 0; i < k_host_count; ++i) {
    auto& host = world.hosts[fmt::format("docker{}", i + 1)];
    host.name = fmt::format("docker{}.local", i + 1);
    host.ip = fmt::format("192.168.55.{}", 111 + i);
    for (const auto* path : {"/etc/default",
                             "/etc/sysctl.d",
                             "/etc/systemd/system",
                             "/var/lib",
                             "/var/log",
                             "/var/run",
                             "/run/docker",
                             "/usr/local/bin",
                             "/opt"}) {
      host.make_folder(path);
    }
    host.packages = {"docker.io", "openssh-server"};
    host.sysctls = {{"net/ipv4/ip_forward", has(0) ? "1" : "0"},
                    {"net/ipv4/conf/all/rp_filter", has(1) ? "2" : "0"},
                    {"net/ipv4/conf/default/rp_filter", "2"}};
    host.nat = {"-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
                "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"};
    if (has(2)) add_container(world, host, "web", "nginx:1");
    if (has(3)) add_billing(world, host);
    if (has(4)) host.images["mysql:5.6"] = "sha256:" + fake_sha256("mysql:5.6");
    if (has(5)) host.images["calico/node:v0.22.0"] = "sha256:" + fake_sha256("calico/node:v0.22.0");
    if (has(6)) {
      host.packages.insert({"etcd-client", "etcd-server"});
      host.files["/etc/default/etcd"] = "## as somebody left it\n";
      host.etcd.enabled = has(7);
    }
    if (has(8)) host.files["/usr/local/bin/calicoctl"] = "0.22.0";
    if (has(9)) host.make_folder("/var/log/calico");
    if (has(10)) host.make_folder("/var/lib/etcd/default.etcd");
    if (has(11)) host.make_folder("/opt/Docker");
  }
  world.external["http://10.9.9.9:2379"] = k_external;
  world.clusters[k_external];
  if (has(12)) world.clusters[k_external].calico = foreign_calico();
  return world;
}

Facts untouchable(const World& start) {
  Facts out;
  for (const auto& [key, value] : facts(start)) {
    const bool changes = key.find("/sysctl/") != std::string::npos ||
                         key.find("/etcd/unit") != std::string::npos ||
                         key.ends_with("/file//etc/default/etcd");
    if (!changes) out.emplace(key, value);
  }
  return out;
}

}  // namespace mrc::test::property
