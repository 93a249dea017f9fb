#include "systems/mysql/former.hpp"

#include "systems/mysql/gtid.hpp"
#include "systems/mysql/maker.hpp"
#include "systems/mysql/replication.hpp"

namespace mrc::systems::mysql {

bool was_master(const Desired& desired,
                const Seen& seen,
                const Observations& all,
                const Server& server) {
  return !server.is_master && holder(desired, seen) == nullptr &&
         all.record(server.host).contains(record_key(server.id, "account"));
}

bool is_open(const Observed& seen) {
  return seen.answered && !keeps_writes_off(seen.variable("read_only"));
}

std::optional<std::string> has_alone(const Observed& former, const Observed& master) {
  // A position is the last of a line of numbers, which its successor has gone on with.
  if (const auto state = former.variable("gtid_binlog_state"); !state.empty()) {
    const auto id = former.variable("server_id");
    return difference(written_by(id, state), written_by(id, master.variable("gtid_binlog_state")));
  }
  return difference(former.variable("gtid_executed"), master.variable("gtid_executed"));
}

}  // namespace mrc::systems::mysql
