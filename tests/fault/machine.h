// The machine under a program: its disk is slow, full, broken or without power, its clock jumps.
//
// preload/bad_machine.cc does it inside the program; this commands it and reads its record.
// Threads: any; all state is atomic.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/fault/preload/machine_control.h"

namespace consilium::fault {

class Machine {
 public:
  // `file` is made in an existing folder.
  explicit Machine(std::string file);
  ~Machine();
  Machine(const Machine&) = delete;  // owns a mapping
  Machine& operator=(const Machine&) = delete;

  // What the environment of the server needs.
  std::vector<std::pair<std::string, std::string>> Environment() const;

  void DelaySyncs(std::chrono::milliseconds delay) { control_->sync_delay_ms = delay.count(); }
  void FailSyncs(int error) { control_->sync_error = error; }
  void LeaveRoom(std::int64_t bytes) { control_->room = bytes; }
  // Whole seconds.
  void SetClockAhead(std::chrono::seconds ahead) {
    control_->clock_ahead_ms = std::chrono::milliseconds(ahead).count();
  }
  void Mend();  // the disk
  std::uint64_t syncs() const { return control_->syncs; }

  // What a power cut leaves of the files in `folder`: the bytes that were synced. The server must
  // not run. Returns the number of bytes cut off.
  std::uint64_t CutPower(const std::string& folder) const;

 private:
  std::string file_;
  MachineControl* control_ = nullptr;
};

}  // namespace consilium::fault
