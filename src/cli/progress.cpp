#include "cli/progress.hpp"

#include <fmt/format.h>

#include <ostream>

namespace mrc::cli {
namespace {

std::string_view mark(exec::Outcome::State state) {
  switch (state) {
    case exec::Outcome::State::done:
      return "ok  ";
    case exec::Outcome::State::failed:
      return "FAIL";
    case exec::Outcome::State::skipped:
      return "skip";
    case exec::Outcome::State::not_started:
      return "-   ";
  }
  return "?   ";
}

}  // namespace

std::string render_duration(std::chrono::milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000.0);
  return fmt::format("{} min {} s", ms / 60'000, ms % 60'000 / 1000);
}

Progress::Progress(Env& env, std::size_t host_width) : m_env(env), m_host_width(host_width) {}

void Progress::started(const plan::Step& step) {
  m_running[step.id] = fmt::format("{} {}", step.host, step.title);
  show_running();
}

void Progress::note(const plan::Step& step, std::string_view text) {
  clear_running();
  if (m_env.err_is_terminal) {
    m_running[step.id] = fmt::format("{} {}: {}", step.host, step.title, text);
  } else {
    m_env.err << fmt::format(
        "...  {:<{}}  {}: {}\n", step.host.text(), m_host_width, step.title, text);
  }
  show_running();
}

void Progress::finished(const plan::Step& step, const exec::Outcome& outcome) {
  m_running.erase(step.id);
  clear_running();
  const bool ran =
      outcome.state == exec::Outcome::State::done || outcome.state == exec::Outcome::State::failed;
  m_env.err << fmt::format(
      "{} {:<{}}  {}{}\n",
      mark(outcome.state),
      step.host.text(),
      m_host_width,
      step.title,
      ran ? "  " + render_duration(outcome.took) : fmt::format("  (needs {})", outcome.because));
  show_running();
}

void Progress::show_running() {
  if (!m_env.err_is_terminal || m_running.empty()) return;
  const auto& shown = m_running.begin()->second;
  m_env.err << fmt::format(
                   "\r{:.100}{}\033[K",
                   shown,
                   m_running.size() > 1 ? fmt::format("  (and {} more)", m_running.size() - 1) : "")
            << std::flush;
}

void Progress::clear_running() {
  if (m_env.err_is_terminal) m_env.err << "\r\033[K";
}

}  // namespace mrc::cli
