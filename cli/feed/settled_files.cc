#include "cli/feed/settled_files.h"

#include <utility>

namespace consilium {

std::vector<SeenFile> SettledFiles::Look(const std::vector<SeenFile>& seen) {
  std::vector<SeenFile> settled;
  std::map<std::string, Known> now;
  unsettled_ = 0;
  for (const SeenFile& file : seen) {
    const auto before = known_.find(file.path);
    const bool same = before != known_.end() && before->second.file == file;
    const bool taken = same && before->second.taken;
    if (same && !taken) settled.push_back(file);
    if (!same) ++unsettled_;
    now[file.path] = {file, same};
  }
  known_ = std::move(now);
  return settled;
}

}  // namespace consilium
