#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "mrc/base/clock.hpp"
#include "mrc/cli/exit_code.hpp"
#include "mrc/transport/foreground.hpp"

namespace mrc::cli {

/// The world as a command sees it; a test passes its own.
struct Env {
  std::ostream& out;  ///< results
  std::ostream& err;  ///< progress and diagnostics
  std::istream& in;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool color = false;
  std::function<std::optional<std::string>(const std::string&)> variable;  ///< of the environment
  std::function<std::unique_ptr<transport::Connector>()> make_connector;
  /// transport::run_in_foreground.
  std::function<Result<int>(const transport::Target&, const transport::Foreground&)>
      run_in_foreground;
  const Clock& clock;
  ExitCode exit_code = ExitCode::done;  ///< set by the command that ran
};

}  // namespace mrc::cli
