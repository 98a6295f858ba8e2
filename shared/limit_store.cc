#include "shared/limit_store.h"

#include <algorithm>
#include <utility>

#include "shared/redis_reply.h"
#include "store_scripts.h"

namespace consilium {
namespace {

constexpr const char* kPrefix = "consilium:{0}:";

std::string Text(microseconds us) { return std::to_string(us.count()); }

RedisConnection::Done NothingOf(LimitStore::Done<Nothing> done) {
  return Reading<Nothing>(std::move(done),
                          [](const RedisReply&) -> Result<Nothing> { return Ok(); });
}

Result<PermitAnswer> ReadAnswer(const RedisReply& reply) {
  using Kind = PermitAnswer::Kind;
  if (reply.items.size() != 2) return Unexpected("take_permit");
  const milliseconds wait(ToInt(reply.items[1]));
  const std::string& word = reply.items[0].text;
  if (word == "granted") return PermitAnswer{Kind::kGranted, wait};
  if (word == "booked") return PermitAnswer{Kind::kBooked, wait};
  if (word == "busy") return PermitAnswer{Kind::kBusy, wait};
  if (word == "never") return PermitAnswer{Kind::kNever, wait};
  return Unexpected("take_permit");
}

}  // namespace

LimitStore::LimitStore(RedisConnection& redis, std::vector<LimitConfig> limits, milliseconds lease)
    : redis_(redis), limits_(std::move(limits)), lease_(lease) {}

std::vector<RedisScript> LimitStore::Scripts() {
  return {{"take_permit", kTakePermitScript},
          {"give_back_permit", kGiveBackPermitScript},
          {"renew_permits", kRenewPermitsScript},
          {"pause_limits", kPauseLimitsScript}};
}

std::string LimitStore::Key(const LimitConfig& limit, const char* part) const {
  return std::string(kPrefix) + "limit:" + limit.name + ":" + part;
}

std::vector<std::string> LimitStore::KeysOf(const std::string& id) const {
  std::vector<std::string> keys = {std::string(kPrefix) + "permit:" + id};
  for (const LimitConfig& limit : limits_) {
    for (const char* part : {"rates", "booked", "held"}) keys.push_back(Key(limit, part));
  }
  return keys;
}

void LimitStore::Take(const std::string& id, std::int64_t tokens, milliseconds patience,
                      Done<PermitAnswer> done) {
  std::vector<std::string> args = {id, std::to_string(std::max<std::int64_t>(0, patience.count())),
                                   std::to_string(lease_.count())};
  for (const LimitConfig& limit : limits_) {
    for (const microseconds cost : CostOf(limit, tokens)) args.push_back(Text(cost));
    args.push_back(std::to_string(limit.concurrency));
  }
  redis_.Run("take_permit", KeysOf(id), std::move(args),
             Reading<PermitAnswer>(std::move(done), ReadAnswer));
}

void LimitStore::GiveBack(const std::string& id, std::int64_t tokens, const PermitEnd& end,
                          Done<bool> done) {
  std::vector<std::string> args = {id};
  for (const LimitConfig& limit : limits_) {
    for (const microseconds cost : CostOf(limit, tokens)) args.push_back(Text(cost));
    for (const microseconds add : CorrectionOf(limit, tokens, end)) args.push_back(Text(add));
  }
  redis_.Run("give_back_permit", KeysOf(id), std::move(args),
             Reading<bool>(std::move(done), [](const RedisReply& reply) -> Result<bool> {
               return ToInt(reply) == 1;
             }));
}

void LimitStore::Renew(const std::vector<std::string>& ids, Done<Nothing> done) {
  std::vector<std::string> keys;
  for (const LimitConfig& limit : limits_) {
    if (limit.concurrency > 0) keys.push_back(Key(limit, "held"));
  }
  std::vector<std::string> args = {std::string(kPrefix) + "permit:",
                                   std::to_string(lease_.count())};
  args.insert(args.end(), ids.begin(), ids.end());
  redis_.Run("renew_permits", std::move(keys), std::move(args), NothingOf(std::move(done)));
}

void LimitStore::Pause(milliseconds pause, Done<Nothing> done) {
  std::vector<std::string> keys;
  for (const LimitConfig& limit : limits_) {
    const bool rated = limit.requests_per_minute > 0 || limit.tokens_per_minute > 0;
    if (rated) keys.push_back(Key(limit, "rates"));
  }
  const milliseconds bounded = std::clamp(pause, milliseconds(0), kLimitPauseMax);
  redis_.Run("pause_limits", std::move(keys), {std::to_string(bounded.count())},
             NothingOf(std::move(done)));
}

}  // namespace consilium
