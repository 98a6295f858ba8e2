#include "worker/local_limits.h"

#include <algorithm>
#include <cmath>

namespace consilium {

LocalLimits::LocalLimits(const std::vector<LimitConfig>& limits) {
  for (const LimitConfig& limit : limits) {
    if (limit.requests_per_minute > 0 || limit.tokens_per_minute > 0) {
      limits_.push_back({limit, {}});
    }
    if (limit.concurrency <= 0) continue;
    const double share = std::floor(static_cast<double>(limit.concurrency) * limit.fallback_share);
    const auto places = static_cast<std::size_t>(std::max(1.0, share));
    places_ = std::min(places_.value_or(places), places);
  }
}

PermitAnswer LocalLimits::Take(const std::string& id, std::int64_t tokens, milliseconds patience,
                               TimePoint now) {
  using Kind = PermitAnswer::Kind;
  if (running_.count(id) != 0) return {Kind::kGranted, {}};
  for (Limit& limit : limits_) limit.rates.Lapse(now);
  const std::optional<TimePoint> booked = Booked(id, now);
  const TimePoint at = booked && *booked <= now ? *booked : Earliest(id, tokens, now);
  if (at > now) {
    const auto wait = std::chrono::ceil<milliseconds>(at - now);
    const bool full = std::any_of(limits_.begin(), limits_.end(),
                                  [](const Limit& limit) { return limit.rates.full(); });
    if (wait > patience || (full && !booked)) {
      Unbook(id);
      return {wait > patience ? Kind::kNever : Kind::kBusy, wait};
    }
    for (Limit& limit : limits_) {
      const LimitCost cost = CostOf(limit.config, tokens, limit.config.fallback_share);
      limit.rates.Book(id, cost, at);
    }
    return {Kind::kBooked, wait};
  }
  Unbook(id);
  if (places_ && running_.size() >= *places_) return {Kind::kBusy, {}};
  for (Limit& limit : limits_) {
    limit.rates.Charge(CostOf(limit.config, tokens, limit.config.fallback_share), at);
  }
  running_.emplace(id, at);
  return {Kind::kGranted, {}};
}

TimePoint LocalLimits::Earliest(const std::string& id, std::int64_t tokens, TimePoint now) const {
  TimePoint at = now;
  for (TimePoint before = TimePoint::min(); before != at;) {
    before = at;
    for (const Limit& limit : limits_) {
      at = limit.rates.Earliest(id, CostOf(limit.config, tokens, limit.config.fallback_share), at);
    }
  }
  // What it was promised holds, even if corrections moved the rest.
  const std::optional<TimePoint> booked = Booked(id, now);
  return booked ? std::min(at, *booked) : at;
}

std::optional<TimePoint> LocalLimits::Booked(const std::string& id, TimePoint now) const {
  std::optional<TimePoint> booked;
  for (const Limit& limit : limits_) {
    const auto here = limit.rates.BookedAt(id);
    if (!here || limit.rates.paused(std::max(*here, now))) return std::nullopt;
    booked = std::max(booked.value_or(*here), *here);
  }
  return booked;
}

void LocalLimits::Unbook(const std::string& id) {
  for (Limit& limit : limits_) limit.rates.Unbook(id);
}

void LocalLimits::GiveBack(const std::string& id, std::int64_t tokens, const PermitEnd& end) {
  Unbook(id);
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  if (const std::optional<TimePoint> at = found->second) {
    for (Limit& limit : limits_) {
      limit.rates.Correct(CorrectionOf(limit.config, tokens, end, limit.config.fallback_share),
                          *at);
    }
  }
  running_.erase(found);
}

void LocalLimits::Pause(milliseconds pause, TimePoint now) {
  const milliseconds bounded = std::clamp(pause, milliseconds(0), kLimitPauseMax);
  for (Limit& limit : limits_) limit.rates.PauseUntil(now + bounded);
}

}  // namespace consilium
