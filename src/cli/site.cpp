#include "cli/site.hpp"

#include <fmt/chrono.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <ostream>
#include <random>

#include "cli/artefacts.hpp"
#include "mrc/systems/failover.hpp"
#include "mrc/transport/mysql_client.hpp"

namespace mrc::cli {
namespace {

constexpr auto k_between_tries = std::chrono::milliseconds(300);  // for a lock

transport::Target target(const HostId& host,
                         const topology::Topology& topology,
                         const topology::Secrets& secrets) {
  return {.host = host,
          .address = {},
          .user = topology.ssh.user,
          .port = topology.ssh.port,
          .host_key = {},
          .become = topology.ssh.become,
          .become_password = secrets.become_password};
}

std::vector<transport::Target> targets(const topology::Topology& topology,
                                       const topology::Secrets& secrets) {
  std::vector<transport::Target> out;
  for (const auto& host : topology.hosts) {
    out.push_back(login_of(host, topology));
    out.back().become_password = secrets.become_password;
  }
  return out;
}

std::vector<HostId> host_ids(const topology::Topology& topology) {
  std::vector<HostId> out;
  for (const auto& host : topology.hosts) out.push_back(host.id);
  return out;
}

std::string indented(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    out += "    " + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

std::string_view headline(ExitCode code) {
  switch (code) {
    case ExitCode::locked:
      return "somebody else is at work on these hosts";
    case ExitCode::unreachable:
      return "not all hosts can be reached";
    case ExitCode::interrupted:
      return "interrupted";
    default:
      return "what cannot be read is not taken for absent";
  }
}

systems::Observation ask_outside(const systems::Dial& dial) {
  const auto row =
      transport::query_row({dial.address, dial.port, dial.user, dial.password}, dial.sql);
  if (!row) return {1, {}, row.error().text()};
  systems::Observation seen;
  for (const auto& [column, value] : *row) seen.out += fmt::format("{}={}\n", column, value);
  return seen;
}

std::string holder_text(const std::string& command, const Env& env) {
  const auto now = std::chrono::system_clock::to_time_t(env.clock.wall());
  return fmt::format("{} since {:%H:%M:%S} UTC, mrc {}, pid {}\n",
                     operator_name(env),
                     fmt::gmtime(now),
                     command,
                     getpid());
}

std::string make_token() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

std::vector<systems::Check> checks_of(const engine::Systems& systems, bool write) {
  const systems::CheckOptions options{write, make_token()};
  std::vector<systems::Check> checks;
  for (const auto& system : systems) {
    auto some = system->checks(options);
    std::move(some.begin(), some.end(), std::back_inserter(checks));
  }
  return checks;
}

}  // namespace

transport::Target login_of(const topology::Host& host, const topology::Topology& topology) {
  return {.host = host.id,
          .address = host.address,
          .user = host.user.empty() ? topology.ssh.user : host.user,
          .port = host.port != 0 ? host.port : topology.ssh.port,
          .host_key = host.host_key,
          .become = topology.ssh.become,
          .become_password = {}};
}

ExitCode exit_code_of(const std::map<HostId, Error>& failed) {
  // Whoever holds the lock is the reason for all else; who cannot be reached comes next.
  auto code = ExitCode::preflight_failed;
  for (const auto& [host, error] : failed) {
    if (error.kind == ErrorKind::locked) return ExitCode::locked;
    const bool away = error.kind == ErrorKind::unreachable || error.kind == ErrorKind::auth ||
                      error.kind == ErrorKind::timeout;
    if (away) code = ExitCode::unreachable;
  }
  return code;
}

bool rest(const std::stop_token& stop, std::chrono::milliseconds duration) {
  std::mutex mutex;
  std::unique_lock guard(mutex);
  std::condition_variable_any wake;
  wake.wait_for(guard, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

void add_lock_wait(CLI::App& command, std::chrono::seconds& wait) {
  command
      .add_option_function<std::int64_t>(
          "--lock-wait",
          [&wait](std::int64_t seconds) { wait = std::chrono::seconds(seconds); },
          "Wait so long for another run to end: 30s, 5m")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, std::int64_t>{{"s", 1}, {"m", 60}, {"h", 3600}}))
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{86400}));
}

