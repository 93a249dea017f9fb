#include "mrc/systems/client.hpp"

#include <memory>
#include <ostream>

#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/site.hpp"

namespace mrc::cli {
namespace {

constexpr int k_ssh_failed = 255;

struct MysqlOptions {
  std::string server;
  std::string file;
  std::optional<std::string> sql;
};

struct SshOptions {
  std::string host;
  std::string file;
};

/// The status of what ran is ours.
ExitCode ending(const Result<int>& status, Env& env) {
  if (!status) {
    env.err << "mrc: " << render_error(status.error());
    return ExitCode::unreachable;
  }
  return *status == k_ssh_failed ? ExitCode::unreachable : static_cast<ExitCode>(*status);
}

ExitCode run_mysql(const MysqlOptions& options, std::vector<std::string> arguments, Env& env) {
  const auto site =
      Site::load(options.file, env, command_line("mysql " + options.server, options.file, {}));
  if (!site) return env.exit_code;
  const auto& servers = site->topology().mysql.servers;
  const auto found = std::find_if(servers.begin(), servers.end(), [&](const auto& one) {
    return one.id.text() == options.server;
  });
  if (found == servers.end()) {
    env.err << fmt::format("mrc: the file has no server {}\n", options.server);
    return ExitCode::usage;
  }
  auto login = site->run_on(found->host,
                            systems::client_login(found->id, site->inputs().secrets.root_password));
  if (login && login->status != 0) {
    login = fail({ErrorKind::exit_status,
                  fmt::format("{} cannot be asked: {}", found->id, excerpt(login->err, 200)),
                  {},
                  login->status,
                  {}});
  }
  if (!login) {
    env.err << "mrc: " << site->redactor().clean(render_error(login.error()));
    return exit_code_of({{found->host, login.error()}});
  }
  auto file = login->out;
  while (file.ends_with('\n')) file.pop_back();
  transport::Foreground client;
  client.terminal = !options.sql && env.in_is_terminal;
  client.input = options.sql;
  // As a client does that is given -e: a table for a human, columns for a program.
  if (options.sql && env.out_is_terminal) arguments.insert(arguments.begin(), "--table");
  client.command = systems::client_command(found->id, file, client.terminal, arguments);
  return ending(env.run_in_foreground(site->target_of(found->host), client), env);
}

ExitCode run_ssh(const SshOptions& options, const std::vector<std::string>& words, Env& env) {
  const auto input = load_input(options.file, env);
  if (!input) return ExitCode::usage;
  const auto& hosts = input->topology.hosts;
  const auto found = std::find_if(
      hosts.begin(), hosts.end(), [&](const auto& one) { return one.id.text() == options.host; });
  if (found == hosts.end()) {
    env.err << fmt::format("mrc: the file has no host {}\n", options.host);
    return ExitCode::usage;
  }
  transport::Foreground what;
  what.terminal = env.in_is_terminal;
  if (!words.empty()) what.command = shell::Text("exec {}", shell::words(words));
  auto target = login_of(*found, input->topology);
  target.become = false;  // as ssh itself would log in
  return ending(env.run_in_foreground(target, what), env);
}

}  // namespace

void add_mysql(CLI::App& root, const std::vector<std::string>& rest, Env& env) {
  auto options = std::make_shared<MysqlOptions>();
  auto* command = root.add_subcommand("mysql", "Open a client in a server, as root");
  command->add_option("server", options->server, "The server")->required();
  command->add_option("file", options->file, "Topology file");
  command->add_option("-e,--execute", options->sql, "SQL to run; without it, what stdin says");
  command->footer("Words behind -- are the client's own: mrc mysql mysql-slave1 -- --table");
  command->callback([options, rest, &env] { env.exit_code = run_mysql(*options, rest, env); });
}

void add_ssh(CLI::App& root, const std::vector<std::string>& rest, Env& env) {
  auto options = std::make_shared<SshOptions>();
  auto* command = root.add_subcommand("ssh", "Open a shell on a host");
  command->add_option("host", options->host, "The host")->required();
  command->add_option("file", options->file, "Topology file");
  command->footer("Words behind -- are a command to run there: mrc ssh docker1 -- uptime");
  command->callback([options, rest, &env] { env.exit_code = run_ssh(*options, rest, env); });
}

}  // namespace mrc::cli
