// Preloaded into redis-server: a disk that is slow, full or broken on command, and that remembers
// how much of each file was synced, so that a test can cut the power.
//
// It keeps to what a disk may do: a sync is counted after it returned success, with the size that
// the file had before it began; what was written meanwhile may be lost.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

#include "tests/fault/preload/machine_control.h"

namespace {

using consilium::fault::MachineControl;
using consilium::fault::SyncedFile;

MachineControl* Open() {
  const char* file = std::getenv(consilium::fault::kMachineVariable);
  if (file == nullptr) return nullptr;
  const int fd = open(file, O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* memory = mmap(nullptr, sizeof(MachineControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return memory == MAP_FAILED ? nullptr : static_cast<MachineControl*>(memory);
}

MachineControl* Control() {
  static MachineControl* const control = Open();
  return control;
}

// Set when the library is loaded, so that reading the clock takes no lock.
MachineControl* loaded = nullptr;
__attribute__((constructor)) void Load() { loaded = Control(); }

time_t AheadSeconds() { return loaded == nullptr ? 0 : loaded->clock_ahead_ms / 1000; }

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

SyncedFile* Entry(MachineControl& control, std::uint64_t inode) {
  for (SyncedFile& file : control.files) {
    std::uint64_t found = file.inode.load();
    if (found == 0 && file.inode.compare_exchange_strong(found, inode)) return &file;
    if (found == inode) return &file;
  }
  ++control.untold;
  return nullptr;
}

int Sync(int fd, int (*real)(int)) {
  MachineControl* const control = Control();
  if (control == nullptr) return real(fd);
  struct stat before {};
  if (fstat(fd, &before) != 0) return real(fd);
  if (const std::int64_t wait = control->sync_delay_ms; wait > 0) {
    timespec left{wait / 1000, (wait % 1000) * 1'000'000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
  }
  if (const int error = control->sync_error; error != 0) {
    errno = error;
    return -1;
  }
  const int result = real(fd);
  if (result == 0 && S_ISREG(before.st_mode)) {
    if (SyncedFile* file = Entry(*control, before.st_ino)) {
      file->bytes = static_cast<std::uint64_t>(before.st_size);
    }
    ++control->syncs;
  }
  return result;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) int fsync(int fd) {
  static const auto real = Real<int(int)>("fsync");
  return Sync(fd, real);
}

__attribute__((visibility("default"))) int fdatasync(int fd) {
  static const auto real = Real<int(int)>("fdatasync");
  return Sync(fd, real);
}

// A disk that fills up takes the part that still fits first.
__attribute__((visibility("default"))) ssize_t write(int fd, const void* bytes, size_t count) {
  static const auto real = Real<ssize_t(int, const void*, size_t)>("write");
  MachineControl* const control = Control();
  if (control == nullptr || control->room == MachineControl::kRoomForAll) {
    return real(fd, bytes, count);
  }
  struct stat about {};
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return real(fd, bytes, count);
  const std::int64_t room = control->room;
  if (room <= 0) {
    errno = ENOSPC;
    return -1;
  }
  const ssize_t taken =
      real(fd, bytes, count < static_cast<size_t>(room) ? count : static_cast<size_t>(room));
  if (taken > 0) control->room -= taken;
  return taken;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, timespec* time) noexcept {
  // Not through dlsym(): allocators ask for the time before it may be called.
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    time->tv_sec += AheadSeconds();
  }
  return result;
}

__attribute__((visibility("default"))) int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}

__attribute__((visibility("default"))) time_t time(time_t* time) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (time != nullptr) *time = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"
