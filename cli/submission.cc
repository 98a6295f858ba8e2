#include "cli/submission.h"

#include <algorithm>

#include "cli/output.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr milliseconds kRetryPause{500};

}  // namespace

int ExitCodeOf(const Tally& tally) {
  const auto any = [&tally](int code) {
    return std::any_of(tally.refusals.begin(), tally.refusals.end(), [code](const auto& refusal) {
      return refusal.second > 0 && ExitCodeOf(refusal.first) == code;
    });
  };
  for (const int code : {kExitUnreachable, kExitRefused, kExitUsage, kExitFailed}) {
    if (any(code)) return code;
  }
  for (const CaseState state : {CaseState::kFailed, CaseState::kCancelled}) {
    const auto found = tally.states.find(state);
    if (found != tally.states.end() && found->second > 0) return kExitFailed;
  }
  return kExitOk;
}

Submission::Submission(std::vector<CaseRequest> cases, bool wait, TimePoint now,
                       std::size_t open_max)
    : wait_(wait), open_max_(open_max), moved_(now) {
  tally_.total = cases.size();
  cases_.reserve(cases.size());
  for (CaseRequest& request : cases) {
    by_id_.emplace(request.id, cases_.size());
    queue_.push_back(cases_.size());
    Case added;
    added.request = std::move(request);
    cases_.push_back(std::move(added));
  }
}

bool Submission::HasRoom() const {
  return sent_ < limits::kClientWindow && sent_ + waiting_ < open_max_;
}

std::optional<std::size_t> Submission::NextToSubmit(TimePoint now) {
  if (!HasRoom()) return std::nullopt;
  std::size_t index = 0;
  if (!later_.empty() && later_.begin()->first <= now) {
    index = later_.begin()->second;
    later_.erase(later_.begin());
  } else if (later_.empty() && !queue_.empty()) {
    // While the broker turns cases away, no new ones are tried.
    index = queue_.front();
    queue_.pop_front();
  } else {
    return std::nullopt;
  }
  cases_[index].stage = Stage::kSent;
  ++sent_;
  return index;
}

std::optional<std::size_t> Submission::NextToFetch(TimePoint now) {
  if (fetching_ >= kFetchesMax || fetches_.empty() || fetches_.begin()->first > now) {
    return std::nullopt;
  }
  const std::size_t index = fetches_.begin()->second;
  DropFetch(index);
  ++fetching_;
  return index;
}

TimePoint Submission::NextDue(TimePoint now) const {
  TimePoint due = now + std::chrono::seconds(1);
  if (HasRoom()) {
    if (!later_.empty()) due = std::min(due, later_.begin()->first);
    if (later_.empty() && !queue_.empty()) due = now;
  }
  if (!fetches_.empty() && fetching_ < kFetchesMax) due = std::min(due, fetches_.begin()->first);
  return due;
}

void Submission::PlanFetch(std::size_t index, TimePoint at) {
  DropFetch(index);
  cases_[index].fetch_at = at;
  fetches_.emplace(at, index);
}

void Submission::DropFetch(std::size_t index) {
  Case& one = cases_[index];
  if (one.fetch_at) fetches_.erase({*one.fetch_at, index});
  one.fetch_at.reset();
}

void Submission::OnAccepted(std::size_t index, const SubmitReply& reply, TimePoint now) {
  Case& one = cases_[index];
  if (one.stage != Stage::kSent) return;
  --sent_;
  moved_ = now;
  ++tally_.accepted;
  if (reply.duplicate) ++tally_.duplicates;
  one.stage = Stage::kWaiting;
  ++waiting_;
  Event event;
  event.index = index;
  events_.push_back(std::move(event));
  if (!wait_) {
    --waiting_;
    one.stage = Stage::kEnded;
  } else if (one.early) {
    End(index, *std::exchange(one.early, std::nullopt));
  } else {
    const bool ended = IsFinal(reply.state);
    PlanFetch(index, ended ? now : now + kFetchPause);
  }
}

