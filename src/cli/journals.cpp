#include "cli/journals.hpp"

#include <algorithm>

#include "mrc/exec/journal.hpp"

namespace mrc::cli {
namespace {

namespace fs = std::filesystem;

PastStep& step_of(PastRun& run, const exec::JournalLine& line) {
  const auto found = std::find_if(
      run.steps.begin(), run.steps.end(), [&](const auto& one) { return one.id == line.step; });
  if (found != run.steps.end()) return *found;
  run.steps.push_back({line.step, line.host, {}, "broken off", {}, {}, {}});
  return run.steps.back();
}

void take(PastRun& run, const exec::JournalLine& line) {
  run.ended = line.at;
  if (line.event == "run") {
    run.command = line.text;
    run.deployment = line.deployment;
    run.by = line.by;
    run.began = line.at;
  } else if (line.event == "started") {
    step_of(run, line).title = line.text;
  } else if (line.event == "finished") {
    auto& step = step_of(run, line);
    step.state = line.state;
    step.took = line.took;
    step.error = line.text;
    step.evidence = line.evidence;
  } else if (line.event == "end") {
    run.exit = line.exit;
  }
}

}  // namespace

fs::path journal_folder(const Env& env) {
  const auto state = env.variable("XDG_STATE_HOME");
  if (state && !state->empty()) return fs::path(*state) / "mrc/runs";
  return fs::path(env.variable("HOME").value_or("/tmp")) / ".local/state/mrc/runs";
}

std::size_t PastRun::count(std::string_view state) const {
  return static_cast<std::size_t>(std::count_if(
      steps.begin(), steps.end(), [&](const auto& one) { return one.state == state; }));
}

Result<std::vector<PastRun>> read_runs(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& one : fs::directory_iterator(folder, error)) {
    if (one.path().extension() == ".jsonl") files.push_back(one.path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(ErrorKind::io, "cannot read {}: {}", folder.string(), error.message());
  }
  std::sort(files.rbegin(), files.rend());
  std::vector<PastRun> runs;
  for (const auto& file : files) {
    const auto lines = exec::read_journal(file);
    if (!lines) return fail(lines.error());
    PastRun run;
    run.name = file.stem();
    for (const auto& line : *lines) take(run, line);
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace mrc::cli
