#include "broker/pressure.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace consilium {
namespace {

std::optional<std::int64_t> FieldOf(std::string_view info, std::string_view name) {
  std::string head = "\n";
  head += name;
  head += ':';
  const std::size_t at = info.find(head);
  if (at == std::string_view::npos) return std::nullopt;
  const char* from = info.data() + at + head.size();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(from, info.data() + info.size(), value);
  if (error != std::errc() || value < 0) return std::nullopt;
  return value;
}

std::string Size(std::int64_t bytes) {
  std::array<char, 32> text{};
  const double mib = static_cast<double>(bytes) / (1 << 20);
  if (mib < 1024) {
    std::snprintf(text.data(), text.size(), "%.1f MiB", mib);
  } else {
    std::snprintf(text.data(), text.size(), "%.1f GiB", mib / 1024);
  }
  return text.data();
}

std::string Percent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }

std::int64_t Part(double share, std::int64_t bytes) {
  return std::llround(share * static_cast<double>(bytes));
}

}  // namespace

RedisRoom ReadRoom(std::string_view info) {
  RedisRoom room;
  room.used = FieldOf(info, "used_memory");
  room.maxmemory = FieldOf(info, "maxmemory");
  room.machine = FieldOf(info, "total_system_memory");
  room.file = FieldOf(info, "aof_current_size");
  return room;
}

std::optional<std::int64_t> Pressure::BoundOf(const RedisRoom& room) const {
  if (room.maxmemory.value_or(0) > 0) return room.maxmemory;
  if (config_.memory_max_mb > 0) return config_.memory_max_mb << 20;
  return room.machine;
}

void Pressure::See(const RedisRoom& room) {
  reason_.clear();
  const std::optional<std::int64_t> bound = BoundOf(room);
  if (room.used && bound && *bound > 0) {
    const double share = config_.memory_share - (memory_ ? kMemoryGap : 0);
    memory_ = *room.used > Part(share, *bound);
    if (memory_) {
      reason_ = "Redis uses " + Size(*room.used) + " of " + Size(*bound) + ", more than " +
                Percent(config_.memory_share) + " (redis.memory_share)";
    }
  } else {
    memory_ = false;
  }
  if (room.disk_free && room.disk && config_.disk_free_share > 0) {
    const std::int64_t least = std::min(Part(config_.disk_free_share, *room.disk), kDiskPlenty);
    disk_ = *room.disk_free < (disk_ ? Part(kDiskFactor, least) : least);
    if (disk_) {
      reason_ += (reason_.empty() ? "" : "; ");
      reason_ += "the disk of Redis has " + Size(*room.disk_free) + " free of " + Size(*room.disk) +
                 ", expected at least " + Size(least) + " (redis.disk_free_share)";
    }
  } else {
    disk_ = false;
  }
}

}  // namespace consilium
