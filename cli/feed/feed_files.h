// The files that are meant by the arguments of `consilium feed`: folders are gone through to the
// bottom, everything in the order of its name. Symbolic links are followed for what was named only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/feed/feed_format.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kFeedFilesMax = 1'000'000;

struct FeedFile {
  std::string path;
  FeedFormat format = FeedFormat::kHl7;
};

struct FeedFiles {
  std::vector<FeedFile> files;
  std::vector<std::string> skipped;  // found in a folder, with nothing that can be fed: "a (why)"
  std::vector<Error> problems;       // that cannot be read
};

// Names of a file and what is known of it without reading it.
struct SeenFile {
  std::string path;
  std::uint64_t size = 0;
  std::int64_t changed_ns = 0;
  bool named = false;  // itself, not its folder

  friend bool operator==(const SeenFile&, const SeenFile&) = default;
};

// kNotFound for a path that is not there, kTooLarge beyond kFeedFilesMax files.
Result<std::vector<SeenFile>> ListFeedFiles(const std::vector<std::string>& paths);

// Reads the beginning of each. `forced`: what all of them are.
FeedFiles DetectFiles(const std::vector<SeenFile>& seen, std::optional<FeedFormat> forced);

}  // namespace consilium
