#include "aggregator/evaluation/parallel.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace consilium {

void RunParallel(std::size_t pieces, std::size_t threads,
                 const std::function<void(std::size_t)>& work,
                 const std::function<void(std::size_t, std::size_t)>& progress) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t next = 0;
  std::size_t done = 0;
  const auto loop = [&] {
    std::unique_lock lock(mutex);
    while (next < pieces) {
      const std::size_t piece = next++;
      lock.unlock();
      work(piece);
      lock.lock();
      ++done;
      changed.notify_one();
    }
  };
  std::vector<std::thread> workers;
  for (std::size_t i = 0; i < std::min(threads, pieces); ++i) workers.emplace_back(loop);
  std::size_t told = 0;
  while (told < pieces) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return done > told; });
    told = done;
    lock.unlock();
    if (progress) progress(told, pieces);
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace consilium
