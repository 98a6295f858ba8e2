// What a bare redis-server does on this machine, with the same durability and through the same
// connection class: the measure that our own figures are ratios to.
#pragma once

#include <cstddef>

namespace consilium::bench {

struct RawRedis {
  double add_per_s = 0;         // XADD of 1 KiB, synced, pipelined
  double end_to_end_per_s = 0;  // XADD, XREADGROUP, XACK + XDEL
};

RawRedis MeasureRawRedis(std::size_t entries, std::size_t window);

}  // namespace consilium::bench
