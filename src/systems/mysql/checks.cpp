#include <functional>

#include "systems/mysql/container.hpp"
#include "systems/mysql/internal.hpp"
#include "systems/mysql/scripts.hpp"

namespace mrc::systems::mysql {
namespace {

using Level = Verdict::Level;

// A number, or from MariaDB 12 on words.
constexpr const char* k_closed = "SELECT CAST(@@GLOBAL.read_only AS CHAR) NOT IN ('0', 'OFF')";

/// What a script says on failure is the finding; silence means that it holds.
Verdict by_status(const Observation& seen) {
  if (seen.status == 0) return {};
  auto text = seen.err.empty() ? seen.out : seen.err;
  while (text.ends_with('\n')) text.pop_back();
  const auto last = text.rfind('\n');
  return {Level::fail, excerpt(last == std::string::npos ? text : text.substr(last + 1), 300), {}};
}

class Maker {
 public:
  Maker(const Desired& desired, std::vector<Check>& out) : m_desired(desired), m_out(out) {}

  /// A check whose script's own status and words decide. The lambda writes the script.
  void add(std::string id,
           std::string group,
           const Server& server,
           std::string title,
           std::string remedy,
           const std::function<void(shell::Script&, const shell::Text& root)>& write) {
    Check check;
    check.id = std::move(id);
    check.group = std::move(group);
    check.host = server.host;
    check.subject = server.id.text();
    check.title = std::move(title);
    use_mysql(check.ask);
    say_tls(check.ask, m_desired, m_desired.tls);
    write(check.ask, check.ask.secret_file(m_desired.root_password));
    check.judge = [remedy = std::move(remedy)](const Observation& seen) {
      auto verdict = by_status(seen);
      if (verdict.level != Level::ok) verdict.remedy = remedy;
      return verdict;
    };
    m_out.push_back(std::move(check));
  }

  /// One value asked of the server that must be this.
  void variable(std::string id,
                const Server& server,
                std::string title,
                const std::string& sql,
                const std::string& wanted,
                std::string remedy) {
    add(std::move(id),
        "replication",
        server,
        std::move(title),
        std::move(remedy),
        [&](shell::Script& script, const shell::Text& root) {
          script.line("got=$(printf '%s\\n' {} | mrc_mysql {} root {} -N)", sql, server.id, root)
              .line("[ \"$got\" = {} ] || mrc_die {}\"$got\"", wanted, fmt::format("{} is ", sql));
        });
  }

  Check& last() { return m_out.back(); }

  void exposed(const Server& server, Port port) {
    Check check;
    check.id = "MRC-V501";
    check.group = "exposure";
    check.host = server.host;
    check.subject = server.id.text();
    check.title = fmt::format("{}:{} answers as this server", server.host_ip, port);
    check.dial = Dial{server.host_ip.text(),
                      port,
                      m_desired.user,
                      m_desired.password,
                      "SELECT @@server_id AS server_id, @@report_host AS report_host"};
    check.judge = [wanted = fmt::format("report_host={}\nserver_id={}\n",
                                        server.address,
                                        server.server_id)](const Observation& seen) -> Verdict {
      if (seen.status != 0)
        return {Level::fail, seen.err, "mrc plan shows what of the exposure is missing"};
      if (seen.out == wanted) return {};
      return {Level::fail,
              "another server answers: " + excerpt(seen.out),
              "look for an older DNAT rule of the port"};
    };
    m_out.push_back(std::move(check));
  }

