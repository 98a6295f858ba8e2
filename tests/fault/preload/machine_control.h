// What a test and a program under libconsilium-bad-machine.so share: one page of memory,
// mapped from a file. The test commands delays and errors; the server records what reached the
// disk.
//
// Threads and processes: every field is a lock-free atomic, so that also a server's background
// threads and the children it forks may use it.
#pragma once

#include <atomic>
#include <cstdint>

namespace consilium::fault {

// The size of a file at the last sync that returned success, by inode: a rename changes nothing.
struct SyncedFile {
  std::atomic<std::uint64_t> inode{0};  // 0 = free
  std::atomic<std::uint64_t> bytes{0};
};

struct MachineControl {
  static constexpr int kFiles = 256;
  static constexpr std::int64_t kRoomForAll = INT64_MAX;

  std::atomic<std::int64_t> sync_delay_ms{0};   // before each fsync and fdatasync
  std::atomic<int> sync_error{0};               // errno of each sync; 0 = none
  std::atomic<std::int64_t> room{kRoomForAll};  // bytes that regular files may still take
  std::atomic<std::int64_t> clock_ahead_ms{
      0};                                // of the true time of day; the monotonic clock stays
  std::atomic<std::uint64_t> syncs{0};   // that returned success
  std::atomic<std::uint64_t> untold{0};  // files beyond kFiles: the record is useless then
  SyncedFile files[kFiles];
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// Environment variable that names the file.
inline constexpr const char* kMachineVariable = "CONSILIUM_FAULT_MACHINE";

}  // namespace consilium::fault
