// What a feed has sent, in a file, so that one that starts again goes on where it was.
//
// A line for each message that ended, "<key> <number>" or "<key> <number> refused", and "<key> all"
// when all of its file have; the key is of the path and the content together, so a file that
// changed is another one. What was not sent is not in it. A line that was cut off by a crash is
// left out: its message is sent again, and the gateway knows it. Threads: none of its own.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

class FeedState {
 public:
  static std::string KeyOf(const std::string& path, std::string_view content);

  FeedState() = default;
  ~FeedState();
  FeedState(const FeedState&) = delete;  // owns a file
  FeedState& operator=(const FeedState&) = delete;

  // Reads `file`, which may be absent, writes it anew in its short form, and keeps it from then on.
  // kInvalid for a file that is none of ours, kConflict when another feed keeps it.
  Status Open(const std::string& file);

  bool Has(const std::string& key, std::int64_t number) const;
  bool HasAll(const std::string& key) const;
  bool WasRefused(const std::string& key, std::int64_t number) const;
  // An error when it cannot be written: then nobody would know where to go on.
  Status Add(const std::string& key, std::int64_t number, bool refused);
  Status AddAll(const std::string& key);

 private:
  Status Append(const std::string& line);

  std::string file_;
  int fd_ = -1;
  std::map<std::string, std::set<std::int64_t>> some_;  // by key; not those of all_
  std::map<std::string, std::set<std::int64_t>> refused_;
  std::set<std::string> all_;
};

}  // namespace consilium
