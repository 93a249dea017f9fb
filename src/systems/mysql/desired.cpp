#include "systems/mysql/desired.hpp"

#include <algorithm>
#include <array>

#include "mrc/base/bug.hpp"

namespace mrc::systems::mysql {
namespace {

constexpr std::array k_dialects{
    Dialect{{5, 6},
            false,
            false,
            "WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS",
            "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE "
            "VARIABLE_NAME='SLAVE_RECEIVED_HEARTBEATS'"},
    Dialect{{5, 7},
            true,
            true,
            "WAIT_FOR_EXECUTED_GTID_SET",
            "SELECT COUNT_RECEIVED_HEARTBEATS FROM "
            "performance_schema.replication_connection_status WHERE CHANNEL_NAME=''"},
};

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

std::vector<std::string> all_options(const Server& server) {
  std::vector<std::string> out{
      fmt::format("--server-id={}", server.server_id),
      "--gtid_mode=ON",
      "--enforce-gtid-consistency",
      // Names of their own: the defaults follow the host name, which a new container changes, and
      // then a slave does not start and a master forgets its logs.
      "--log-bin=mysql-bin",
      "--log-slave-updates",
      "--relay-log=mysql-relay",
      "--relay-log-recovery=ON",
      "--master-info-repository=TABLE",
      "--relay-log-info-repository=TABLE",
      "--binlog-format=ROW",
      "--sync-binlog=1",
      // An idle channel has a heartbeat each second, so ten silent ones are a dead connection: one
      // whose end went without a word, as with a master's interface, is not waited on for a minute.
      "--slave-net-timeout=10",
      fmt::format("--report-host={}", server.address),
  };
  if (!server.is_master) out.emplace_back("--read-only=ON");
  out.insert(out.end(), server.own_options.begin(), server.own_options.end());
  return out;
}

}  // namespace

const Dialect& dialect_of(topology::ServerVersion version) {
  const Dialect* best = nullptr;
  for (const auto& dialect : k_dialects) {
    if (dialect.from <= version) best = &dialect;
  }
  MRC_CHECK(best != nullptr);
  return *best;
}

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
  out.password = inputs.secrets.replication_password;
  out.dialect = dialect_of(topology.mysql.version);
  out.adopt = inputs.adopt;
  for (const auto& one : topology.mysql.servers) {
    Server server;
    server.id = one.id;
    server.host = one.host;
    server.address = one.address;
    server.server_id = one.server_id;
    server.is_master = one.id == *topology.mysql.master;
    server.host_ip = topology.host(one.host).ip;
    server.exposed = topology.exposed_port(one);
    server.own_options = arguments(topology.mysql.options, one.options);
    server.options = all_options(server);
    out.servers.push_back(std::move(server));
  }
  std::stable_partition(out.servers.begin(), out.servers.end(), [](const Server& server) {
    return server.is_master;
  });
  return out;
}

std::string data_path(const Desired& desired, const ServerId& server) {
  return fmt::format("{}/{}/data", desired.data_root, server);
}

}  // namespace mrc::systems::mysql
