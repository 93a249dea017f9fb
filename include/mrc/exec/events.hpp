#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "mrc/base/error.hpp"
#include "mrc/plan/step.hpp"

namespace mrc::exec {

/// How one step ended.
struct Outcome {
  enum class State { done, failed, skipped, not_started } state = State::not_started;
  Error error;     ///< why it failed; with `evidence`, the tail of what else the script said
  StepId because;  ///< the failed step that a skipped one depends on
  std::chrono::milliseconds took{0};
};

/// What happens during a run, as it happens. Calls come one at a time, from any thread.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void started(const plan::Step& step) = 0;
  /// A line from the host while the step runs: what it waits for.
  virtual void note(const plan::Step& step, std::string_view text) = 0;
  virtual void finished(const plan::Step& step, const Outcome& outcome) = 0;
};

}  // namespace mrc::exec
