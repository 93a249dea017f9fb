#include <set>

#include "mrc/plan/milestone.hpp"
#include "mysql.sh.hpp"
#include "systems/mysql/internal.hpp"

namespace mrc::systems::mysql {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;

/// Set ON, it keeps users from writing on a slave; the wider one implies the other.
std::string read_only_variable(const Dialect& dialect) {
  return dialect.super_read_only ? "super_read_only" : "read_only";
}

class Maker {
 public:
  explicit Maker(const Desired& desired) : m_desired(desired) {}

  Step init(const Server& server, const Observed& seen) const {
    auto step = make(server, "init", "make the data directory of " + server.id.text());
    step.reason = seen.staging ? "an earlier attempt broke off" : "";
    step.diff = {
        {Change::create, "data", "", data_path(server)},
        {Change::create,
         "root",
         "",
         fmt::format("root@{}, {}", m_desired.root_host, m_desired.root_password.label())}};
    step.needs = {milestone::image_present(server.host), milestone::host_ready(server.host)};
    step.gives = {data_ready(server)};
    step.timeout = std::chrono::minutes(10);
    auto& script = step.apply;
    script.use(embedded::mysql_sh);
    record(script, "data", server, data_path(server));
    const auto secret = script.secret_file(m_desired.root_password);
    write_root_sql(script, secret);
    script.line("mrc_mysql_init {} {} {} {} {} \"$MRC_D/root.sql\" {}",
                m_desired.deployment,
                server.id,
                m_desired.image,
                m_desired.data_root,
                secret,
                shell::words(server.own_options));
    return step;
  }

  Step container(const Server& server, const Observed& seen) const {
    const bool replaces = seen.container.has_value();
    auto step =
        make(server,
             "container",
             (replaces ? "replace the container " : "run the container ") + server.id.text());
    step.change = replaces ? Change::replace : Change::create;
    if (replaces) {
      step.risk = plan::Risk::disruptive;
      // Calico's interface goes with the container.
      step.undoes = {milestone::endpoint_ready(server.id)};
      step.reason = seen.container->image != m_desired.image
                        ? fmt::format("its image is {}", seen.container->image)
                        : "its options differ from the file's";
    }
    step.diff.push_back(
        {Change::create, "image", replaces ? seen.container->image : "", m_desired.image});
    for (const auto& option : server.options)
      step.diff.push_back({Change::create, "mysqld", "", option});
    step.needs = {data_ready(server), milestone::image_present(server.host)};
    step.gives = {milestone::container_running(server.id)};
    step.timeout = std::chrono::minutes(8);
    auto& script = step.apply;
    script.use(embedded::mysql_sh);
    record(script, "container", server, server.id.text());
    if (replaces) {
      script.line("mrc_mysql_check_options {} {} {}",
                  server.id,
                  m_desired.image,
                  shell::words(server.options));
    }
    auto words = run_words(m_desired, server);
    words.insert(words.end(),
                 {"--label", "mrc.spec=" + spec_hash(m_desired, server), m_desired.image});
    words.insert(words.end(), server.options.begin(), server.options.end());
    script.line("mrc_mysql_stop_remove {}", server.id)
        .line("mrc_mysql_run {} {}", server.id, shell::words(words))
        .line("mrc_mysql_wait {} {} 300", server.id, script.secret_file(m_desired.root_password));
    return step;
  }

  Step start(const Server& server) const {
    auto step = make(server, "start", "start the container " + server.id.text());
    step.change = Change::run;
    step.reason = "it is stopped";
    step.gives = {milestone::container_running(server.id)};
    step.timeout = std::chrono::minutes(8);
    step.apply.use(embedded::mysql_sh)
        .line("docker start {} >/dev/null", server.id)
        .line(
            "mrc_mysql_wait {} {} 300", server.id, step.apply.secret_file(m_desired.root_password));
    return step;
  }

