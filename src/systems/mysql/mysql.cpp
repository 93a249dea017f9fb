#include "systems/mysql/mysql.hpp"

#include "mysql_restore.sh.hpp"
#include "systems/mysql/internal.hpp"
#include "systems/mysql/scripts.hpp"

namespace mrc::systems::mysql {
namespace {

class MysqlSystem final : public System {
 public:
  explicit MysqlSystem(Desired desired) : m_desired(std::move(desired)) {}

  std::string_view name() const override { return "mysql"; }

  shell::Script probe(const HostId& host) const override {
    shell::Script script;
    use_mysql(script).line("mrc_mysql_marked {}", m_desired.deployment);
    say_former(script, m_desired);
    say_tls(script, m_desired, m_desired.tls);
    for (const auto& server : m_desired.servers) {
      if (server.host != host) continue;
      script.line("mrc_mysql_probe {} {} {} {} {} {} {} {} {}",
                  server.id,
                  m_desired.data_root,
                  m_desired.deployment,
                  script.secret_file(m_desired.root_password),
                  m_desired.user,
                  script.secret_file(m_desired.password),
                  m_desired.image,
                  m_desired.adopt ? "yes" : "no",
                  server.address);
    }
    return script.line("echo done");
  }

  Result<std::vector<Finding>> preflight(const Observations& seen) const override {
    auto read = read_all(seen);
    if (!read) return fail(std::move(read).error());
    return find_obstacles(m_desired, *read, seen);
  }

  Result<std::vector<plan::Step>> steps(const Observations& seen) const override {
    auto read = read_all(seen);
    if (!read) return fail(std::move(read).error());
    return make_steps(m_desired, *read, seen);
  }

  Result<std::vector<plan::Step>> teardown(const Observations& seen,
                                           bool delete_data) const override {
    auto read = read_all(seen);
    if (!read) return fail(std::move(read).error());
    return make_teardown(m_desired, *read, seen, delete_data);
  }

  /// Everything else of a server is in its data and in the options that its container was made
  /// with.
  shell::Script restore(const ServerId& id) const override {
    shell::Script script;
    for (const auto& server : m_desired.servers) {
      if (server.id != id || server.is_master) continue;
      script.use(embedded::mysql_restore_sh)
          .line("mrc_mysql_restore {} {} {}", id, server.address, m_desired.master().address);
    }
    return script;
  }

  std::string look_at(const StepId& step) const override {
    for (const auto& server : m_desired.servers) {
      if (step.text().starts_with(fmt::format("mysql/{}/", server.id))) {
        return fmt::format("docker logs --tail 50 {}", server.id);
      }
    }
    return "docker ps -a";
  }

  std::vector<Check> checks(const CheckOptions& options) const override {
    return make_checks(m_desired, options);
  }

  std::vector<Condition> status(const Observations& seen) const override {
    return make_status(m_desired, seen);
  }

 private:
  Result<Seen> read_all(const Observations& seen) const {
    auto all = read_seen(seen);
    if (!all) return all;
    for (const auto& server : m_desired.servers) {
      if (!all->servers.contains(server.id)) {
        return fail(ErrorKind::unreadable, "{} says nothing about {}", server.host, server.id);
      }
    }
    return all;
  }

  Desired m_desired;
};

}  // namespace
}  // namespace mrc::systems::mysql

namespace mrc::systems {

std::unique_ptr<System> make_mysql(const Inputs& inputs) {
  return std::make_unique<mysql::MysqlSystem>(mysql::make_desired(inputs));
}

}  // namespace mrc::systems
