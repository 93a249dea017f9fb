#include "exec/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace mrc::exec {

void parallel(std::size_t count,
              std::size_t at_once,
              const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr thrown;
  const auto worker = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::scoped_lock guard(mutex);
        if (!thrown) thrown = std::current_exception();
      }
    }
  };
  if (count == 1) {
    worker();
  } else {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(count, at_once); ++i) threads.emplace_back(worker);
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace mrc::exec