  Step account(const std::string& reason) const {
    const auto& master = m_desired.master();
    auto step = make(master, "account", "create the replication account " + m_desired.user);
    step.reason = reason;
    step.diff = {
        {Change::create,
         "account",
         "",
         fmt::format("{}@%, REPLICATION SLAVE, {}", m_desired.user, m_desired.password.label())}};
    step.needs = {milestone::container_running(master.id)};
    step.gives = {milestone::replication_account()};
    auto& script = step.apply;
    script.use(embedded::mysql_sh);
    const auto root = script.secret_file(m_desired.root_password);
    const auto password = script.secret_file(m_desired.password);
    script.line("mrc_mysql_wait {} {} 120", master.id, root)
        .line("{ printf \"SET SESSION sql_mode='';\\n\"");
    // The article's statement: creates the account, or sets its password.
    script
        .line("printf \"GRANT REPLICATION SLAVE ON *.* TO '%s'@'%%' IDENTIFIED BY \" {}",
              m_desired.user)
        .line("mrc_mysql_literal {}", password)
        .line("printf ';\\n'; } >\"$MRC_D/account.sql\"")
        .line("mrc_mysql {} root {} <\"$MRC_D/account.sql\"", master.id, root);
    return step;
  }

  /// Configures what differs, starts the threads and waits until the slave has caught up.
  Step replicate(const Server& server, const std::string& reason) const {
    const auto& master = m_desired.master();
    auto step =
        follow(server, "replicate", fmt::format("replicate {} from {}", server.id, master.id));
    step.change = reason.empty() ? Change::create : Change::update;
    step.reason = reason;
    step.diff = {{Change::create,
                  "source",
                  "",
                  fmt::format("{}@{}:3306, auto position, {}",
                              m_desired.user,
                              master.address,
                              m_desired.password.label())}};
    step.needs = {milestone::replication_account(),
                  milestone::container_running(master.id),
                  milestone::container_running(server.id),
                  milestone::endpoint_ready(master.id),
                  milestone::endpoint_ready(server.id)};
    return step;
  }

  /// The same behind a new container of a slave, before the next server is touched.
  Step rejoin(const Server& server) const {
    auto step = follow(server, "rejoin", fmt::format("wait until {} has caught up", server.id));
    step.change = Change::run;
    step.reason = "its container is new";
    step.needs = {milestone::container_running(server.id), milestone::endpoint_ready(server.id)};
    return step;
  }

 private:
  Step follow(const Server& server, std::string_view verb, std::string title) const {
    const auto& master = m_desired.master();
    auto step = make(server, verb, std::move(title));
    step.gives = {milestone::server_ready(server.id)};
    step.timeout = std::chrono::minutes(6);
    auto& script = step.apply;
    script.use(embedded::mysql_sh);
    const auto root = script.secret_file(m_desired.root_password);
    const auto password = script.secret_file(m_desired.password);
    script.line("mrc_mysql_wait {} {} 120", server.id, root);
    // MASTER_CONNECT_RETRY of 10 s: a slave comes back soon after its master does.
    script
        .line(
            "{ printf \"SET SESSION sql_mode='';\\nCHANGE MASTER TO MASTER_HOST='%s', "
            "MASTER_PORT=3306, MASTER_USER='%s', "
            "MASTER_CONNECT_RETRY=10, MASTER_RETRY_COUNT=86400, MASTER_AUTO_POSITION=1, "
            "MASTER_PASSWORD=\" {} {}",
            master.address,
            m_desired.user)
        .line("mrc_mysql_literal {}", password)
        .line("printf ';\\n'; } >\"$MRC_D/change.sql\"")
        .line("mrc_mysql_replicate {} {} {} {} {} \"$MRC_D/change.sql\" {}",
              server.id,
              root,
              master.address,
              m_desired.user,
              password,
              m_desired.dialect.wait_function);
    script.line("printf 'SET GLOBAL %s=ON\\n' {} | mrc_mysql {} root {}",
                read_only_variable(m_desired.dialect),
                server.id,
                root);
    return step;
  }

