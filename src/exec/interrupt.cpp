#include "mrc/exec/interrupt.hpp"

#include <pthread.h>

#include <csignal>

namespace mrc::exec {
namespace {

sigset_t signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Interrupt::Interrupt() {
  const auto set = signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  m_thread = std::jthread([this](const std::stop_token& end) {
    const auto wanted = signals();
    int signal = 0;
    while (sigwait(&wanted, &signal) == 0 && !end.stop_requested()) {
      if (signal == SIGUSR1) continue;  // somebody else's
      if (!m_soft.request_stop()) m_hard.request_stop();
    }
  });
}

Interrupt::~Interrupt() {
  m_thread.request_stop();
  pthread_kill(m_thread.native_handle(), SIGUSR1);  // only to end its sigwait
}

OrdinarySignals::OrdinarySignals() {
  const auto set = signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

OrdinarySignals::~OrdinarySignals() {
  const auto set = signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

}  // namespace mrc::exec
