// What a health check reads: a small file that a program's loop writes every second, with why the
// program cannot do its work now.
//
// It costs no connection and no key, and a loop that hangs shows, too. Threads: one.
#pragma once

#include <string>
#include <utility>

#include "shared/clock.h"
#include "shared/log.h"
#include "shared/result.h"

namespace consilium {

class HealthFile {
 public:
  // "": no file, and Tell() does nothing.
  explicit HealthFile(std::string path) : path_(std::move(path)) {}

  // `trouble`: "" when the program does its work. Writes when a second has passed or the trouble is
  // another. When to call again at the latest.
  TimePoint Tell(const std::string& trouble, TimePoint now);

 private:
  std::string path_;
  std::string told_;
  TimePoint next_;
  PowersOfTwo failures_;
};

// What the file at `path` says. kNotFound: there is none; kTimeout: it was not written for
// `silence_max`; kUnavailable: the program has a trouble, which is the text. `alive_only`: a
// trouble is no error. Processes compare their steady clocks, which are one on one machine.
Status ReadHealth(const std::string& path, milliseconds silence_max, bool alive_only,
                  TimePoint now);

}  // namespace consilium
