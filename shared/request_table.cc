#include "shared/request_table.h"

#include <algorithm>
#include <utility>

namespace consilium {

std::string RequestTable::Open(Frame frame, TimePoint now, TimePoint deadline, milliseconds grace) {
  const std::uint64_t order = next_++;
  std::string request = "r" + std::to_string(order);
  frame.request = request;
  open_.emplace(request, Entry{order, std::move(frame), kSilence, grace, now, deadline, false});
  return request;
}

bool RequestTable::Close(const std::string& request) { return open_.erase(request) > 0; }

std::vector<const Frame*> RequestTable::Due(TimePoint now) const {
  std::vector<const Entry*> due;
  for (const auto& [request, entry] : open_) {
    if (entry.due <= now) due.push_back(&entry);
  }
  std::sort(due.begin(), due.end(),
            [](const Entry* a, const Entry* b) { return a->order < b->order; });
  std::vector<const Frame*> frames;
  frames.reserve(due.size());
  for (const Entry* entry : due) frames.push_back(&entry->frame);
  return frames;
}

void RequestTable::Sent(const std::string& request, TimePoint now) {
  const auto found = open_.find(request);
  if (found == open_.end()) return;
  Entry& entry = found->second;
  entry.sent = true;
  entry.due = now + entry.silence + entry.grace;
  entry.silence = std::min(entry.silence * 2, kSilenceMax);
}

bool RequestTable::Silent(TimePoint now) const {
  return std::any_of(open_.begin(), open_.end(),
                     [now](const auto& one) { return one.second.sent && one.second.due <= now; });
}

void RequestTable::SendAllAgain(TimePoint now) {
  for (auto& [request, entry] : open_) {
    entry.due = now;
    entry.sent = false;
  }
}

std::vector<std::string> RequestTable::Expire(TimePoint now) {
  std::vector<std::string> expired;
  for (const auto& [request, entry] : open_) {
    if (entry.deadline <= now) expired.push_back(request);
  }
  for (const std::string& request : expired) open_.erase(request);
  return expired;
}

std::optional<TimePoint> RequestTable::NextDue() const {
  std::optional<TimePoint> next;
  for (const auto& [request, entry] : open_) {
    const TimePoint at = std::min(entry.due, entry.deadline);
    if (!next || at < *next) next = at;
  }
  return next;
}

}  // namespace consilium
