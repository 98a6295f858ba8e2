// Which files of a watched folder are whole: those that have not changed from one look to the next.
// Pure. Threads: none of its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/feed/feed_files.h"

namespace consilium {

class SettledFiles {
 public:
  // What is there now. Returns what was there unchanged the last time, each once, until it changes
  // again; in the order of `seen`.
  std::vector<SeenFile> Look(const std::vector<SeenFile>& seen);
  // Of the last look: files that are not whole yet.
  std::size_t unsettled() const { return unsettled_; }

 private:
  struct Known {
    SeenFile file;
    bool taken = false;
  };
  std::map<std::string, Known> known_;
  std::size_t unsettled_ = 0;
};

}  // namespace consilium
