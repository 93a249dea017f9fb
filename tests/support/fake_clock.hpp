#pragma once

#include "mrc/base/clock.hpp"

namespace mrc::test {

/// Stands still until told otherwise. 2026-01-02T03:04:05Z at first.
class FakeClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point now() const override {
    return std::chrono::steady_clock::time_point(m_passed);
  }
  std::chrono::system_clock::time_point wall() const override {
    return std::chrono::system_clock::from_time_t(1767323045) +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(m_passed);
  }
  void pass(std::chrono::nanoseconds time) { m_passed += time; }

 private:
  std::chrono::nanoseconds m_passed{0};
};

}  // namespace mrc::test
