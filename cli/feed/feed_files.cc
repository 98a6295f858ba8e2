#include "cli/feed/feed_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "shared/text.h"

namespace consilium {
namespace {

namespace fs = std::filesystem;

std::optional<SeenFile> Look(const std::string& path) {
  struct stat about {};
  if (stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  SeenFile seen;
  seen.path = path;
  seen.size = static_cast<std::uint64_t>(about.st_size);
  seen.changed_ns =
      static_cast<std::int64_t>(about.st_mtim.tv_sec) * 1'000'000'000 + about.st_mtim.tv_nsec;
  return seen;
}

// What is in a folder; one that cannot be read, or goes meanwhile, has nothing.
void Gather(const std::string& folder, std::vector<SeenFile>& files) {
  std::error_code problem;
  std::vector<std::pair<std::string, bool>> entries;  // and whether it is a folder
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
       at.increment(problem)) {
    std::error_code unknown;
    const fs::file_status status = at->symlink_status(unknown);
    const bool is_folder = fs::is_directory(status);
    if (is_folder || fs::is_regular_file(status)) {
      entries.emplace_back(at->path().string(), is_folder);
    }
  }
  std::sort(entries.begin(), entries.end());
  for (const auto& [path, is_folder] : entries) {
    if (files.size() > kFeedFilesMax) return;
    const std::string name = fs::path(path).filename().string();
    if (is_folder) {
      if (name.front() != '.') Gather(path, files);
    } else if (IsFeedName(name)) {
      if (auto seen = Look(path)) files.push_back(std::move(*seen));
    }
  }
}

Result<std::string> ReadBegin(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::string begin(kFormatBytes, '\0');
  const ssize_t read_bytes = fd < 0 ? -1 : pread(fd, begin.data(), begin.size(), 0);
  const int why = errno;
  if (fd >= 0) close(fd);
  if (read_bytes < 0) return Error{ErrorCode::kNotFound, path + ": " + std::strerror(why)};
  begin.resize(static_cast<std::size_t>(read_bytes));
  return begin;
}

}  // namespace

Result<std::vector<SeenFile>> ListFeedFiles(const std::vector<std::string>& paths) {
  std::vector<SeenFile> files;
  std::set<std::string> known;
  for (const std::string& path : paths) {
    std::error_code problem;
    const fs::file_status status = fs::status(path, problem);
    std::vector<SeenFile> found;
    if (fs::is_directory(status)) {
      Gather(path, found);
    } else if (auto seen = Look(path)) {
      seen->named = true;
      found.push_back(std::move(*seen));
    } else {
      return Error{ErrorCode::kNotFound, path + ": expected a file or a folder"};
    }
    for (SeenFile& file : found) {
      // Named itself and found in its folder, it is one.
      if (known.insert(file.path).second) files.push_back(std::move(file));
    }
    if (files.size() > kFeedFilesMax) {
      return Error{ErrorCode::kTooLarge, path + ": more than " + std::to_string(kFeedFilesMax) +
                                             " files; feed the folders one by one"};
    }
  }
  return files;
}

FeedFiles DetectFiles(const std::vector<SeenFile>& seen, std::optional<FeedFormat> forced) {
  FeedFiles found;
  for (const SeenFile& file : seen) {
    if (forced) {
      found.files.push_back({file.path, *forced});
      continue;
    }
    const Result<std::string> begin = ReadBegin(file.path);
    if (!begin) {
      found.problems.push_back(begin.error());
      continue;
    }
    const Result<FeedFormat> format = DetectFormat(file.path, *begin);
    if (format) {
      found.files.push_back({file.path, *format});
    } else if (file.named) {
      found.problems.push_back(format.error());
    } else {
      found.skipped.push_back(file.path +
                              (Trimmed(*begin).empty() ? " (empty)" : " (of no known form)"));
    }
  }
  return found;
}

}  // namespace consilium
