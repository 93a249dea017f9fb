#include "systems/mysql/maker.hpp"

#include <algorithm>

#include "mrc/base/bug.hpp"
#include "mrc/base/hash.hpp"
#include "mrc/plan/milestone.hpp"
#include "mysql_upgrade.sh.hpp"
#include "systems/mysql/authentication.hpp"
#include "systems/mysql/container.hpp"
#include "systems/mysql/replication.hpp"
#include "systems/mysql/scripts.hpp"

namespace mrc::systems::mysql {
namespace {

namespace milestone = plan::milestone;
using plan::Cause;
using plan::Change;
using plan::Step;

std::string data_ready(const Server& server) { return fmt::format("data/{}/ready", server.id); }

/// Who is cut off while the container of a running server is replaced.
std::string outage(const Server& server) {
  return server.is_master ? fmt::format("nobody writes: {} does not answer, some 15 s", server.id)
                          : fmt::format("{} does not answer, some 15 s", server.id);
}

/// For mrc_mysql_taken: the step's own limit, less what it needs to tell why.
std::chrono::seconds patience(const Step& step) { return step.timeout - std::chrono::seconds(60); }

bool has(const Difference& diff, const std::string& field) {
  return std::any_of(
      diff.begin(), diff.end(), [&](const auto& line) { return line.field == field; });
}

}  // namespace

Step Maker::init(const Server& server, const Observed& seen) const {
  auto step = make(server, "init", "make the data directory of " + server.id.text());
  step.reason = seen.staging ? "an earlier attempt broke off" : "";
  step.diff = {{Change::create, "data", "", data_path(m_desired, server.id)},
               {Change::create,
                "root",
                "",
                fmt::format("root@{}, {}", m_desired.root_host, m_desired.root_password.label())}};
  step.needs = {milestone::image_present(server.host), milestone::host_ready(server.host)};
  step.gives = {data_ready(server)};
  step.timeout = std::chrono::minutes(10);
  auto& script = step.apply;
  record(script, "data", server);
  check_options(script, server, server);
  script.line("mrc_mysql_init {} {} {} {} {} {} {}",
              m_desired.deployment,
              server.id,
              m_desired.image,
              m_desired.data_root,
              script.secret_file(m_desired.root_password),
              m_desired.root_host,
              shell::words(server.birth_options));
  return step;
}

Step Maker::take_up_data(const Server& server) const {
  auto step = make(server, "init", "take up the data directory of " + server.id.text());
  step.change = Change::update;
  step.reason = "it stayed when the server was taken away";
  step.diff = {{Change::create, "record", "", record_key(server.id, "data")}};
  step.gives = {data_ready(server)};
  record(step.apply, "data", server);
  return step;
}

Step Maker::adopt_data(const Server& server) const {
  auto step = make(server, "init", "take over the data directory of " + server.id.text());
  step.change = Change::update;
  step.reason = "it has no mark of mrc, and --adopt was given";
  step.diff = {{Change::update,
                "owner of " + data_path(m_desired, server.id),
                "nobody",
                m_desired.deployment}};
  step.gives = {data_ready(server)};
  record(step.apply, "data", server);
  step.apply.line("mrc_mysql_mark {} {} {}", m_desired.data_root, server.id, m_desired.deployment);
  return step;
}

Step Maker::container(const Server& server, const Observed& seen, Difference diff) const {
  const bool replaces = seen.container.has_value();
  const bool adopts = replaces && seen.container->deployment.empty();
  auto step = make(server,
                   "container",
                   (replaces ? "replace the container " : "run the container ") + server.id.text());
  step.change = replaces ? Change::replace : Change::create;
  step.timeout = std::chrono::minutes(30);  // system tables of a newer series look at all tables
  step.undoes = {milestone::survival_ready(server.id)};
  if (replaces) {
    step.risk = plan::Risk::disruptive;
    step.impact = seen.container->running() ? outage(server) : "";
    // Calico's interface goes with the container.
    step.undoes.push_back(milestone::endpoint_ready(server.id));
    step.reason = adopts               ? "mrc has not made it, and --adopt was given"
                  : has(diff, "image") ? "the file has another image"
                  : is_restart(diff)   ? fmt::format("restart: \"{}\" asked for", m_desired.restart)
                                       : "it was made otherwise than the file asks";
  }
  step.diff = std::move(diff);
  const auto older = older_series(seen);
  const bool copies = older && m_desired.copy_before_upgrade;
  if (older) {
    step.diff.push_back({Change::update, "system tables", *older, m_desired.image});
  }
  if (copies) {
    step.diff.push_back(
        {Change::create,
         "copy",
         "",
         fmt::format("{}.mrc-kept-{}-TIME", data_path(m_desired, server.id), *older)});
    step.impact += step.impact.empty() ? "" : ", and while its data are copied";
    step.timeout = std::chrono::hours(6);
  }
  // The same server elsewhere would have the same address.
  step.needs = {data_ready(server),
                milestone::image_present(server.host),
                milestone::survival_gone(server.id),
                milestone::exposure_gone(server.id),
                milestone::endpoint_gone(server.id),
                milestone::endpoint_replaceable(server.id),
                milestone::container_gone(server.id)};
  step.gives = {milestone::container_running(server.id)};
  auto& script = step.apply;
  script.use(embedded::mysql_upgrade_sh);
  record(script, "container", server);
  check_options(script, server, server);
  // What another server's step would be refused is found while nothing was replaced.
  for (const auto& other : m_desired.servers) {
    if (replaces && other.own_options != server.own_options) check_options(script, server, other);
  }
  const auto data = data_path(m_desired, server.id);
  const auto root = script.secret_file(m_desired.root_password);
  script.line("mrc_mysql_compare {} {}", server.id, data);
  if (m_desired.copy_before_upgrade) {
    script.line("mrc_mysql_room {} {}", data, copies ? "planned" : "unplanned");
  }
  auto words = run_words(m_desired, server);
  const auto marks = labels(m_desired, server);
  words.insert(words.end(), marks.begin(), marks.end());
  words.push_back(m_desired.image);
  words.insert(words.end(), server.options.begin(), server.options.end());
  script.line(
      "mrc_mysql_stop_remove {} {} {}", server.id, m_desired.deployment, adopts ? "adopt" : "ours");
  if (copies) script.line("mrc_mysql_keep {}", data);
  script.line("mrc_mysql_served {}", data);
  write_role(script, server);
  script.line("mrc_mysql_own {} {} {}", server.id, m_desired.image, data)
      .line("mrc_mysql_run {} {}", server.id, shell::words(words))
      .line("mrc_mysql_note {} {}", m_desired.deployment, server.id)
      .line("mrc_mysql_taken {} {} {} {}", server.id, root, data, patience(step).count())
      .line("mrc_mysql_tables {} {} {}", server.id, root, data);
  return step;
}

Step Maker::finish_upgrade(const Server& server, const Observed& seen) const {
  auto step =
      make(server,
           "upgrade",
           seen.half_upgraded ? fmt::format("bring the system tables of {} up to date", server.id)
                              : fmt::format("note that {} has taken its data", server.id));
  step.change = Change::run;
  step.cause = Cause::drift;
  step.reason = "its last upgrade was cut off";
  if (seen.half_upgraded && m_desired.dialect.flavour == topology::Flavour::mysql) {
    step.risk = plan::Risk::disruptive;  // it is started anew
    step.impact = outage(server);
  }
  step.needs = {milestone::container_running(server.id),
                milestone::endpoint_ready(server.id),
                milestone::survival_ready(server.id)};
  step.timeout = std::chrono::minutes(30);
  auto& script = step.apply;
  const auto root = script.secret_file(m_desired.root_password);
  const auto data = data_path(m_desired, server.id);
  script.use(embedded::mysql_upgrade_sh)
      .line("mrc_mysql_taken {} {} {} {}", server.id, root, data, patience(step).count())
      .line("mrc_mysql_tables {} {} {} {} {}",
            server.id,
            root,
            data,
            m_desired.deployment,
            server.address);
  return step;
}

/// The version whose data a server of a newer series comes upon; empty: that is not so.
std::optional<std::string> Maker::older_series(const Observed& seen) const {
  const auto last = parse_reported(had(seen));
  const auto next = parse_reported(seen.image_version);
  if (!last || last->version >= (next ? next->version : m_desired.version)) return {};
  return had(seen).substr(0, had(seen).find_first_not_of("0123456789."));
}

Step Maker::update(const Server& server, Difference diff) const {
  auto step = make(server, "container", "mend the container " + server.id.text());
  step.change = Change::update;
  step.reason = "Docker would not start it again by itself as the file asks";
  step.diff = std::move(diff);
  step.apply.line("docker update --restart unless-stopped {} >/dev/null", server.id)
      .line("mrc_mysql_note {} {}", m_desired.deployment, server.id);
  return step;
}

Step Maker::start(const Server& server, const Observed& seen) const {
  auto step = make(server, "start", "start the container " + server.id.text());
  step.change = Change::run;
  step.cause = Cause::drift;
  step.reason = seen.container->status == "paused" ? "it is paused" : "it is stopped";
  step.needs = {data_ready(server)};
  step.gives = {milestone::container_running(server.id)};
  write_role(step.apply, server);
  step.apply.line("mrc_mysql_start {}", server.id);
  await(step, server, seen);
  return step;
}

Step Maker::wait(const Server& server, const Observed& seen) const {
  auto step = make(server, "start", "wait until the server " + server.id.text() + " answers");
  step.change = Change::run;
  step.cause = Cause::drift;
  step.reason = seen.sql_error;
  step.gives = {milestone::container_running(server.id)};
  await(step, server, seen);
  return step;
}

void Maker::await(Step& step, const Server& server, const Observed& seen) const {
  auto& script = step.apply;
  const auto root = script.secret_file(m_desired.root_password);
  if (seen.had_before.empty()) {
    step.timeout = std::chrono::minutes(8);
    script.line("mrc_mysql_wait {} {} 300", server.id, root);
    return;
  }
  step.timeout = std::chrono::minutes(30);
  script.use(embedded::mysql_upgrade_sh)
      .line("mrc_mysql_taken {} {} {} {}",
            server.id,
            root,
            data_path(m_desired, server.id),
            patience(step).count());
}

Step Maker::settings(const Server& server, Difference diff) const {
  auto step = make(server, "settings", "set what was changed in the server " + server.id.text());
  step.change = Change::update;
  // The options that the container was made with say the same.
  step.cause = Cause::drift;
  step.reason = "it runs with other values than its options";
  auto& script = step.apply;
  const auto root = script.secret_file(m_desired.root_password);
  // The wider switch goes first, as it implies the other.
  std::reverse(diff.begin(), diff.end());
  write_role(script, server);
  for (const auto& line : diff) {
    if (line.field == k_role_field) continue;
    script.line("echo {} | mrc_mysql {} root {}",
                fmt::format("SET GLOBAL {}={}", line.field, line.after),
                server.id,
                root);
  }
  std::reverse(diff.begin(), diff.end());
  step.diff = std::move(diff);
  return step;
}

Step Maker::account(const Difference& diff) const {
  const auto& master = m_desired.master();
  const bool is_new = diff.empty() || has(diff, "account");
  auto step = make(master,
                   "account",
                   (is_new ? "create the replication account " : "mend the replication account ") +
                       m_desired.user);
  step.change = is_new ? Change::create : Change::update;
  step.diff = diff;
  if (diff.empty()) {
    Observed nothing;
    step.diff = account_difference(m_desired, nothing);
  }
  step.gives = {milestone::replication_account()};
  auto& script = step.apply;
  record(script, "account", master);
  const auto root = script.secret_file(m_desired.root_password);
  const auto password = script.secret_file(m_desired.password);
  script.line("mrc_mysql_wait {} {} 120", master.id, root)
      .line("mrc_mysql_account {} {} {} {} {} {}",
            master.id,
            root,
            m_desired.user,
            password,
            m_desired.require,
            m_desired.max_connections);
  return step;
}

Step Maker::replicate(const Server& server, Difference diff) const {
  const auto& master = m_desired.master();
  auto step = follow(server,
                     "replicate",
                     fmt::format("replicate {} from {}", server.id, master.id),
                     source_of(m_desired));
  step.goal = goal(server, "replicate");
  step.change = diff.empty() ? Change::create : Change::update;
  step.diff = std::move(diff);
  if (step.diff.empty()) {
    step.diff = {{Change::create,
                  "source",
                  "",
                  fmt::format("{}@{}:3306, auto position, TLS {}, {}",
                              m_desired.user,
                              master.address,
                              m_desired.tls,
                              m_desired.password.label())}};
  }
  return step;
}

Step Maker::rejoin(const Server& server, std::string_view verb, std::string reason) const {
  return rejoin(server, verb, std::move(reason), source_of(m_desired));
}

Step Maker::rejoin(const Server& server,
                   std::string_view verb,
                   std::string reason,
                   const Source& source) const {
  auto step = follow(server, verb, fmt::format("wait until {} has caught up", server.id), source);
  step.change = Change::run;
  step.reason = std::move(reason);
  return step;
}

Step Maker::note(const Server& server, std::string_view verb, std::string_view key) const {
  auto step = make(server, verb, fmt::format("note in the record: {} of {}", key, server.id));
  step.change = Change::update;
  step.cause = Cause::drift;
  step.reason = "the record on the host lacks it";
  step.diff = {{Change::create, "record", "", record_key(server.id, key)}};
  if (key == "container") {
    step.apply.line("mrc_mysql_note {} {}", m_desired.deployment, server.id);
  } else {
    record(step.apply, key, server);
  }
  return step;
}

Step Maker::make(const Server& server, std::string_view verb, std::string title) const {
  Step step;
  step.id = step_of(server, verb);
  step.host = server.host;
  step.title = std::move(title);
  step.goal = goal(server, verb);
  use_mysql(step.apply);
  say_former(step.apply, m_desired);
  say_tls(step.apply, m_desired, m_desired.tls);
  return step;
}

/// What the file wants of each thing that a step brings about; empty for what only follows.
std::string Maker::goal(const Server& server, std::string_view verb) const {
  const auto plugin = moves_accounts(m_desired) ? fmt::format(" by {}", k_plugin) : "";
  if (verb == "init") {
    return fmt::format("{} root@{}", data_path(m_desired, server.id), m_desired.root_host);
  }
  if (verb == "container") {
    const auto wanted = m_desired.image + " " + spec_hash(m_desired, server);
    return m_desired.restart.empty() ? wanted : wanted + " restart " + m_desired.restart;
  }
  if (verb == "provision") return "a copy of " + m_desired.master().id.text();
  if (verb == "account") {
    auto wanted =
        fmt::format("{} {} REPLICATION SLAVE", m_desired.user, change_mark(m_desired.password));
    // Said where it is asked for, so that records of before these words stay true.
    if (m_desired.require != "NONE") wanted += fmt::format(" require {}", m_desired.require);
    if (m_desired.max_connections != 0) {
      wanted += fmt::format(" connections {}", m_desired.max_connections);
    }
    return wanted + plugin;
  }
  if (verb == "root") return "root " + change_mark(m_desired.root_password) + plugin;
  if (verb == "root-host") return "root@" + m_desired.root_host;
  if (verb == "replicate") return channel_goal(m_desired.master());
  return {};
}

std::string Maker::channel_goal(const Server& master) const {
  return fmt::format("{} {} {} auto position, read only, tls {}",
                     m_desired.user,
                     change_mark(m_desired.password),
                     master.address,
                     m_desired.tls);
}

Step Maker::follow(const Server& server,
                   std::string_view verb,
                   std::string title,
                   const Source& source) const {
  const auto& master = m_desired.master();
  auto step = make(server, verb, std::move(title));
  step.goal.clear();
  step.needs = {milestone::replication_account(),
                milestone::profile_open(),
                milestone::container_running(master.id),
                milestone::container_running(server.id),
                milestone::endpoint_ready(master.id),
                milestone::endpoint_ready(server.id),
                data_settled(server)};
  step.gives = {milestone::server_ready(server.id)};
  step.timeout = std::chrono::minutes(6);
  auto& script = step.apply;
  const auto root = script.secret_file(m_desired.root_password);
  const auto password = script.secret_file(m_desired.password);
  record(script, "source", server);
  if (source.tls != m_desired.tls) say_tls(script, m_desired, source.tls);
  script.line("mrc_mysql_wait {} {} 120", server.id, root);
  script.line("mrc_mysql_replicate {} {} {} {} {} {}",
              server.id,
              root,
              source.address,
              m_desired.user,
              password,
              source.tls);
  script.line("printf 'SET GLOBAL %s=ON\\n' {} | mrc_mysql {} root {}",
              read_only_variable(m_desired.dialect),
              server.id,
              root);
  // It may have been the master; until now its host had to know.
  script.line("mrc_forget {} {}", m_desired.deployment, record_key(server.id, "account"));
  return step;
}

void Maker::write_role(shell::Script& script, const Server& server) const {
  script.line("mrc_mysql_role {} {}",
              data_path(m_desired, server.id),
              shell::words(role_lines(m_desired, server.is_master)));
}

/// Written before the thing is made; the container's gets its image's id when there is one.
void Maker::record(shell::Script& script, std::string_view key, const Server& server) const {
  std::string value;
  if (key == "data") {
    value = data_path(m_desired, server.id);
  } else if (key == "container") {
    value = server.id.text();
  } else if (key == "account") {
    value = m_desired.user;
  } else if (key == "source") {
    value = m_desired.master().id.text();
  }
  MRC_CHECK(!value.empty());
  script.line(
      "mrc_record {} {} {}", m_desired.deployment, record_key(server.id, key), "\"" + value + "\"");
}

/// The server in the image, asked beside `server`, says whether it is what the plan takes it for,
/// and takes the options of `of`.
void Maker::check_options(shell::Script& script, const Server& server, const Server& of) const {
  script.line("mrc_mysql_check_options {} {} {} {} {}",
              server.id,
              m_desired.image,
              of.id,
              m_desired.dialect.name,
              shell::words(of.options));
}

}  // namespace mrc::systems::mysql
