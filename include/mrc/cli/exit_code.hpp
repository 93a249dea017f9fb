#pragma once

namespace mrc::cli {

/// The one table of exit codes, for all commands.
enum class ExitCode {
  done = 0,              ///< nothing left to do
  usage = 1,             ///< usage, or the topology is invalid
  changes_pending = 2,   ///< plan: something would change
  preflight_failed = 3,  ///< nothing changed
  incomplete = 4,        ///< apply or destroy failed part-way
  verify_failed = 5,     ///< or what status shows fails
  locked = 6,            ///< by somebody else
  unreachable = 7,       ///< a host cannot be reached or refuses the login; nothing changed
  bug = 70,
  interrupted = 130,
};

}  // namespace mrc::cli