  static std::string data_ready(const Server& server) {
    return fmt::format("data/{}/ready", server.id);
  }
  std::string data_path(const Server& server) const {
    return fmt::format("{}/{}/data", m_desired.data_root, server.id);
  }

  static Step make(const Server& server, std::string_view verb, std::string title) {
    Step step;
    step.id = StepId(fmt::format("mysql/{}/{}", server.id, verb));
    step.host = server.host;
    step.title = std::move(title);
    return step;
  }

  void record(shell::Script& script,
              std::string_view what,
              const Server& server,
              const std::string& value) const {
    script.line("mrc_record {} {} {}",
                m_desired.deployment,
                fmt::format("mysql/{}/{}", server.id, what),
                "\"" + value + "\"");
  }

  /// The accounts of a new server: root with the wanted password and hosts, and nobody else.
  void write_root_sql(shell::Script& script, const shell::Text& secret) const {
    const auto password = [&](shell::Script& to) { to.line("mrc_mysql_literal {}", secret); };
    script.line("{ printf \"SET SESSION sql_log_bin=0;\\nSET SESSION sql_mode='';\\n\"")
        .line(
            "printf \"DELETE FROM mysql.user WHERE User = '';\\nDROP DATABASE IF EXISTS "
            "test;\\nFLUSH PRIVILEGES;\\n\"");
    if (m_desired.root_host == "%") {
      script.line("printf \"GRANT ALL PRIVILEGES ON *.* TO 'root'@'%%' IDENTIFIED BY \"");
      password(script);
      script.line("printf ' WITH GRANT OPTION;\\n'");
    }
    if (m_desired.dialect.alter_user) {
      script.line("printf \"ALTER USER 'root'@'localhost' IDENTIFIED BY \"");
      password(script);
      script.line("printf ';\\n'");
    } else {
      script.line("printf \"SET PASSWORD FOR 'root'@'localhost' = PASSWORD(\"");
      password(script);
      script.line("printf ');\\n'");
    }
    script.line("} >\"$MRC_D/root.sql\"");
  }

  const Desired& m_desired;
};

/// Why the slave must be (re)configured or started; empty: it replicates as wanted.
std::string slave_fault(const Desired& desired, const Observed& seen) {
  if (seen.slave.empty()) return "it is no slave yet";
  const auto is = [&](const std::string& field, const std::string& wanted) {
    return seen.of_slave(field) == wanted;
  };
  if (!is("Master_Host", desired.master().address.text()) || !is("Master_Port", "3306")) {
    return fmt::format(
        "its source is {}:{}", seen.of_slave("Master_Host"), seen.of_slave("Master_Port"));
  }
  if (!is("Master_User", desired.user))
    return fmt::format("it logs in as {}", seen.of_slave("Master_User"));
  if (!is("Auto_Position", "1")) return "it does not use GTID auto-position";
  if (!is("Slave_IO_Running", "Yes") || !is("Slave_SQL_Running", "Yes")) {
    auto why = fmt::format("Slave_IO_Running: {}, Slave_SQL_Running: {}",
                           seen.of_slave("Slave_IO_Running"),
                           seen.of_slave("Slave_SQL_Running"));
    for (const std::string part : {"IO", "SQL"}) {
      const auto code = seen.of_slave("Last_" + part + "_Errno");
      if (!code.empty() && code != "0")
        why += fmt::format("; {}: {}", code, seen.of_slave("Last_" + part + "_Error"));
    }
    return why;
  }
  const std::string variable = read_only_variable(desired.dialect);
  const auto read_only = seen.variables.find(variable);
  if (read_only == seen.variables.end() || read_only->second != "ON") return variable + " is off";
  return {};
}

std::string account_fault(const Observed& seen) {
  if (!seen.answered) return " ";
  if (seen.accounts == 0) return "it does not exist, or lacks REPLICATION SLAVE";
  return seen.login_error;
}

/// Running servers are replaced one after the other: a slave when the one before it has caught up,
/// the master last.
void roll(const Desired& desired, const std::set<ServerId>& replaced, std::vector<Step>& steps) {
  std::optional<StepId> before;
  const auto queue = [&](const Server& server) {
    if (!replaced.contains(server.id)) return;
    for (auto& step : steps) {
      if (before && step.id == StepId(fmt::format("mysql/{}/container", server.id))) {
        step.after.push_back(*before);
      }
    }
    before = StepId(fmt::format("mysql/{}/rejoin", server.id));
  };
  for (const auto& server : desired.servers) {
    if (!server.is_master) queue(server);
  }
  queue(desired.master());
}

}  // namespace