std::string operator_name(const Env& env) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return fmt::format(
      "{}@{}", env.variable("USER").value_or(fmt::format("uid-{}", getuid())), host.data());
}

std::string render_error(const Error& error) {
  return error.text() + "\n" + indented(error.evidence);
}

Site::Site(Input input, topology::Secrets secrets, std::string again, Env& env)
    : m_input(std::move(input)),
      m_names(m_input.topology),
      m_again(std::move(again)),
      m_secrets(std::move(secrets)),
      m_connector(env.make_connector()) {
  m_redactor.add(m_secrets.root_password);
  if (m_secrets.root_password_before) m_redactor.add(*m_secrets.root_password_before);
  m_redactor.add(m_secrets.replication_password);
  if (m_secrets.become_password) m_redactor.add(*m_secrets.become_password);
  m_fleet = std::make_unique<exec::Fleet>(
      *m_connector, targets(m_input.topology, m_secrets), m_interrupt.hard());
}

std::unique_ptr<Site> Site::load(const std::string& file,
                                 Env& env,
                                 std::string again,
                                 Permits permits) {
  env.exit_code = ExitCode::usage;
  auto input = load_input(file, env);
  if (!input) return {};
  return load(std::move(*input), env, std::move(again), std::move(permits));
}

std::unique_ptr<Site> Site::load(Input input, Env& env, std::string again, Permits permits) {
  env.exit_code = ExitCode::usage;
  auto secrets = load_input_secrets(input, env);
  if (!secrets) return {};
  std::unique_ptr<Site> site(
      new Site(std::move(input), std::move(*secrets), std::move(again), env));
  site->m_permits = std::move(permits);
  auto artefacts = load_artefacts(site->topology(), env);
  if (!artefacts) {
    env.err << "mrc: " << render_error(artefacts.error());
    return {};
  }
  site->m_artefacts = std::move(*artefacts);
  site->m_systems = systems::make_systems(site->inputs());
  return site;
}

systems::Inputs Site::inputs() const {
  return {.topology = m_input.topology,
          .secrets = m_secrets,
          .artefacts = m_artefacts,
          .adopt = m_permits.adopt};
}

void Site::change(Input input) {
  m_systems.clear();  // they refer to the topology
  m_input = std::move(input);
  m_systems = systems::make_systems(inputs());
}

std::string Site::file() const {
  return std::filesystem::absolute(m_input.source.name).lexically_normal().string();
}

Result<transport::Answer> Site::run_on(const HostId& host, const shell::Script& script) {
  transport::RunOptions options;
  options.stop = m_interrupt.hard();
  return m_fleet->run(host, script, options);
}

transport::Target Site::target_of(const HostId& host) const {
  return login_of(topology().host(host), topology());
}

bool Site::connect(Env& env) { return tell(m_fleet->connect(), env); }

std::string Site::look_at(const plan::Step& step) const {
  for (const auto& system : m_systems) {
    if (step.id.text().starts_with(fmt::format("{}/", system->name()))) {
      return system->look_at(step.id);
    }
  }
  return {};
}

engine::RunAll Site::run_all() {
  return
      [this](const std::map<HostId, shell::Script>& scripts) { return m_fleet->run_all(scripts); };
}

engine::Reading Site::read(const engine::Systems& systems,
                           const std::optional<Lock>& lock,
                           const Env& env) {
  const engine::RunAll locked = [&](const std::map<HostId, shell::Script>& scripts) {
    return m_fleet->lock_and_run(topology().name, holder_text(lock->command, env), scripts);
  };
  return engine::observe(topology().name, host_ids(topology()), systems, lock ? locked : run_all());
}

