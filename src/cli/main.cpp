#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "mrc/base/bug.hpp"
#include "mrc/cli/run.hpp"

namespace {

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return {};
  return std::string(value);
}

}  // namespace

int main(int argc, char** argv) {
  using mrc::cli::ExitCode;
  std::signal(SIGPIPE, SIG_IGN);
  const mrc::SystemClock clock;
  const bool terminal = isatty(STDERR_FILENO) == 1;
  mrc::transport::OpenSshOptions options;
  options.config = variable("MRC_SSH_CONFIG").value_or("");
  const auto make_connector = [&]() -> std::unique_ptr<mrc::transport::Connector> {
    return std::make_unique<mrc::transport::OpenSshConnector>(options);
  };
  const auto run_in_foreground = [&](const auto& target, const auto& what) {
    return mrc::transport::run_in_foreground(target, options, what);
  };
  mrc::cli::Env env{.out = std::cout,
                    .err = std::cerr,
                    .in = std::cin,
                    .in_is_terminal = isatty(STDIN_FILENO) == 1,
                    .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                    .err_is_terminal = terminal,
                    .color = terminal && !variable("NO_COLOR"),
                    .variable = variable,
                    .make_connector = make_connector,
                    .run_in_foreground = run_in_foreground,
                    .clock = clock};
  ExitCode code = ExitCode::bug;
  try {
    code = mrc::cli::run({argv + 1, argv + argc}, env);
  } catch (const mrc::Bug& bug) {
    std::cerr << "mrc: this is a bug in mrc, please report it: " << bug.what() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "mrc: this is a bug in mrc, please report it: " << error.what() << '\n';
  }
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "mrc: cannot write the result to stdout\n";
    if (code == ExitCode::done) code = ExitCode::usage;
  }
  return static_cast<int>(code);
}
