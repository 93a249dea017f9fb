#pragma once

#include <stdlib.h>  // setenv

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "mrc/cli/run.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_session.hpp"
#include "support/temp_folder.hpp"

namespace mrc::test {

/// Passes all on to the connector that the test keeps.
class LentConnector final : public transport::Connector {
 public:
  explicit LentConnector(FakeConnector& to) : m_to(to) {}
  Result<std::unique_ptr<transport::Session>> connect(const transport::Target& target,
                                                      std::stop_token stop) override {
    return m_to.connect(target, std::move(stop));
  }

 private:
  FakeConnector& m_to;
};

/// mrc in this process, in a folder of its own, with hosts that are played.
struct CliWorld {
  CliWorld() {
    setenv("MRC_ROOT_PASSWORD", "root-Pass", 1);
    setenv("MRC_REPL_PASSWORD", "repl-Pass", 1);
    variables["XDG_STATE_HOME"] = folder.path().string();
  }
  cli::ExitCode run(const std::vector<std::string>& args, const std::string& input = "") {
    out.str("");
    err.str("");
    std::istringstream in(input);
    cli::Env env{.out = out,
                 .err = err,
                 .in = in,
                 .in_is_terminal = in_is_terminal,
                 .out_is_terminal = out_is_terminal,
                 .err_is_terminal = false,
                 .color = false,
                 .variable = [this](const std::string& name) -> std::optional<std::string> {
                   const auto found = variables.find(name);
                   if (found == variables.end()) return {};
                   return found->second;
                 },
                 .make_connector = [this] { return std::make_unique<LentConnector>(hosts); },
                 .run_in_foreground =
                     [this](const auto& target, const auto& what) {
                       foreground.emplace_back(target, what);
                       return foreground_ends;
                     },
                 .clock = clock};
    return cli::run(args, env);
  }
  std::string file(const std::string& name, const std::string& text) const {
    write_file(folder / name, text);
    return folder / name;
  }

  TempFolder folder;
  FakeConnector hosts;
  /// What ran in the foreground, and how that ends.
  std::vector<std::pair<transport::Target, transport::Foreground>> foreground;
  Result<int> foreground_ends = 0;
  FakeClock clock;
  std::map<std::string, std::string> variables;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  std::ostringstream out;
  std::ostringstream err;
};

}  // namespace mrc::test
