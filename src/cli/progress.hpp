#pragma once

#include <chrono>
#include <iosfwd>
#include <map>
#include <string>

#include "mrc/cli/env.hpp"
#include "mrc/exec/events.hpp"

namespace mrc::cli {

/// One line per step as it ends: mark, host, title, duration. On a terminal a last line says what
/// runs and what it waits for; elsewhere a wait is told once for each new reason.
class Progress final : public exec::EventSink {
 public:
  Progress(Env& env, std::size_t host_width);
  void started(const plan::Step& step) override;
  void note(const plan::Step& step, std::string_view text) override;
  void finished(const plan::Step& step, const exec::Outcome& outcome) override;

 private:
  void show_running();
  void clear_running();

  Env& m_env;
  std::size_t m_host_width;
  std::map<StepId, std::string> m_running;  // to what is shown of it
};

/// "340 ms", "12.3 s", "2 min 5 s".
std::string render_duration(std::chrono::milliseconds duration);

}  // namespace mrc::cli
