#include "systems/mysql/standing.hpp"

#include "systems/mysql/gtid.hpp"

namespace mrc::systems::mysql {
namespace {

using plan::Change;

/// What it has applied, and what it has received and not applied.
std::optional<std::string> has(const Observed& slave) {
  const auto applied = slave.variable("gtid_executed");
  const auto rest = difference(received(slave), applied);
  if (!rest) return {};
  auto out = "has " + (applied.empty() ? "nothing" : one_line(applied));
  if (!rest->empty()) out += fmt::format(", and {} to apply", *rest);
  return out;
}

/// Against the one that gets the part.
std::optional<std::string> compared(const Observed& other, const Observed& heir) {
  const auto set = difference(received(heir), received(other));
  const auto less = missing(received(heir), received(other));
  const auto more = missing(received(other), received(heir));
  if (!set || !less || !more) return {};
  if (*less == 0 && *more == 0) return "as much as that";
  std::string out;
  if (*less != 0) out = fmt::format("lacks {} of these: {}", *less, *set);
  if (*more != 0) out += fmt::format("{}{} more", out.empty() ? "" : ", has ", *more);
  return out;
}

/// Of servers that tell it.
std::string heard(const Observed& slave, const Server& lost) {
  const auto seconds = slave.variable("heard_seconds_ago");
  return seconds.empty() ? "" : fmt::format("; heard {} last {} s ago", lost.id, seconds);
}

/// Of two equal options mysqld takes the last.
bool is_on(const Server& server, std::string_view option) {
  bool on = false;
  for (const auto& argument : server.options) {
    const auto field = option_field(argument);
    if (field.name == option) on = field.value != "0" && field.value != "OFF";
  }
  return on;
}

}  // namespace

const Observed* answer_of(const Seen& seen, const Server& server) {
  const auto found = seen.servers.find(server.id);
  return found != seen.servers.end() && found->second.answered ? &found->second : nullptr;
}

std::string received(const Observed& slave) {
  return slave.variable("gtid_executed") + "," + slave.of_slave("Retrieved_Gtid_Set");
}

Result<Difference> standing(const Desired& desired, const Seen& seen, const Server& lost) {
  const auto& heir = desired.master();
  const auto& most = seen.at(heir.id);
  Difference out;
  for (const auto& server : desired.servers) {
    const auto* const one = answer_of(seen, server);
    if (server.id == lost.id || one == nullptr || one->slave.empty()) continue;
    auto text = has(*one);
    const auto against = compared(*one, most);
    if (!text || !against) {
      return fail(ErrorKind::unreadable, "odd sets of transactions of {}", server.id);
    }
    if (!server.is_master) *text += "; " + *against;
    out.push_back({Change::run, server.id.text(), "", *text + heard(*one, lost)});
  }
  return out;
}

std::string waited_for(const Server& lost, const Server& heir, const Observed& said) {
  const bool waits = is_on(lost, "mysqld --rpl-semi-sync-source-enabled") ||
                     is_on(lost, "mysqld --rpl-semi-sync-master-enabled");
  const bool answers = said.variable("rpl_semi_sync_replica_enabled") == "ON" ||
                       said.variable("rpl_semi_sync_slave_enabled") == "ON";
  if (!waits) return fmt::format("{} acknowledged without waiting for a slave", lost.id);
  if (!answers) {
    return fmt::format(
        "{} was to wait for a slave before it acknowledged, but {} does not answer to that",
        lost.id,
        heir.id);
  }
  return fmt::format("{} acknowledged when a slave had it, or when none had said so in time",
                     lost.id);
}

}  // namespace mrc::systems::mysql
