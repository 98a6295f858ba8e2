// The messages of all files, one after the other; at most one file is in memory.
//
// FHIR bulk files that stand beside each other in one folder are one message, as an export has a
// file for each kind of resource and they speak of the same patients. Threads: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/feed/feed_files.h"
#include "cli/feed/feed_item.h"
#include "cli/feed/feed_state.h"
#include "shared/result.h"

namespace consilium {

class FeedSource {
 public:
  struct Hear {
    // A message, or a file, that is not sent, and why.
    std::function<void(const Error&)> on_problem;
    std::function<void(const std::string&)> on_note;
    // Were answered before, by the state; so many of them with a refusal.
    std::function<void(std::size_t messages, std::size_t refused)> on_known;
  };

  // `state` is kept up only if it was opened.
  FeedSource(FeedState& state, bool mdm, Hear hear);

  void Add(const std::vector<FeedFile>& files);
  // The same so many times.
  void Add(const std::vector<FeedFile>& files, std::int64_t passes);
  // The next message; empty when there is none, now.
  std::optional<FeedItem> Next();
  // Ended for good: accepted or refused. An error when that cannot be kept.
  Status Ended(const FeedItem& item, bool refused);

  std::size_t files_left() const { return files_.size() + passes_left_ * repeated_.size(); }
  std::size_t messages_left() const { return items_.size(); }

 private:
  struct Open {
    std::size_t left = 0;  // messages that have not ended
    bool whole = true;     // all of it can be sent
  };

  // False when there is no file left.
  bool ReadNext();

  FeedState& state_;
  const bool mdm_;
  const Hear hear_;
  std::deque<FeedFile> files_;
  std::vector<FeedFile> repeated_;
  std::size_t passes_left_ = 0;  // of them, that have not begun
  std::deque<FeedItem> items_;
  std::map<std::string, Open> under_way_;  // by file key
};

}  // namespace consilium
