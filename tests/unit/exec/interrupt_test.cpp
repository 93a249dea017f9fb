#include "mrc/exec/interrupt.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "support/wait.hpp"

namespace mrc::exec {
namespace {

using test::eventually;

TEST(Interrupts, TheFirstIsSoftAndTheSecondHard) {
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  {
    const Interrupt interrupt;
    ASSERT_EQ(kill(getpid(), SIGINT), 0);
    EXPECT_TRUE(eventually([&] { return interrupt.soft().stop_requested(); }));
    EXPECT_FALSE(interrupt.hard().stop_requested());
    ASSERT_EQ(kill(getpid(), SIGTERM), 0);
    EXPECT_TRUE(eventually([&] { return interrupt.hard().stop_requested(); }));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(Interrupts, EndsWithoutASignal) {
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, nullptr, &before);
  {
    const Interrupt interrupt;
    EXPECT_FALSE(interrupt.soft().stop_requested());
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace
}  // namespace mrc::exec
