#pragma once

#include <string>
#include <vector>

#include "cli/perform.hpp"
#include "mrc/cli/exit_code.hpp"
#include "mrc/engine/engine.hpp"
#include "mrc/plan/plan.hpp"

namespace mrc::cli {

/// What a command that changes hosts did, as `--json` prints it. What was not reached is null.
struct RunRecord {
  std::string command;
  std::string deployment;
  const plan::Plan* plan = nullptr;
  const Performance* performed = nullptr;                     ///< null: no step was run
  const std::vector<engine::CheckResult>* results = nullptr;  ///< null: it was not verified
  ExitCode exit_code = ExitCode::done;
};

/// Shape: {"schema": "mrc/run/1", command, deployment, exit_code, "plan": as `plan --json`,
/// "outcomes": [{step, state, milliseconds, error, because}] or null, "failures": [{cause, steps:
/// [{step, host, error, evidence, mend, note, look}], not_reached: [step]}] or null when all is
/// done, "not_begun": [step] or null likewise, "next": {again, show} likewise, "verify": as `verify
/// --json` or null}.
std::string render_json(const RunRecord& record);

}  // namespace mrc::cli
