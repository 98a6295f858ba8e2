// When Redis gets no new cases because it runs out of room: watermarks with a gap between them, so
// that accepting does not flicker. What was accepted goes on meanwhile and makes room.
//
// Pure. Threads: none of its own; owned by the broker loop.     Unit: bytes, shares in [0, 1].
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/config.h"

namespace consilium {

// What there is to know; absent = not known.
struct RedisRoom {
  std::optional<std::int64_t> used;       // memory
  std::optional<std::int64_t> maxmemory;  // 0 = Redis has no bound
  std::optional<std::int64_t> machine;    // memory of the machine that Redis runs on
  std::optional<std::int64_t> file;       // append-only file
  std::optional<std::int64_t> disk_free;  // of the disk that it lies on
  std::optional<std::int64_t> disk;
};

// From the text of INFO; without the disk.
RedisRoom ReadRoom(std::string_view info);

class Pressure {
 public:
  // Accepting begins again when so much less memory is used, or the free disk is so much more.
  static constexpr double kMemoryGap = 0.05;   // of the bound
  static constexpr double kDiskFactor = 1.25;  // of what must stay free
  // No disk needs more free than this, however large it is.
  static constexpr std::int64_t kDiskPlenty = 50LL << 30;

  explicit Pressure(const RedisConfig& config) : config_(config) {}

  // What is not known presses nobody.
  void See(const RedisRoom& room);

  // Why nothing is accepted; "" = there is room.
  const std::string& reason() const { return reason_; }
  // When it is worth asking again: tasks that end free memory soon, a disk takes a person.
  std::int64_t retry_after_ms() const { return disk_ ? 30000 : 5000; }
  // Memory that Redis may use; absent when it is not known.
  std::optional<std::int64_t> BoundOf(const RedisRoom& room) const;

 private:
  RedisConfig config_;
  bool memory_ = false;
  bool disk_ = false;
  std::string reason_;
};

}  // namespace consilium
