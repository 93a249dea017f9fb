#pragma once

#include <stop_token>
#include <thread>

namespace mrc::exec {

/// Ctrl-C and SIGTERM as stop tokens: the first asks to finish what runs, the second to give it up.
/// Made before any other thread, as they inherit the blocked signals.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  std::stop_token soft() const { return m_soft.get_token(); }
  std::stop_token hard() const { return m_hard.get_token(); }

 private:
  std::stop_source m_soft;
  std::stop_source m_hard;
  std::jthread m_thread;
};

/// While it lives, the signals do in this thread what they do in any program: at a question
/// nothing runs yet, and Ctrl-C just ends mrc.
class OrdinarySignals {
 public:
  OrdinarySignals();
  ~OrdinarySignals();
  OrdinarySignals(const OrdinarySignals&) = delete;
  OrdinarySignals& operator=(const OrdinarySignals&) = delete;
};

}  // namespace mrc::exec
