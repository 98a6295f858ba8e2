#include "tests/fault/machine.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <new>

#include "shared/check.h"

namespace consilium::fault {

namespace fs = std::filesystem;

Machine::Machine(std::string file) : file_(std::move(file)) {
  const int fd = open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  CHECK(fd >= 0 && ftruncate(fd, sizeof(MachineControl)) == 0, "tests can write to their folder");
  void* memory = mmap(nullptr, sizeof(MachineControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  CHECK(memory != MAP_FAILED, "a page can be mapped");
  control_ = new (memory) MachineControl;
}

Machine::~Machine() { munmap(control_, sizeof(MachineControl)); }

std::vector<std::pair<std::string, std::string>> Machine::Environment() const {
  return {{"LD_PRELOAD", CONSILIUM_BAD_MACHINE},
          {kMachineVariable, file_},
          // A program built with the sanitizer wants to be told that this is meant.
          {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
}

void Machine::Mend() {
  control_->sync_delay_ms = 0;
  control_->sync_error = 0;
  control_->room = MachineControl::kRoomForAll;
}

std::uint64_t Machine::CutPower(const std::string& folder) const {
  CHECK(control_->untold == 0,
        "the record has room for every file that a server syncs in one test");
  std::uint64_t lost = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    struct stat about {};
    CHECK(stat(entry.path().c_str(), &about) == 0, "nobody else changes the folder");
    std::uint64_t synced = 0;  // a file that was never synced has no bytes
    for (const SyncedFile& file : control_->files) {
      if (file.inode == about.st_ino) synced = file.bytes;
    }
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (size <= synced) continue;
    lost += size - synced;
    fs::resize_file(entry.path(), synced);
  }
  return lost;
}

}  // namespace consilium::fault
