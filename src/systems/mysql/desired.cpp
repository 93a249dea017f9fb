#include "systems/mysql/desired.hpp"

#include <algorithm>

#include "systems/mysql/probe.hpp"

namespace mrc::systems::mysql {
namespace {

/// The operator's options as arguments, a server's own winning over those for all.
std::vector<std::string> arguments(const topology::Options& all, const topology::Options& own) {
  std::vector<std::string> out;
  const auto add = [&](const topology::Options& options) {
    for (const auto& [name, value] : options) {
      out.push_back(value ? fmt::format("--{}={}", name, *value) : "--" + name);
    }
  };
  add(all);  // of two equal options mysqld takes the last
  add(own);
  return out;
}

/// The operator's options where data are new, for servers that nobody uses. What belongs to a
/// plugin is not known there: none is loaded while data are made, and new data name none. Whether
/// the image takes them was asked without `loose`. Nor is a time zone known by its name yet.
std::vector<std::string> on_new_data(const std::vector<std::string>& own) {
  std::vector<std::string> out;
  for (const auto& argument : own) {
    const auto name = argument_field(argument).name;
    if (option_field(argument).name == "mysqld --default-time-zone") continue;
    out.push_back(name.starts_with("mysqld --loose-") ? argument : "--loose-" + argument.substr(2));
  }
  return out;
}

std::vector<std::string> all_options(const Dialect& dialect,
                                     const Server& server,
                                     const std::vector<std::string>& own) {
  std::vector<std::string> out{fmt::format("--server-id={}", server.server_id)};
  out.insert(out.end(), dialect.options.begin(), dialect.options.end());
  out.push_back(fmt::format("--report-host={}", server.address));
  out.insert(out.end(), own.begin(), own.end());
  return out;
}

/// Where the file's options decide about TLS, they do, and else the version.
bool offers_tls(const Dialect& dialect, const Server& master) {
  bool offers = dialect.tls;
  for (const auto& argument : master.own_options) {
    const auto field = option_field(argument);
    const bool off = field.value == "0" || field.value == "OFF";
    if (field.name == "mysqld --skip-ssl" || (field.name == "mysqld --ssl" && off) ||
        (field.name == "mysqld --tls-version" && field.value.empty())) {
      offers = false;
    } else if (field.name == "mysqld --ssl-cert") {
      offers = true;
    }
  }
  return offers;
}

std::string_view tls_of(const topology::Mysql& mysql,
                        const Dialect& dialect,
                        const Server& master) {
  if (mysql.replication_tls == topology::ReplicationTls::server_key) return "server-key";
  if (mysql.replication_tls == topology::ReplicationTls::off) return "off";
  return offers_tls(dialect, master) ? "on" : "off";
}

}  // namespace

Desired make_desired(const Inputs& inputs) {
  const auto& topology = inputs.topology;
  Desired out;
  out.deployment = topology.name;
  out.image = *topology.mysql.image;
  out.data_root = topology.mysql.data_root;
  // Calico v3 gives a container its only network: beside Docker's bridge, whose default route it
  // takes, replies to what comes in there would be lost.
  if (topology.calico.is_v3()) out.network = "none";
  out.root_host = topology.mysql.root_host;
  out.user = topology.mysql.replication_user;
  out.root_password = inputs.secrets.root_password;
  out.root_password_before = inputs.secrets.root_password_before;
  out.password = inputs.secrets.replication_password;
  out.require = topology.mysql.replication_requires_tls ? "SSL" : "NONE";
  out.max_connections = *topology.mysql.replication_max_connections;
  out.dialect = dialect_of(topology.mysql.flavour, topology.mysql.version);
  out.version = topology.mysql.version;
  out.copy_before_upgrade = topology.mysql.copy_before_upgrade;
  out.restart = topology.mysql.restart;
  out.adopt = inputs.adopt;
  for (const auto& one : topology.mysql.servers) {
    Server server;
    server.id = one.id;
    server.host = one.host;
    server.address = one.address;
    server.server_id = one.server_id;
    server.is_master = one.id == *topology.mysql.master;
    server.host_ip = topology.host(one.host).ip;
    server.exposed = topology.exposed_ports(one);
    server.own_options = arguments(topology.mysql.options, one.options);
    server.options = all_options(out.dialect, server, server.own_options);
    server.birth_options = on_new_data(server.own_options);
    server.copy_options = all_options(out.dialect, server, server.birth_options);
    server.birth_options.insert(
        server.birth_options.end(), out.dialect.at_birth.begin(), out.dialect.at_birth.end());
    out.servers.push_back(std::move(server));
  }
  std::stable_partition(out.servers.begin(), out.servers.end(), [](const Server& server) {
    return server.is_master;
  });
  if (!out.servers.empty()) out.tls = tls_of(topology.mysql, out.dialect, out.master());
  return out;
}

std::vector<std::string> role_lines(const Desired& desired, bool is_master) {
  if (is_master) return {"[mysqld]", "read_only=OFF"};
  std::vector<std::string> out{"[mysqld]", "read_only=ON"};
  if (desired.dialect.super_read_only) out.emplace_back("super_read_only=ON");
  return out;
}

Source source_of(const Desired& desired) { return {desired.master().address.text(), desired.tls}; }

void say_former(shell::Script& script, const Desired& desired) {
  if (!desired.root_password_before) return;
  script.line("mrc_mysql_former {} {}",
              script.secret_file(desired.root_password),
              script.secret_file(*desired.root_password_before));
}

void say_tls(shell::Script& script, const Desired& desired, std::string_view tls) {
  if (desired.dialect.flavour == topology::Flavour::mariadb && tls == "off") {
    script.line("mrc_mysql_plain=yes");
  }
  if (desired.dialect.server_key && tls == "off") script.line("mrc_mysql_open=yes");
  if (tls == "server-key") script.line("mrc_mysql_key=yes");
  if (desired.require == "SSL" && tls == "on") script.line("mrc_mysql_tls=yes");
}

std::string data_path(const Desired& desired, const ServerId& server) {
  return topology::data_path(desired.data_root, server);
}

}  // namespace mrc::systems::mysql