void Submission::OnRefused(std::size_t index, const Error& error,
                           std::optional<std::int64_t> retry_after_ms, TimePoint now) {
  Case& one = cases_[index];
  if (one.stage != Stage::kSent) return;
  --sent_;
  const bool passing = error.code == ErrorCode::kQueueFull ||
                       error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDraining;
  if (passing && now - moved_ < kPatience) {
    one.stage = Stage::kQueued;
    later_.emplace(now + milliseconds(retry_after_ms.value_or(kRetryPause.count())), index);
    return;
  }
  Refuse(index, error);
}

void Submission::OnPublished(const Recommendation& recommendation, TimePoint now) {
  const auto found = by_id_.find(recommendation.case_id);
  if (found == by_id_.end()) return;
  Case& one = cases_[found->second];
  switch (one.stage) {
    case Stage::kQueued:
    case Stage::kRefused:
      return;  // Another client's case of this id.
    case Stage::kSent:
      one.early = recommendation;
      return;
    case Stage::kWaiting:
      moved_ = now;
      return End(found->second, recommendation);
    case Stage::kEnded:
      if (!wait_ || recommendation.revision <= one.revision) return;
      one.revision = recommendation.revision;
      events_.push_back({Event::Kind::kRevised, found->second, recommendation, {}});
      return;
  }
}

void Submission::OnGap(TimePoint now) {
  for (std::size_t i = 0; i < cases_.size(); ++i) {
    if (cases_[i].stage == Stage::kWaiting) PlanFetch(i, now);
  }
}

void Submission::OnFetched(std::size_t index, const CaseView& view, TimePoint now) {
  --fetching_;
  Case& one = cases_[index];
  if (one.stage != Stage::kWaiting) return;
  if (!IsFinal(view.state)) {
    const auto waiting = tally_.accepted - tally_.ended;
    return PlanFetch(index, now + kFetchPause * static_cast<std::int64_t>(1 + waiting / 100));
  }
  moved_ = now;
  if (!view.recommendations.empty()) {
    return End(index, view.recommendations.back());
  }
  Recommendation none;
  none.case_id = view.id;
  none.status = view.state;
  none.reason = "The case ended without a recommendation.";
  if (view.state == CaseState::kCancelled) {
    none.reason = view.cancel_reason.empty() ? "The case was cancelled." : view.cancel_reason;
  }
  none.accepted_ms = view.accepted_ms;
  End(index, std::move(none));
}

void Submission::OnFetchFailed(std::size_t index, const Error& error, TimePoint now) {
  --fetching_;
  if (cases_[index].stage != Stage::kWaiting) return;
  // Asking again brings the same answer.
  const bool lasting = error.code == ErrorCode::kNotFound || error.code == ErrorCode::kInternal ||
                       error.code == ErrorCode::kTooLarge;
  if (lasting) return Refuse(index, error);
  PlanFetch(index, now + kRetryPause);
}

void Submission::End(std::size_t index, Recommendation recommendation) {
  Case& one = cases_[index];
  DropFetch(index);
  --waiting_;
  one.stage = Stage::kEnded;
  one.revision = recommendation.revision;
  ++tally_.ended;
  ++tally_.states[recommendation.status];
  events_.push_back({Event::Kind::kEnded, index, std::move(recommendation), {}});
}

void Submission::Refuse(std::size_t index, const Error& error) {
  Case& one = cases_[index];
  DropFetch(index);
  one.early.reset();
  if (one.stage == Stage::kWaiting) --waiting_;
  one.stage = Stage::kRefused;
  ++tally_.refused;
  ++tally_.refusals[error.code];
  events_.push_back({Event::Kind::kRefused, index, {}, error});
}

bool Submission::done() const {
  const std::size_t gone = wait_ ? tally_.ended : tally_.accepted;
  return gone + tally_.refused == tally_.total;
}

std::vector<std::string> Submission::Waiting() const {
  std::vector<std::string> ids;
  for (const Case& one : cases_) {
    if (one.stage == Stage::kWaiting) ids.push_back(one.request.id);
  }
  return ids;
}

}  // namespace consilium
