// The disk under the redis-server of a rig: slow, full, broken, or without power.
//
// preload/slow_disk.cc does it inside the server; this commands it and reads its record.
// Threads: any; all state is atomic.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/fault/preload/disk_control.h"

namespace consilium::fault {

class Disk {
 public:
  // `file` is made in an existing folder.
  explicit Disk(std::string file);
  ~Disk();
  Disk(const Disk&) = delete;  // owns a mapping
  Disk& operator=(const Disk&) = delete;

  // What the environment of the server needs.
  std::vector<std::pair<std::string, std::string>> Environment() const;

  void DelaySyncs(std::chrono::milliseconds delay) { control_->sync_delay_ms = delay.count(); }
  void FailSyncs(int error) { control_->sync_error = error; }
  void LeaveRoom(std::int64_t bytes) { control_->room = bytes; }
  void Mend();
  std::uint64_t syncs() const { return control_->syncs; }

  // What a power cut leaves of the files in `folder`: the bytes that were synced. The server must
  // not run. Returns the number of bytes cut off.
  std::uint64_t CutPower(const std::string& folder) const;

 private:
  std::string file_;
  DiskControl* control_ = nullptr;
};

}  // namespace consilium::fault
