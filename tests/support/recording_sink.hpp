#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mrc/exec/events.hpp"
#include "mrc/exec/journal.hpp"

namespace mrc::test {

/// Keeps all events as "started a", "note a: text", "finished a done". Read it after the run.
class RecordingSink final : public exec::EventSink {
 public:
  void started(const plan::Step& step) override {
    events.push_back("started " + step.id.text());
    if (on_started) on_started(step);
  }
  void note(const plan::Step& step, std::string_view text) override {
    events.push_back("note " + step.id.text() + ": " + std::string(text));
  }
  void finished(const plan::Step& step, const exec::Outcome& outcome) override {
    events.push_back("finished " + step.id.text() + " " + std::string(exec::name(outcome.state)));
  }

  std::vector<std::string> events;
  std::function<void(const plan::Step&)> on_started;
};

}  // namespace mrc::test
