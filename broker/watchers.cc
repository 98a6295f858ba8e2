#include "broker/watchers.h"

#include <algorithm>
#include <iterator>

namespace consilium {

void Watchers::Hint() {
  ++hints_;
  for (auto& [key, group] : groups_) group.hinted = true;
}

bool Watchers::Park(ParkedWatch watch, std::uint64_t asked_at, TimePoint now) {
  if (size_ >= watches_max_) return false;
  Key key{watch.after, watch.max};
  Group& group = groups_[std::move(key)];
  if (group.watches.empty()) group.again = now + kPoll;
  if (asked_at != hints_) group.hinted = true;
  group.watches.push_back(std::move(watch));
  ++size_;
  return true;
}

std::vector<Watchers::Question> Watchers::TakeDue(TimePoint now) {
  std::vector<Question> questions;
  for (auto& [key, group] : groups_) {
    if (group.asking || (!group.hinted && now < group.again)) continue;
    group.asking = true;
    group.hinted = false;
    questions.push_back({key.first, key.second});
  }
  return questions;
}

std::vector<ParkedWatch> Watchers::Answered(const Question& question, bool found, TimePoint now) {
  const auto group = groups_.find(Key{question.after, question.max});
  if (group == groups_.end()) return {};  // all expired meanwhile
  group->second.asking = false;
  group->second.again = now + kPoll;
  if (!found) return {};
  std::vector<ParkedWatch> served = std::move(group->second.watches);
  size_ -= served.size();
  groups_.erase(group);
  return served;
}

std::vector<ParkedWatch> Watchers::TakeExpired(TimePoint now) {
  std::vector<ParkedWatch> expired;
  for (auto it = groups_.begin(); it != groups_.end();) {
    auto& watches = it->second.watches;
    const auto first =
        std::stable_partition(watches.begin(), watches.end(),
                              [now](const ParkedWatch& watch) { return watch.expires > now; });
    std::move(first, watches.end(), std::back_inserter(expired));
    watches.erase(first, watches.end());
    it = watches.empty() ? groups_.erase(it) : std::next(it);
  }
  size_ -= expired.size();
  return expired;
}

std::vector<ParkedWatch> Watchers::TakeAll() { return TakeExpired(TimePoint::max()); }

TimePoint Watchers::next_expiry() const {
  TimePoint next = TimePoint::max();
  for (const auto& [key, group] : groups_) {
    for (const ParkedWatch& watch : group.watches) next = std::min(next, watch.expires);
  }
  return next;
}

TimePoint Watchers::next() const {
  TimePoint next = next_expiry();
  for (const auto& [key, group] : groups_) {
    if (!group.asking) next = std::min(next, group.hinted ? TimePoint::min() : group.again);
  }
  return next;
}

}  // namespace consilium
