// A file that is written piece by piece and takes its name only when it is whole.
//
// Invariant: what stands under the name is the old content or all of the new. The pieces go to
// `<name>.part` beside it, which goes away with the object unless it was published.
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

class PartFile {
 public:
  PartFile() = default;
  ~PartFile();
  PartFile(const PartFile&) = delete;  // owns the file
  PartFile& operator=(const PartFile&) = delete;

  // Errors: kInvalid where the file cannot be made.
  Status Open(const std::string& file);
  // Errors of the others: kInternal, e.g. for a full disk.
  Status Write(std::string_view text);
  // Everything is on the disk; nothing can be written any more.
  Status Finish();
  // Of a finished file.
  Status Publish();

 private:
  Status Flush();
  std::string file_;
  std::string part_;  // "" = nothing to remove
  std::string waiting_;
  int fd_ = -1;
};

// A folder to write to, made when it is missing and removed again if it then stays empty.
class OutputFolder {
 public:
  OutputFolder() = default;
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;  // owns what it made
  OutputFolder& operator=(const OutputFolder&) = delete;

  // Errors: kInvalid for what is no folder, cannot be made or not be written to.
  Status Open(const std::string& folder);
  std::string File(const std::string& name) const { return folder_ + "/" + name; }

 private:
  std::string folder_;
  bool made_ = false;
};

}  // namespace consilium
