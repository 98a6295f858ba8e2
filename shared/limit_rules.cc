#include "shared/limit_rules.h"

#include <algorithm>
#include <cmath>

namespace consilium {
namespace {

constexpr double kMinuteUs = 60e6;
constexpr double kDayUs = 86400e6;

microseconds UnitsCost(std::int64_t per_minute, double share, std::int64_t units) {
  if (per_minute <= 0) return microseconds(0);
  const double us =
      std::ceil(static_cast<double>(units) * kMinuteUs / (static_cast<double>(per_minute) * share));
  return microseconds(static_cast<std::int64_t>(std::clamp(us, 1.0, kDayUs)));
}

microseconds Tolerance(microseconds cost) { return std::max(microseconds(0), kLimitBurst - cost); }

}  // namespace

LimitCost CostOf(const LimitConfig& limit, std::int64_t tokens, double share) {
  return {UnitsCost(limit.requests_per_minute, share, 1),
          UnitsCost(limit.tokens_per_minute, share, std::max<std::int64_t>(1, tokens))};
}

LimitCost CorrectionOf(const LimitConfig& limit, std::int64_t tokens, const PermitEnd& end,
                       double share) {
  const LimitCost charged = CostOf(limit, tokens, share);
  if (!end.went_out) return {-charged[0], -charged[1]};
  LimitCost add{charged[0] * (end.requests - 1), microseconds(0)};
  if (end.tokens_used) add[1] = CostOf(limit, *end.tokens_used, share)[1] - charged[1];
  return add;
}

void RateSchedule::Lapse(TimePoint now) {
  const auto in_time = std::find_if(booked_.begin(), booked_.end(), [now](const Booked& call) {
    return call.at >= now - kLimitLate;
  });
  booked_.erase(booked_.begin(), in_time);
}

TimePoint RateSchedule::Earliest(const std::string& id, const LimitCost& cost,
                                 TimePoint from) const {
  TimePoint at = std::max(from, pause_);
  for (TimePoint before = TimePoint::min(); before != at;) {
    before = at;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
      at = EarliestIn(bucket, id, cost[bucket], at);
    }
  }
  return at;
}

TimePoint RateSchedule::EarliestIn(std::size_t bucket, const std::string& id, microseconds cost,
                                   TimePoint from) const {
  if (cost <= microseconds(0)) return from;
  const auto counts = [&](const Booked& call) {
    return call.id != id && call.cost[bucket] > microseconds(0);
  };
  TimePoint tat = buckets_[bucket].tat;
  TimePoint at = from;
  auto next = booked_.begin();
  while (true) {
    for (; next != booked_.end() && next->at <= at; ++next) {
      if (counts(*next)) tat = std::max(tat, next->at) + next->cost[bucket];
    }
    if (tat - Tolerance(cost) > at) {
      at = tat - Tolerance(cost);  // what is booked until then comes before
      continue;
    }
    // Would it make a later one wait?
    TimePoint after = std::max(tat, at) + cost;
    const auto blocked = std::find_if(next, booked_.end(), [&](const Booked& call) {
      if (!counts(call)) return false;
      if (after - Tolerance(call.cost[bucket]) > call.at) return true;
      after = std::max(after, call.at) + call.cost[bucket];
      return false;
    });
    if (blocked == booked_.end()) return at;
    at = blocked->at;
  }
}

std::optional<TimePoint> RateSchedule::BookedAt(const std::string& id) const {
  const auto found = std::find_if(booked_.begin(), booked_.end(),
                                  [&id](const Booked& call) { return call.id == id; });
  if (found == booked_.end()) return std::nullopt;
  return found->at;
}

void RateSchedule::Book(const std::string& id, const LimitCost& cost, TimePoint at) {
  Unbook(id);
  const auto behind = std::find_if(booked_.begin(), booked_.end(),
                                   [at](const Booked& call) { return call.at > at; });
  booked_.insert(behind, Booked{at, id, cost});
}

void RateSchedule::Unbook(const std::string& id) {
  booked_.erase(std::remove_if(booked_.begin(), booked_.end(),
                               [&id](const Booked& call) { return call.id == id; }),
                booked_.end());
}

void RateSchedule::Charge(const LimitCost& cost, TimePoint at) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (cost[i] <= microseconds(0)) continue;
    Bucket& bucket = buckets_[i];
    if (at > bucket.tat) bucket.busy_since = at;
    bucket.tat = std::max(bucket.tat, at) + cost[i];
  }
}

void RateSchedule::Correct(const LimitCost& add, TimePoint at) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    Bucket& bucket = buckets_[i];
    if (add[i] > microseconds(0) || at >= bucket.busy_since) bucket.tat += add[i];
  }
}

void RateSchedule::PauseUntil(TimePoint until) { pause_ = std::max(pause_, until); }

}  // namespace consilium
