#pragma once

#include "systems/mysql/internal.hpp"

/// What keeps a slave from its master's transactions: what its threads' errors mean, and what of it
/// mrc mends. Nothing is mended by skipping a transaction.
namespace mrc::systems::mysql {

enum class Fault {
  none,
  purged,         ///< the master's binary logs begin later: it gets a copy
  ahead,          ///< it has what its master lacks: a human decides
  identity,       ///< another server has its uuid: it gets one of its own
  relay_log,      ///< cannot be read: it is fetched anew
  duplicate_key,  ///< its rows are not the master's: a human compares
  missing_row,
  other,
};

/// By the errors of its threads alone.
Fault fault_of(const Observed& slave);

/// Why its threads do not run: what that means, the transaction where it stopped, the server's own
/// words. Empty: they run.
std::string trouble(const Observed& slave);

/// Transactions of the slave's own, certainly none that its master has by now, as the two were not
/// asked in the same moment. Empty: none, or it cannot be told.
std::string own_transactions(const Desired& desired, const Seen& seen, const Server& slave);

/// A server named before this one that has the same uuid, as when a data directory was copied;
/// null: none has.
const Server* twin(const Desired& desired, const Seen& seen, const Server& server);

}  // namespace mrc::systems::mysql
