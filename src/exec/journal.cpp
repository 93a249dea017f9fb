#include "mrc/exec/journal.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "mrc/base/bug.hpp"

namespace mrc::exec {
namespace {

using nlohmann::ordered_json;

std::string stamp(const Clock& clock) {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(clock.wall());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
}

std::string dump(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

/// A field's text; empty when it is not there or no text.
std::string field(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

JournalLine read_line(const nlohmann::json& json) {
  JournalLine line;
  line.event = field(json, "event");
  line.step = field(json, "step");
  line.state = field(json, "state");
  line.at = field(json, "at");
  line.host = field(json, "host");
  line.evidence = field(json, "evidence");
  line.deployment = field(json, "deployment");
  line.by = field(json, "by");
  if (const auto took = json.find("ms"); took != json.end() && took->is_number_integer()) {
    line.took = std::chrono::milliseconds(took->get<std::int64_t>());
  }
  if (const auto exit = json.find("exit"); exit != json.end() && exit->is_number_integer()) {
    line.exit = exit->get<int>();
  }
  for (const auto* key : {"command", "title", "error"}) {
    if (line.text.empty()) line.text = field(json, key);
  }
  return line;
}

}  // namespace

std::string_view name(Outcome::State state) {
  switch (state) {
    case Outcome::State::done:
      return "done";
    case Outcome::State::failed:
      return "failed";
    case Outcome::State::skipped:
      return "skipped";
    case Outcome::State::not_started:
      return "not_started";
  }
  throw Bug("unknown Outcome::State");
}

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& folder,
                                               const RunInfo& run,
                                               const Clock& clock,
                                               EventSink& forward) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(ErrorKind::io, "cannot make {}: {}", folder.string(), error.message());
  }
  auto name = stamp(clock);
  std::erase(name, ':');
  for (int n = 1;; ++n) {
    const auto path =
        folder /
        fmt::format("{}-{}{}.jsonl", name, run.command, n == 1 ? "" : fmt::format("-{}", n));
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST) continue;
    if (fd < 0) {
      return fail(ErrorKind::io, "cannot write {}: {}", path.string(), std::strerror(errno));
    }
    std::unique_ptr<Journal> journal(new Journal(path, fd, clock, forward));
    journal->write(dump(ordered_json{{"event", "run"},
                                     {"at", stamp(clock)},
                                     {"command", run.command},
                                     {"deployment", run.deployment},
                                     {"by", run.by}}));
    return journal;
  }
}

Journal::~Journal() { ::close(m_fd); }

void Journal::write(const std::string& json) {
  const auto line = json + "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    const auto put = ::write(m_fd, rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
  if (m_written && (!rest.empty() || ::fdatasync(m_fd) != 0)) {
    m_written = fail(ErrorKind::io, "cannot write {}: {}", m_path.string(), std::strerror(errno));
  }
}

void Journal::started(const plan::Step& step) {
  write(dump(ordered_json{{"event", "started"},
                          {"at", stamp(m_clock)},
                          {"step", step.id.text()},
                          {"host", step.host.text()},
                          {"title", step.title}}));
  m_forward.started(step);
}

void Journal::note(const plan::Step& step, std::string_view text) { m_forward.note(step, text); }

void Journal::finished(const plan::Step& step, const Outcome& outcome) {
  ordered_json json{{"event", "finished"},
                    {"at", stamp(m_clock)},
                    {"step", step.id.text()},
                    {"host", step.host.text()},
                    {"state", name(outcome.state)},
                    {"ms", outcome.took.count()}};
  if (outcome.state == Outcome::State::failed) {
    json["error"] = outcome.error.text();
    json["evidence"] = outcome.error.evidence;
  }
  if (outcome.state == Outcome::State::skipped) json["because"] = outcome.because.text();
  write(dump(json));
  m_forward.finished(step, outcome);
}

void Journal::end(int exit_code) {
  write(dump(ordered_json{{"event", "end"}, {"at", stamp(m_clock)}, {"exit", exit_code}}));
}

Result<std::vector<JournalLine>> read_journal(const std::filesystem::path& path) {
  std::ifstream in(path);
  if (!in) return fail(ErrorKind::io, "cannot read {}", path.string());
  std::vector<JournalLine> lines;
  for (std::string text; std::getline(in, text);) {
    const bool cut = in.eof();  // no newline behind it: mrc died while writing it
    if (cut) break;
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded() || !json.is_object()) {
      return fail(ErrorKind::unreadable, "{}: no journal line: {}", path.string(), excerpt(text));
    }
    lines.push_back(read_line(json));
  }
  return lines;
}

}  // namespace mrc::exec
