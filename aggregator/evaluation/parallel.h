// Independent pieces of one long computation, on some threads.
//
// Threads: `work` is called on any of them, for each piece once, and must touch nothing that
// another piece writes; `progress` only on the caller's. Returns when all is done.
#pragma once

#include <cstddef>
#include <functional>

namespace consilium {

// `progress` (may be null) is told how many of `pieces` are done. `threads` >= 1.
void RunParallel(std::size_t pieces, std::size_t threads,
                 const std::function<void(std::size_t)>& work,
                 const std::function<void(std::size_t, std::size_t)>& progress);

}  // namespace consilium