engine::Reading Site::read_patiently(const engine::Systems& systems,
                                     const std::optional<Lock>& lock,
                                     Env& env) {
  auto reading = read(systems, lock, env);
  const auto end = env.clock.now() + (lock ? lock->wait : std::chrono::seconds(0));
  bool told = false;
  while (exit_code_of(reading.failed) == ExitCode::locked && env.clock.now() < end &&
         !m_interrupt.soft().stop_requested()) {
    if (!told) {
      for (const auto& one : by_cause(troubles_of(reading.failed), m_names)) {
        env.err << m_redactor.clean(render_failure(one, m_names, "waiting for the lock"));
      }
    }
    told = true;
    rest(m_interrupt.soft(), k_between_tries);
    reading = read(systems, lock, env);
  }
  return reading;
}

engine::Reading Site::look_at_servers(Env& env, const std::optional<Lock>& lock) {
  return read_patiently(systems::make_servers(inputs()), lock, env);
}

std::optional<systems::Observations> Site::observe(Env& env, const std::optional<Lock>& lock) {
  auto reading = read_patiently(m_systems, lock, env);
  if (!tell(reading.failed, env) || !read_departed(reading, env)) return {};
  return std::move(reading.seen);
}

bool Site::tell(const std::map<HostId, Error>& failed, Env& env) const {
  if (failed.empty()) return true;
  env.exit_code =
      m_interrupt.soft().stop_requested() ? ExitCode::interrupted : exit_code_of(failed);
  env.err << m_redactor.clean(render_failures(by_cause(troubles_of(failed), m_names), m_names))
          << fmt::format("mrc: {}; nothing was changed\nGo on with: {}\n",
                         headline(env.exit_code),
                         m_again);
  return false;
}

void Site::tell(const Error& error, Env& env) const {
  env.exit_code = ExitCode::preflight_failed;
  env.err << m_redactor.clean("FAILED: " + render_error(error))
          << fmt::format("mrc: {}; nothing was changed\nGo on with: {}\n",
                         headline(env.exit_code),
                         m_again);
}

bool Site::read_departed(engine::Reading& reading, Env& env) {
  auto departed = engine::departed_hosts(reading.seen, host_ids(topology()));
  if (!departed) {
    tell(departed.error(), env);
    return false;
  }
  std::map<HostId, systems::RecordedHost> forgotten;
  for (const auto& name : m_permits.forget) {
    auto found = departed->extract(HostId(name));
    if (!found) {
      env.err << fmt::format(
          "mrc: --forget {}: no host of that name has left the file; nothing was changed\n", name);
      env.exit_code = ExitCode::usage;
      return false;
    }
    forgotten.insert(std::move(found));
  }
  reading.seen.put_forgotten(std::move(forgotten));
  if (departed->empty()) return true;
  std::vector<transport::Target> more;
  for (const auto& [host, how] : *departed) {
    more.push_back(target(host, topology(), m_secrets));
    more.back().address = how.address;
    more.back().user = how.user;
    more.back().port = how.port;
    more.back().host_key = how.host_key;
  }
  m_fleet->add(more);
  engine::observe_departed(topology().name, std::move(*departed), m_systems, run_all(), reading);
  if (tell(reading.failed, env)) return true;
  env.err
      << "  hint: these hosts left the file, and what the deployment has on them is to be taken\n"
         "  away; one that is gone for good is given up by --forget HOST\n";
  return false;
}

std::vector<systems::Condition> Site::status(const engine::Reading& reading) const {
  return engine::status(m_systems, host_ids(topology()), reading);
}

std::vector<engine::CheckResult> Site::verify(bool write) {
  return engine::run_checks(checks_of(m_systems, write), run_all(), ask_outside);
}

std::vector<engine::CheckResult> Site::verify_servers(bool write, const std::set<HostId>& hosts) {
  auto checks = checks_of(systems::make_servers(inputs()), write);
  std::erase_if(checks, [&](const systems::Check& one) { return !hosts.contains(one.host); });
  return engine::run_checks(std::move(checks), run_all(), ask_outside);
}

}  // namespace mrc::cli
