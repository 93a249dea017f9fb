#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mrc/base/clock.hpp"
#include "mrc/base/error.hpp"
#include "mrc/exec/events.hpp"

namespace mrc::exec {

/// Whose run of what.
struct RunInfo {
  std::string command;  ///< "apply"
  std::string deployment;
  std::string by;  ///< "ann@workstation"
};

/// One run on this workstation, a JSON line an event: what is about to be done before it is done,
/// then how it ended. Written through to the disk, so that a killed mrc leaves a true story.
class Journal final : public EventSink {
 public:
  /// Makes `folder`/RUN.jsonl, 0600. `forward` hears everything too, and outlives the journal.
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& folder,
                                               const RunInfo& run,
                                               const Clock& clock,
                                               EventSink& forward);
  ~Journal() override;
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  const std::filesystem::path& path() const { return m_path; }
  /// The last line: how the run ended.
  void end(int exit_code);
  /// Whether all lines reached the disk; a full disk of the workstation stops no run half-way, but
  /// is to be told at its end. Errors: io, the first.
  Result<void> written() const { return m_written; }

  void started(const plan::Step& step) override;
  void note(const plan::Step& step, std::string_view text) override;
  void finished(const plan::Step& step, const Outcome& outcome) override;

 private:
  Journal(std::filesystem::path path, int fd, const Clock& clock, EventSink& forward)
      : m_path(std::move(path)), m_fd(fd), m_clock(clock), m_forward(forward) {}
  void write(const std::string& json);

  std::filesystem::path m_path;
  int m_fd;
  const Clock& m_clock;
  EventSink& m_forward;
  Result<void> m_written;
};

struct JournalLine {
  std::string event;  ///< "run", "started", "finished", "end"
  std::string step;
  std::string state;  ///< of finished
  std::string at;     ///< UTC, 2026-11-24T13:00:00Z
  std::string text;   ///< of run: the command; of started: the title; of a failure: the reason
  std::string host;   ///< of a step
  std::string evidence = {};    ///< of a failure
  std::string deployment = {};  ///< of run, as `by`
  std::string by = {};
  std::chrono::milliseconds took{0};  ///< of finished
  std::optional<int> exit = {};       ///< of end
  bool operator==(const JournalLine&) const = default;
};

/// Reads a journal; a last line cut off by a crash is left out. Errors: io, unreadable.
Result<std::vector<JournalLine>> read_journal(const std::filesystem::path& path);

std::string_view name(Outcome::State state);

}  // namespace mrc::exec
