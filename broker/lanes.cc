#include "broker/lanes.h"

#include <algorithm>

#include "shared/limits.h"

namespace consilium {

Lanes::Lanes(const std::vector<std::string>& models, std::size_t shards) : models_(models) {
  for (const std::string& model : models_) lanes_[model].lanes.resize(shards);
}

void Lanes::Wake(std::size_t shard, const std::string& model) {
  const auto found = lanes_.find(model);
  if (found != lanes_.end()) found->second.lanes[shard].woken = true;
}

void Lanes::WakeAll(std::size_t shard) {
  for (auto& [model, lanes] : lanes_) lanes.lanes[shard].woken = true;
}

Lanes::Due Lanes::Take(const std::string& model, std::int64_t free, const std::vector<bool>& ready,
                       TimePoint now) {
  Due due{{}, TimePoint::max()};
  const auto found = lanes_.find(model);
  if (found == lanes_.end()) return due;
  Model& of_model = found->second;
  if (free <= 0) return due;
  std::int64_t left = free;
  for (const Lane& lane : of_model.lanes) {
    if (!lane.asking || now >= lane.asked_at + kPatience) continue;
    left -= lane.asked_for;
    if (of_model.lanes.size() > 1) due.next = std::min(due.next, lane.asked_at + kPatience);
  }
  if (left <= 0) return due;

  std::vector<std::size_t> shards;
  for (std::size_t i = 0; i < of_model.lanes.size(); ++i) {
    const std::size_t shard = (of_model.first + i) % of_model.lanes.size();
    const Lane& lane = of_model.lanes[shard];
    if (lane.asking || !ready[shard]) continue;
    if (lane.woken || lane.again <= now) {
      shards.push_back(shard);
    } else {
      due.next = std::min(due.next, lane.again);
    }
  }
  constexpr auto kMost = static_cast<std::int64_t>(limits::kLeaseBatchMax);
  for (std::size_t i = 0; i < shards.size() && left > 0; ++i) {
    const auto sharers = static_cast<std::int64_t>(shards.size() - i);
    const std::int64_t count = std::min(kMost, (left + sharers - 1) / sharers);
    Lane& lane = of_model.lanes[shards[i]];
    lane.asking = true;
    lane.asked_for = count;
    lane.asked_at = now;
    lane.woken = false;
    left -= count;
    of_model.first = (shards[i] + 1) % of_model.lanes.size();
    due.questions.push_back({shards[i], count});
  }
  return due;
}

void Lanes::Answered(const std::string& model, const Question& question, bool more, TimePoint now) {
  Lane& lane = lanes_.at(model).lanes[question.shard];
  lane.asking = false;
  lane.woken = lane.woken || more;
  lane.again = now + kPoll;
}

}  // namespace consilium
