#include "systems/mysql/provision.hpp"

#include "mrc/plan/milestone.hpp"
#include "mysql_copy.sh.hpp"
#include "systems/mysql/gtid.hpp"
#include "systems/mysql/maker.hpp"

namespace mrc::systems::mysql {
namespace {

namespace milestone = plan::milestone;
using plan::Change;
using plan::Step;

constexpr std::string_view k_lent = "mysql/lent";

Result<std::string> lacking(const std::string& of,
                            const std::string& in,
                            const ServerId& one,
                            const ServerId& other) {
  auto set = difference(of, in);
  if (set) return std::move(*set);
  return fail(ErrorKind::unreadable,
              "odd sets of transactions of {} and {}: {} and {}",
              one,
              other,
              excerpt(of),
              excerpt(in));
}

std::string megabytes(std::uint64_t kilobytes) {
  return kilobytes == 0 ? "of a size not known" : fmt::format("about {} MB", kilobytes / 1024 + 1);
}

/// How the dialect copies, for a human; the host decides.
std::string way(const Dialect& dialect) {
  if (dialect.flavour == topology::Flavour::mariadb) return "by a dump, which locks nothing";
  if (dialect.from >= topology::ServerVersion{8, 0}) {
    return "by the clone plugin where both have it, else by a dump";
  }
  return "by a dump; writes wait while its snapshot is opened, 2 s at most";
}

}  // namespace

Result<std::string> out_of_reach(const Desired& desired, const Seen& seen, const Server& slave) {
  const auto& master = desired.master();
  const auto& one = seen.at(slave.id);
  const auto purged = seen.at(master.id).variable("gtid_purged");
  if (purged.empty() || (one.has_data && !one.answered)) return std::string();
  auto has = one.variable("gtid_executed");
  if (const auto more = one.of_slave("Retrieved_Gtid_Set"); !more.empty()) has += "," + more;
  return lacking(purged, has, master.id, slave.id);
}

Result<std::string> errant(const Desired& desired, const Seen& seen, const Server& slave) {
  const auto& master = desired.master();
  const auto& one = seen.at(slave.id);
  // MariaDB's position does not tell who wrote what leads there; its log's state does.
  if (const auto state = one.variable("gtid_binlog_state"); !state.empty()) {
    auto own = written_beyond(
        one.variable("server_id"), state, seen.at(master.id).variable("gtid_binlog_state"));
    if (!own) return fail(ErrorKind::unreadable, "odd states of the logs of {}", slave.id);
    return std::move(*own);
  }
  return lacking(one.variable("gtid_executed"),
                 seen.at(master.id).variable("gtid_executed"),
                 slave.id,
                 master.id);
}

bool has_own_data(const Seen& seen, const Server& slave) {
  return !seen.at(slave.id).variable("gtid_executed").empty();
}

Step Maker::lend(const std::vector<const Server*>& slaves) const {
  const auto& master = m_desired.master();
  auto step = make(master, "lend", "let slaves copy the data of " + master.id.text());
  step.diff.reserve(slaves.size());
  std::vector<std::string> addresses;
  for (const auto* slave : slaves) {
    step.diff.push_back(
        {Change::create, "account", "", fmt::format("mrc_copy@{}", slave->address)});
    addresses.push_back(slave->address.text());
  }
  step.reason = "it reads everything, and goes when they have their copies; no slave gets it";
  step.change = Change::run;
  step.needs = {milestone::container_running(master.id)};
  step.gives = {std::string(k_lent)};
  auto& script = step.apply;
  script.use(embedded::mysql_copy_sh)
      .line("mrc_mysql_lend {} {} {}",
            master.id,
            script.secret_file(m_desired.root_password),
            shell::words(addresses));
  return step;
}

Step Maker::provision(const Server& slave,
                      std::string lacks,
                      bool owns,
                      std::uint64_t kilobytes) const {
  const auto& master = m_desired.master();
  auto step = make(
      slave, "provision", fmt::format("give {} a copy of the data of {}", slave.id, master.id));
  step.reason = fmt::format("the binary logs of {} have no more: {}", master.id, excerpt(lacks));
  step.change = owns ? Change::replace : Change::create;
  if (owns) {
    step.risk = plan::Risk::destructive;
    step.impact = fmt::format("{} does not answer, some 15 s, when its copy is there", slave.id);
  }
  step.diff = {{owns ? Change::replace : Change::create,
                "data",
                owns ? "its own, all of which its master has" : "",
                fmt::format("{}, {}", megabytes(kilobytes), way(m_desired.dialect))}};
  step.needs = {std::string(k_lent),
                milestone::container_running(master.id),
                milestone::container_running(slave.id),
                milestone::endpoint_ready(master.id),
                milestone::endpoint_ready(slave.id),
                // It ends the container, and the unit gives it back what goes with that.
                milestone::survival_ready(slave.id)};
  step.gives = {data_settled(slave)};
  // A megabyte a second is slow.
  step.timeout = std::chrono::minutes(20) + std::chrono::seconds(kilobytes / 1024);
  auto& script = step.apply;
  script.use(embedded::mysql_copy_sh);
  const auto root = script.secret_file(m_desired.root_password);
  script.line("mrc_mysql_wait {} {} 120", slave.id, root)
      .line("mrc_mysql_copy_begin {} {} {} {} {}",
            slave.id,
            m_desired.data_root,
            root,
            fmt::format("{}", kilobytes),
            owns ? "data" : "nothing")
      .line("mrc_mysql_birth copy {} {} {} {} {} {} {}",
            m_desired.deployment,
            slave.id,
            m_desired.image,
            m_desired.data_root,
            root,
            m_desired.root_host,
            shell::words(slave.birth_options))
      .line("mrc_mysql_copy_run {} {} {} {} {}",
            slave.id,
            m_desired.deployment,
            m_desired.image,
            root,
            shell::words(slave.copy_options))
      .line("mrc_mysql_copy_from {} {} {} {}",
            master.id,
            master.address,
            m_desired.tls,
            fmt::format("{}", kilobytes))
      .line("mrc_mysql_role {} {}",
            data_path(m_desired, slave.id) + ".mrc-copy",
            shell::words(role_lines(m_desired, false)))
      .line(
          "mrc_mysql_copy_serve {} {} {} {}", m_desired.deployment, slave.id, root, slave.address);
  return step;
}

Step Maker::take_back() const {
  const auto& master = m_desired.master();
  auto step = make(master, "take-back", "let nobody copy the data of " + master.id.text());
  step.change = Change::run;
  step.diff = {{Change::remove, "account", "mrc_copy", ""}};
  auto& script = step.apply;
  const auto root = script.secret_file(m_desired.root_password);
  script.use(embedded::mysql_copy_sh)
      .line("mrc_mysql_meet {} {}", master.id, root)
      .line("mrc_mysql_take_back_copier {} {}", master.id, root);
  return step;
}

}  // namespace mrc::systems::mysql
