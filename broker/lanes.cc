#include "broker/lanes.h"

namespace consilium {

Lanes::Lanes(const std::vector<std::string>& models) : models_(models) {
  for (const std::string& model : models_) lanes_[model];
}

void Lanes::Wake(const std::string& model) {
  const auto found = lanes_.find(model);
  if (found != lanes_.end()) found->second.woken = true;
}

void Lanes::WakeAll() {
  for (auto& [model, lane] : lanes_) lane.woken = true;
}

TimePoint Lanes::DueAt(const std::string& model) const {
  const auto found = lanes_.find(model);
  if (found == lanes_.end() || found->second.asking) return TimePoint::max();
  return found->second.woken ? TimePoint::min() : found->second.again;
}

void Lanes::Asked(const std::string& model) {
  Lane& lane = lanes_[model];
  lane.asking = true;
  lane.woken = false;
}

void Lanes::Answered(const std::string& model, bool more, TimePoint now) {
  Lane& lane = lanes_[model];
  lane.asking = false;
  lane.woken = lane.woken || more;
  lane.again = now + kPoll;
}

}  // namespace consilium