 private:
  const Desired& m_desired;
  std::vector<Check>& m_out;
};

void check_container(const Desired& desired, const Server& server, Maker& make) {
  make.add("MRC-V211",
           "containers",
           server,
           "its container runs",
           "docker logs " + server.id.text() + ", then mrc apply",
           [&](shell::Script& script, const shell::Text&) {
             script
                 .line(
                     "got=$(docker inspect --type container -f '{{.State.Running}} "
                     "{{.State.ExitCode}}' {})",
                     server.id)
                 .line(
                     "case $got in true*) ;; *) mrc_die \"it is not running, exit code ${got#* }\" "
                     ";; esac");
           });
  make.add("MRC-V212",
           "containers",
           server,
           "it was made from what the file says",
           "mrc plan shows the difference",
           [&](shell::Script& script, const shell::Text&) {
             script
                 .line(
                     "got=$(docker inspect --type container -f '{{index .Config.Labels "
                     "\"mrc.spec\"}}' {})",
                     server.id)
                 .line("[ \"$got\" = {} ] || mrc_die \"its spec is $got\"",
                       spec_hash(desired, server));
             if (desired.restart.empty()) return;
             script
                 .line(
                     "got=$(docker inspect --type container -f '{{index .Config.Labels "
                     "\"mrc.restart\"}}' {})",
                     server.id)
                 .line("[ \"$got\" = {} ] || mrc_die \"it was not started for the file's restart\"",
                       desired.restart);
           });
  make.add(
      "MRC-V213",
      "containers",
      server,
      "it comes back after a restart of Docker",
      "mrc apply",
      [&](shell::Script& script, const shell::Text&) {
        script
            .line(
                "got=$(docker inspect --type container -f '{{.HostConfig.RestartPolicy.Name}}' {})",
                server.id)
            .line("[ \"$got\" = unless-stopped ] || mrc_die \"its restart policy is $got\"");
      });
  make.add(
      "MRC-V214",
      "containers",
      server,
      "root has to give a password",
      "set one at once: ALTER USER or SET PASSWORD",
      [&](shell::Script& script, const shell::Text&) {
        script.line(": >\"$MRC_D/none\"")
            .line(
                "if echo 'SELECT 1' | mrc_mysql {} root \"$MRC_D/none\" >/dev/null "
                "2>\"$MRC_D/said\"; then",
                server.id)
            .line("mrc_die 'root logs in without a password'; fi")
            .line("grep -q 'ERROR 1045' \"$MRC_D/said\" || mrc_die \"$(cat \"$MRC_D/said\")\"");
      });
}

void check_slave(const Desired& desired, const Server& server, Maker& make) {
  const auto& master = desired.master();
  make.add("MRC-V301",
           "replication",
           server,
           "both replication threads run",
           "mrc apply starts them where that is safe",
           [&](shell::Script& script, const shell::Text& root) {
             // Right after its interface came back a slave tries again within 10 s.
             script
                 .line("mrc_wait 15 {} mrc_mysql_tried {} {} >\"$MRC_D/tried\" 2>&1 || :",
                       "its next try",
                       server.id,
                       root)
                 .line("mrc_mysql_threads {} {}", server.id, root);
           });
  make.add("MRC-V302",
           "replication",
           server,
           fmt::format("its source is {}, by auto-position", master.id),
           "mrc apply",
           [&](shell::Script& script, const shell::Text& root) {
             script.line("mrc_mysql_status {} {} >\"$MRC_D/st\"", server.id, root)
                 .line(
                     "got=$(mrc_mysql_field \"$MRC_D/st\" Master_Host):$(mrc_mysql_field "
                     "\"$MRC_D/st\" Master_Port)")
                 .line(
                     "got=\"$got as $(mrc_mysql_field \"$MRC_D/st\" Master_User), "
                     "$(mrc_mysql_field \"$MRC_D/st\" Auto_Position)\"")
                 .line("[ \"$got\" = {} ] || mrc_die \"its source is $got\"",
                       fmt::format("{}:3306 as {}, 1", master.address, desired.user));
           });
  make.variable("MRC-V305", server, "it takes no writes from users", k_closed, "1", "mrc apply");
  make.add("MRC-V306",
           "replication",
           server,
           "it has no transaction that its master lacks",
           "do not promote it; compare the rows, then make it anew from the master",
           [&](shell::Script& script, const shell::Text& root) {
             script
                 .line("errant=$(mrc_mysql_errant {} {} {} {} {})",
                       server.id,
                       root,
                       master.address,
                       desired.user,
                       script.secret_file(desired.password))
                 .line("[ -z \"$errant\" ] || mrc_die \"errant transactions: $errant\"");
           });
  // Slaves that are taken for one another push each other off: by the uuid that a copied data
  // directory has too, and in MariaDB, which has none, by the number.
  const bool mariadb = desired.dialect.flavour == topology::Flavour::mariadb;
  make.add("MRC-V307",
           "replication",
           server,
           mariadb ? "its server id is not its master's" : "its server uuid is its own",
           mariadb ? "mrc apply" : "delete auto.cnf of the copied directory",
           [&](shell::Script& script, const shell::Text& root) {
             script.line("mrc_mysql_status {} {} >\"$MRC_D/st\"", server.id, root)
                 .line("own=$(echo {} | mrc_mysql {} root {} -N)",
                       mariadb ? "SELECT @@server_id" : "SELECT @@server_uuid",
                       server.id,
                       root)
                 .line(
                     "[ \"$own\" != \"$(mrc_mysql_field \"$MRC_D/st\" {})\" ] || mrc_die \"both "
                     "have $own\"",
                     mariadb ? "Master_Server_Id" : "Master_UUID");
           });
}

/// Slaves have the master's accounts, unless somebody wrote to one of them alone.
void check_root(const Desired& desired, const Server& server, Maker& make) {
  make.add("MRC-V310",
           "replication",
           server,
           desired.root_host == "localhost" ? "root comes from localhost alone"
                                            : "root may come from anywhere, as the file says",
           server.is_master ? "mrc apply" : "mend it there, with sql_log_bin=0",
           [&](shell::Script& script, const shell::Text& root) {
             script.line("mrc_mysql_root_comes_from {} {} {}", server.id, root, desired.root_host);
           });
}

void check_data(const Desired& desired,
                const Server& server,
                const CheckOptions& options,
                Maker& make) {
  if (server.is_master) {
    make.add("MRC-V401",
             "data",
             server,
             "a row can be written",
             "read the error; mrc plan",
             [&](shell::Script& script, const shell::Text& root) {
               script.line("mrc_mysql_write_proof {} {} {} {}",
                           server.id,
                           root,
                           desired.deployment,
                           options.token);
             });
    return;
  }
  make.add("MRC-V402",
           "data",
           server,
           "the row written on the master is there",
           "see MRC-V301",
           [&](shell::Script& script, const shell::Text& root) {
             script.line("mrc_wait 10 {} mrc_mysql_has_proof {} {} {} {}",
                         "the row",
                         server.id,
                         root,
                         desired.deployment,
                         options.token);
           });
  make.last().late = true;  // the time for the row to come begins when it has been written
}

}  // namespace

std::vector<Check> make_checks(const Desired& desired, const CheckOptions& options) {
  std::vector<Check> out;
  Maker make(desired, out);
  for (const auto& server : desired.servers) {
    check_container(desired, server, make);
    make.variable("MRC-V303",
                  server,
                  "its server_id is the file's",
                  "SELECT @@server_id",
                  fmt::format("{}", server.server_id),
                  "mrc apply");
    if (desired.dialect.flavour == topology::Flavour::mariadb) {  // there it is always on
      make.variable(
          "MRC-V304", server, "its log has GTIDs", "SELECT @@GLOBAL.log_bin", "1", "mrc apply");
    } else {
      make.variable(
          "MRC-V304", server, "GTID mode is on", "SELECT @@GLOBAL.gtid_mode", "ON", "mrc apply");
    }
    if (!server.is_master) check_slave(desired, server, make);
    check_root(desired, server, make);
  }
  const auto& master = desired.master();
  make.variable(
      "MRC-V308", master, "the master takes writes", k_closed, "0", "SET GLOBAL read_only=OFF");
  make.add("MRC-V309",
           "replication",
           master,
           "the replication user can log in",
           "mrc apply",
           [&](shell::Script& script, const shell::Text& root) {
             script.line("mrc_mysql_meet {} {}", master.id, root)
                 .line("mrc_mysql_login {} {} {}",
                       master.id,
                       desired.user,
                       script.secret_file(desired.password));
           });
  if (options.write) {
    for (const auto& server : desired.servers) check_data(desired, server, options, make);
  }
  for (const auto& server : desired.servers) {
    for (const auto port : server.exposed) make.exposed(server, port);
  }
  return out;
}

}  // namespace mrc::systems::mysql