std::vector<Finding> find_obstacles(const Desired& desired, const Seen& seen) {
  std::vector<Finding> out;
  const auto add =
      [&](const Server& server, std::string title, std::string detail, std::string remedy) {
        out.push_back({server.host,
                       Verdict::Level::fail,
                       std::move(title),
                       std::move(detail),
                       std::move(remedy)});
      };
  for (const auto& server : desired.servers) {
    const auto& one = seen.at(server.id);
    const auto path = fmt::format("{}/{}", desired.data_root, server.id);
    if (one.container && one.container->deployment != desired.deployment) {
      add(server,
          fmt::format("a container {} exists that this deployment has not made", server.id),
          one.container->deployment.empty() ? "it has no mark of mrc"
                                            : "it belongs to " + one.container->deployment,
          "rename the server in the file, or remove that container");
    }
    if (one.has_data && one.data_of != desired.deployment) {
      add(server,
          fmt::format("{}/data exists and this deployment has not made it", path),
          one.data_of.empty() ? "it has no mark of mrc" : "it belongs to " + one.data_of,
          "choose another data_root or name, or move the directory away");
    }
    if (!one.sql_error.empty() && one.sql_error.find("ERROR 1045") != std::string::npos) {
      add(server,
          fmt::format("the server {} refuses root's password", server.id),
          one.sql_error,
          "its data was made with another one: give that one in mysql.root_password");
    }
  }
  return out;
}

Result<std::vector<plan::Step>> make_steps(const Desired& desired, const Seen& seen) {
  const Maker maker(desired);
  std::vector<plan::Step> out;
  std::set<ServerId> replaced;
  for (const auto& server : desired.servers) {
    const auto& one = seen.at(server.id);
    if (one.docker_down)
      return fail(ErrorKind::unreadable, "Docker does not answer on {}", server.host);
    if (!one.has_data) out.push_back(maker.init(server, one));
    const bool same =
        one.container && one.container->spec == spec_hash(desired, server) &&
        (one.wanted_image_id.empty() || one.wanted_image_id == one.container->image_id);
    if (!same) {
      if (one.container && one.container->running) replaced.insert(server.id);
      out.push_back(maker.container(server, one));
    } else if (!one.container->running) {
      out.push_back(maker.start(server));
    } else if (!one.answered && one.sql_error.empty()) {
      return fail(ErrorKind::unreadable, "the server {} was not asked", server.id);
    }
  }
  auto fault = account_fault(seen.at(desired.master().id));
  if (!fault.empty()) out.push_back(maker.account(fault == " " ? "" : fault));
  for (const auto& server : desired.servers) {
    if (server.is_master) continue;
    const auto& one = seen.at(server.id);
    fault = one.answered ? slave_fault(desired, one) : "";
    const bool rejoins = replaced.contains(server.id);
    if (rejoins) out.push_back(maker.rejoin(server));
    if (replaced.contains(desired.master().id)) {
      out.push_back(maker.replicate(server, "its master's container is replaced"));
    } else if (!rejoins && (!one.answered || !fault.empty())) {
      out.push_back(maker.replicate(server, fault));
    }
  }
  roll(desired, replaced, out);
  return out;
}

}  // namespace mrc::systems::mysql
