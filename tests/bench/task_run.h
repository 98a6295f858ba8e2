// Tasks end to end on a cluster, and the processor time that each part of it took for them.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/bench/local_cluster.h"

namespace consilium::bench {

struct TaskRun {
  double per_s = 0;
  std::array<double, std::size(kParts)> cpu_us{};  // a task, in the order of kParts
  double load_cpu_us = 0;                          // ... of this process
  double load_share = 0;                           // of a core, of the thread that makes the load
};

// `cases` of one task each, 64 submissions outstanding.
TaskRun RunTasks(const LocalCluster& cluster, std::size_t cases, const std::string& prefix);

// What the parts could do if each process had a core of its own: the smallest over parts of its
// processes divided by the processor time that one task takes there. Computed, not measured: tasks
// spread evenly, and a part that is less busy batches less and takes more for a task.
struct OnPaper {
  double per_s = 0;
  std::string limit;  // the part
};
OnPaper Compute(const std::vector<TaskRun>& rounds,
                const std::array<double, std::size(kParts)>& processes);

}  // namespace consilium::bench
