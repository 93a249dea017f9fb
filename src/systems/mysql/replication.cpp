#include "systems/mysql/replication.hpp"

#include "systems/mysql/authentication.hpp"

namespace mrc::systems::mysql {
namespace {

using plan::Change;

void expect(const std::string& field,
            const std::string& now,
            const std::string& want,
            Difference& out) {
  if (now != want) out.push_back({now.empty() ? Change::create : Change::update, field, now, want});
}

}  // namespace

Difference settings_difference(const Desired& desired, const Server& server, const Observed& seen) {
  Difference out;
  std::string role;
  for (const auto& line : role_lines(desired, server.is_master)) role += line + ";";
  expect(std::string(k_role_field), seen.role, role, out);
  expect("server_id", seen.variable("server_id"), fmt::format("{}", server.server_id), out);
  if (server.is_master) {
    for (const std::string name : {"read_only", "super_read_only"}) {
      if (seen.variables.contains(name)) expect(name, seen.variable(name), "OFF", out);
    }
  }
  return out;
}

Difference account_difference(const Desired& desired, const Observed& master) {
  const std::string wanted = "REPLICATION SLAVE ON *.*";
  Difference out;
  if (!master.account.exists) {
    return {{Change::create, "account", "", desired.user + "@%"},
            {Change::create, "privilege", "", wanted},
            {Change::create, "password", "", desired.password.label()}};
  }
  expect("require", master.account.require, std::string(desired.require), out);
  expect("max_connections",
         master.account.max_connections,
         fmt::format("{}", desired.max_connections),
         out);
  for (const auto& grant : master.account.grants) {
    if (grant != wanted) out.push_back({Change::remove, "privilege", grant, ""});
  }
  if (!master.account.grants.contains(wanted)) {
    out.push_back({Change::create, "privilege", "", wanted});
  }
  if (master.login_error.find("ERROR 1045") != std::string::npos) {
    out.push_back({Change::update, "password", "another", desired.password.label()});
  } else if (!master.login_error.empty()) {
    out.push_back({Change::update, "login", master.login_error, "ok"});
  }
  if (moves_accounts(desired) && has_other_plugin(master) && is_user_native(desired, master)) {
    out.push_back(plugin_line("authentication"));
  }
  return out;
}

Difference channel_difference(const Desired& desired, const Observed& seen) {
  Difference out;
  const auto field = [&](const std::string& name, const std::string& want) {
    expect(name, seen.of_slave(name), want, out);
  };
  field("Master_Host", desired.master().address.text());
  field("Master_Port", "3306");
  field("Master_User", desired.user);
  field("Auto_Position", "1");
  field("Connect_Retry", "10");
  // MariaDB's is an option of the server.
  if (seen.slave.contains("Master_Retry_Count")) field("Master_Retry_Count", "86400");
  field("SQL_Delay", "0");
  field("Master_SSL_Allowed", desired.tls == "on" ? "Yes" : "No");
  if (seen.slave.contains("Get_Master_public_key")) {
    field("Get_Master_public_key", desired.tls == "server-key" ? "1" : "0");
  }
  expect("heartbeat", seen.channel ? seen.channel->heartbeat : "", "1", out);
  if (!seen.channel || !seen.channel->password_is_wanted) {
    expect("password", seen.channel ? "another" : "", desired.password.label(), out);
  }
  field("Slave_IO_Running", "Yes");
  field("Slave_SQL_Running", "Yes");
  for (const std::string name : {"read_only", "super_read_only"}) {
    if (!seen.variables.contains(name)) continue;
    const auto now = seen.variable(name);
    if (!keeps_writes_off(now)) expect(name, now, "ON", out);
  }
  return out;
}

std::string read_only_variable(const Dialect& dialect) {
  return dialect.super_read_only ? "super_read_only" : "read_only";
}

bool keeps_writes_off(std::string_view value) { return !value.empty() && value != "OFF"; }

std::string freeze_sql(const Dialect& dialect) {
  const std::string patience = "SET SESSION lock_wait_timeout=10; ";
  if (dialect.super_read_only) return patience + "SET GLOBAL super_read_only=ON;";
  // read_only alone lets those write who may do everything.
  return patience + "FLUSH TABLES WITH READ LOCK; SET GLOBAL read_only=ON;";
}

std::string thread_fault(const Observed& seen) {
  const auto io = seen.of_slave("Slave_IO_Running");
  const auto sql = seen.of_slave("Slave_SQL_Running");
  if (io == "Yes" && sql == "Yes") return {};
  auto why = fmt::format("Slave_IO_Running: {}, Slave_SQL_Running: {}", io, sql);
  for (const std::string part : {"IO", "SQL"}) {
    const auto code = seen.of_slave("Last_" + part + "_Errno");
    if (!code.empty() && code != "0") {
      // The statement that failed may hold a password.
      auto text = seen.of_slave("Last_" + part + "_Error");
      if (part == "SQL" && !seen.applier.empty()) text = seen.applier;
      why += fmt::format("; {}: {}", code, text.substr(0, text.find(" Query: '")));
    }
  }
  return why;
}

std::string dead_connection(const Desired& desired,
                            const Server& server,
                            const Observed& seen,
                            const Observed& master) {
  // Without it the slave went out by Docker's bridge, which the interface to come will close.
  if (!seen.has_address) return "it connected before it had its address";
  if (!master.has_address) return fmt::format("{} gets its address again", desired.master().id);
  if (master.answered && seen.of_slave("Slave_IO_Running") == "Yes" &&
      !master.listeners.contains(fmt::format("{}", server.server_id))) {
    return "its threads say Yes, but the master has no connection of it";
  }
  return {};
}

}  // namespace mrc::systems::mysql
