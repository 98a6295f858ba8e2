// From a message that was read to a case that is durable: looks up, plans, admits, submits,
// withdraws (docs/gateway.md, "From a message to a case").
//
// Every record of a message goes the same way, one after the other. What is done may be done again:
// a gateway that dies between leaves an open plan, which the sender's next try or another gateway
// takes up. Threads: the loop's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/bus_link.h"
#include "gateway/clinical/plan.h"
#include "gateway/feed_store.h"
#include "gateway/redis_loop.h"
#include "shared/config.h"

namespace consilium {

// What became of one record.
struct AdmittedRecord {
  AdmissionPlan plan;
  std::int64_t admitted_ms = 0;  // when it was admitted first, by Redis' clock
  bool again = false;            // it was admitted before
  // The answer to plan.request; absent where there is none. An error that is the case's own
  // (kInvalid, kTooLarge, ...) stands here; one that passes ends Take() instead.
  std::optional<Result<SubmitReply>> submitted;
};

class Intake {
 public:
  using Done = std::function<void(Result<std::vector<AdmittedRecord>>,
                                  std::optional<std::int64_t> retry_after_ms)>;

  // kInvalid: gateway.cases has a rule that is none.
  static Result<PlanSettings> SettingsOf(const Config& config);

  Intake(Loop& loop, BusLink& bus, RedisLoop& redis, const Config& config, PlanSettings settings);

  // `done` once. An error: not everything is durable; the same message is to be sent again.
  void Take(FeedMessage message, Done done);
  FeedStore& store() { return store_; }

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;
  void Look(const JobPtr& job);
  void CheckSame(const JobPtr& job, const std::string& case_id);
  void LookAgain(const JobPtr& job);
  void Admit(const JobPtr& job, const FeedView& view);
  void Carry(const JobPtr& job, const std::string& stored, bool again);
  void Submit(const JobPtr& job);
  void CheckStands(const JobPtr& job);
  void Withdraw(const JobPtr& job, std::size_t index);
  void Cancel(const JobPtr& job, const std::string& case_id, const std::string& reason,
              std::function<void()> then);
  void NextRecord(const JobPtr& job);
  void Fail(const JobPtr& job, const Error& error, std::optional<std::int64_t> retry_after_ms);
  void FinishOpenPlans();

  Loop& loop_;
  BusLink& bus_;
  RedisLoop& redis_;
  FeedStore store_;
  PlanSettings settings_;
  milliseconds remember_;
  milliseconds context_;
  milliseconds retention_;
  Timer open_plans_;
};

}  // namespace consilium
