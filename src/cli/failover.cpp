#include "mrc/systems/failover.hpp"

#include <filesystem>
#include <memory>
#include <ostream>

#include "cli/apply.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/input.hpp"
#include "cli/master_line.hpp"
#include "cli/preflight.hpp"

namespace mrc::cli {
namespace {

// A slave gives a silent connection up after 10 s.
constexpr auto k_until_silent = std::chrono::seconds(20);
constexpr auto k_between_looks = std::chrono::seconds(1);

struct FailoverOptions {
  std::string server;
  bool accept_loss = false;
  ApplyOptions apply;
};

/// A lone word that names a file is that, and no server.
FailoverOptions sorted_out(FailoverOptions options) {
  std::error_code fault;
  if (options.apply.file.empty() && std::filesystem::is_regular_file(options.server, fault)) {
    options.apply.file.swap(options.server);
  }
  return options;
}

std::string again_text(const FailoverOptions& options, const std::string& path) {
  auto words = std::string("failover");
  if (!options.server.empty()) words += " " + options.server;
  return command_line(
      words, path, {}, {{"--accept-loss", options.accept_loss}, {"--yes", options.apply.yes}});
}

/// The hosts as they are, but for those that cannot be reached.
struct Scene {
  engine::Reading reading;
  std::set<HostId> reached;
  std::set<HostId> read;
};

std::optional<Scene> look(Site& site, const std::optional<Lock>& lock, Env& env) {
  Scene scene{site.look_at_servers(env, lock), {}, {}};
  std::map<HostId, Error> grave;
  for (const auto& host : site.topology().hosts) {
    const auto failed = scene.reading.failed.find(host.id);
    if (failed == scene.reading.failed.end()) {
      scene.reached.insert(host.id);
      scene.read.insert(host.id);
    } else if (failed->second.kind == ErrorKind::timeout) {
      scene.reached.insert(host.id);  // it took the script, and something there hangs
    } else if (failed->second.kind != ErrorKind::unreachable) {
      grave.insert(*failed);
    }
  }
  if (!site.tell(grave, env)) return {};
  if (!scene.read.empty()) return scene;
  site.tell(scene.reading.failed, env);
  return {};
}

/// Looks until the slaves have noticed that their master is gone.
std::optional<systems::Succession> choose(Site& site,
                                          const systems::FailoverWish& wish,
                                          Scene& scene,
                                          Env& env) {
  const auto end = env.clock.now() + k_until_silent;
  for (;;) {
    auto chosen = systems::succession(site.inputs(), scene.reading.seen, wish);
    if (!chosen) {
      site.tell(chosen.error(), env);
      return {};
    }
    if (!chosen->heard || env.clock.now() >= end ||
        !rest(site.interrupt().soft(), k_between_looks)) {
      return std::move(*chosen);
    }
    auto next = look(site, {}, env);
    if (!next) return {};
    scene = std::move(*next);
  }
}

void tell_away(const Site& site, const Scene& scene, Env& env) {
  std::map<HostId, Error> away = scene.reading.failed;
  for (const auto& one : by_cause(troubles_of(away), site.names())) {
    env.err << site.redactor().clean(render_failure(one, site.names(), "away"));
  }
}

ExitCode run_failover(const FailoverOptions& given, Env& env) {
  const auto options = sorted_out(given);
  const auto path = topology_path(options.apply.file, env);
  if (path == "-") {
    env.err << "mrc: failover edits the topology file; name one\n";
    return ExitCode::usage;
  }
  auto input = load_input(path, env);
  if (!input) return ExitCode::usage;
  const auto& servers = input->topology.mysql.servers;
  systems::FailoverWish wish{{}, options.accept_loss};
  if (!options.server.empty()) wish.heir = ServerId(options.server);
  if (wish.heir && std::none_of(servers.begin(), servers.end(), [&](const auto& one) {
        return one.id == *wish.heir;
      })) {
    env.err << fmt::format("mrc: {} has no server {}\n", path, options.server);
    return ExitCode::usage;
  }
  const auto again = again_text(options, path);
  const auto folder = input->folder;
  const auto site = Site::load(std::move(*input), env, again);
  if (!site) return env.exit_code;
  auto scene = look(*site, Lock{"failover", options.apply.lock_wait}, env);
  if (!scene) return env.exit_code;
  const auto chosen = choose(*site, wish, *scene, env);
  if (!chosen) return env.exit_code;
  tell_away(*site, *scene, env);
  if (!tell_findings(chosen->findings, *site, env)) return env.exit_code;

  const auto before = site->text();
  const auto& line = site->topology().mysql.master;
  const auto after = with_master(before, line, chosen->heir.text());
  if (!after) {
    env.err << fmt::format(
        "mrc: {}:{}: the value of mysql.master cannot be replaced here; write it as a plain word\n",
        path,
        line.at.line);
    return ExitCode::usage;
  }
  Diagnostics diags;
  auto edited = topology::parse_topology({path, *after}, folder, diags);
  if (!edited) {
    env.err << render(diags, {path, *after});
    return ExitCode::usage;
  }
  site->change({{path, *after}, folder, std::move(*edited)});
  auto steps =
      systems::failover_steps(site->inputs(), scene->reading.seen, *chosen, scene->reached);
  if (!steps) {
    site->tell(steps.error(), env);
    return env.exit_code;
  }
  auto ways = systems::writer_steps(site->inputs(), scene->reading.seen, scene->read);
  if (!ways) {
    site->tell(ways.error(), env);
    return env.exit_code;
  }
  std::move(ways->begin(), ways->end(), std::back_inserter(*steps));
  const auto plan =
      engine::make_plan_of(site->topology().name, std::move(*steps), scene->reading.seen);
  ApplyHooks hooks;
  // The file first: whatever ends this run, the next one goes the same way.
  hooks.begin = [&] {
    const auto why = before == *after ? "" : replace_file(path, *after);
    if (why.empty()) return true;
    env.err << fmt::format("mrc: cannot write {}: {}; nothing was changed\n", path, why);
    env.exit_code = ExitCode::usage;
    return false;
  };
  hooks.ended = [&](const plan::Plan&, const exec::Report&) {
    if (before == *after) return;
    env.err << fmt::format("{}: mysql.master is {} now\n", path, chosen->heir);
  };
  hooks.verify = [&](bool write) {
    auto hosts = scene->read;
    for (const auto& server : site->topology().mysql.servers) {
      if (chosen->lost && server.id == *chosen->lost) hosts.erase(server.host);
    }
    return site->verify_servers(write, hosts);
  };
  return carry_out(plan, *site, "failover", again, options.apply, hooks, env);
}

}  // namespace

void add_failover(CLI::App& root, Env& env) {
  auto options = std::make_shared<FailoverOptions>();
  auto* command = root.add_subcommand(
      "failover", "The master is lost: give its part to the slave with the most; edits the file");
  command->add_option("server", options->server, "The master to be, instead of that one");
  command->add_option("file", options->apply.file, "Topology file");
  command->add_flag("--accept-loss",
                    options->accept_loss,
                    "Go on although another slave has, or may have, what the new master lacks");
  add_apply_options(*command, options->apply);
  command->callback([options, &env] { env.exit_code = run_failover(*options, env); });
}

}  // namespace mrc::cli
