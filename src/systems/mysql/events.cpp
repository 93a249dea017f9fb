#include "systems/mysql/events.hpp"

namespace mrc::systems::mysql {
namespace {

/// Says for each event that is disabled as on a slave the statement that enables it. ALTER EVENT
/// would make its definer whoever runs it.
constexpr std::string_view k_enable =
    "SELECT CONCAT('ALTER DEFINER=''', REPLACE(DEFINER, '@', '''@'''), ''' EVENT `', EVENT_SCHEMA, "
    "'`.`', EVENT_NAME, '` ENABLE;') FROM information_schema.EVENTS WHERE STATUS LIKE "
    "'%SIDE_DISABLED'";

std::uint64_t count(const Observed& seen, const std::string& status) {
  const auto found = seen.events.find(status);
  return found == seen.events.end() ? 0 : found->second;
}

}  // namespace

std::uint64_t events_enabled(const Observed& seen) { return count(seen, "ENABLED"); }

std::uint64_t events_of_master(const Observed& seen) {
  return count(seen, "SLAVESIDE_DISABLED") + count(seen, "REPLICA_SIDE_DISABLED");
}

std::optional<Finding> events_stop(const Server& heir, std::uint64_t count) {
  if (count == 0) return {};
  return Finding{
      heir.host,
      Verdict::Level::warn,
      fmt::format("{} scheduled event{} will not run on {}: on a slave {} disabled",
                  count,
                  count == 1 ? "" : "s",
                  heir.id,
                  count == 1 ? "it is" : "they are"),
      "the part of the master does not enable them",
      fmt::format("when {} is the master, run there what this gives: {}", heir.id, k_enable)};
}

}  // namespace mrc::systems::mysql
