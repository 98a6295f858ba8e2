#include "broker/case_desk.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "broker/case_list.h"
#include "broker/case_outcome_check.h"
#include "broker/intake.h"
#include "shared/case_index.h"
#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr const char* kNotAccepted = "; the case was not accepted; send it again";
constexpr const char* kAskAnother = "; the case was not accepted; send it to another broker";
constexpr const char* kPerhapsAccepted =
    "; whether the case was accepted is not known; send it again";
constexpr const char* kNotRecorded = "; the outcome was not recorded; send it again";
constexpr const char* kPerhapsRecorded =
    "; whether the outcome was recorded is not known; send it again";

Status CheckCancel(const CancelRequest& request) {
  if (Status id = CheckCaseId(request.id); !id) return id;
  const std::string& reason = request.reason;
  if (reason.size() > limits::kCancelReasonBytesMax) {
    return Invalid("reason: " + std::to_string(reason.size()) + " bytes, expected at most " +
                   std::to_string(limits::kCancelReasonBytesMax));
  }
  const bool plain = std::none_of(reason.begin(), reason.end(),
                                  [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
  return plain ? Ok() : Invalid("reason: has control characters, expected none");
}

}  // namespace

CaseDesk::CaseDesk(ClientCalls& calls, Hub& hub, WorkerDesk& workers)
    : calls_(calls), hub_(hub), workers_(workers) {}

void CaseDesk::OnSubmit(const Caller& to, const CaseRequest& request) {
  Result<NewCase> admitted = Admit(request, hub_.config, hub_.board);
  if (!admitted) return calls_.Fail(to, admitted.error());
  Shard& shard = hub_.Of(admitted->id);
  // Ids spread evenly, so a shard has its share of the limit.
  const auto shards = static_cast<std::int64_t>(hub_.shards.size());
  admitted->live_cases_max = (admitted->live_cases_max + shards - 1) / shards;
  const std::optional<Error> why = hub_.NotAccepting(shard);
  const bool full = why && why->code == ErrorCode::kQueueFull;
  if (why && !full) {
    const bool draining = why->code == ErrorCode::kDraining;
    return calls_.Fail(to, {why->code, why->text + (draining ? kAskAnother : kNotAccepted)});
  }
  if (!calls_.Admits(to, shard, kNotAccepted)) return;
  // Without room only what was accepted before is found.
  if (full) admitted->live_cases_max = 0;
  const auto answer = calls_.Answer<SubmitReply>(
      to, shard, kPerhapsAccepted, [this, &shard](const SubmitReply& reply) {
        for (const std::string& model : reply.ensemble) workers_.Wake(shard, model);
        LogDebug("case_accepted", {{"case", reply.id}, {"duplicate", reply.duplicate ? 1 : 0}});
      });
  shard.store().Submit(
      *admitted, [this, to, &shard, why, full, answer](const Result<SubmitReply>& reply) {
        if (!full || reply || reply.error().code != ErrorCode::kQueueFull) return answer(reply);
        calls_.LeaveShard(shard);
        calls_.Reply(to, ErrorMessage{std::string(ErrorName(why->code)), why->text + kNotAccepted,
                                      shard.retry_after_ms()});
      });
}

void CaseDesk::OnCancel(const Caller& to, const CancelRequest& request) {
  if (const Status good = CheckCancel(request); !good) return calls_.Fail(to, good.error());
  Shard& shard = hub_.Of(request.id);
  if (!calls_.Admits(to, shard, kAskAgain)) return;
  shard.store().Cancel(
      request, calls_.Answer<CancelReply>(to, shard, kAskAgain, [this](const CancelReply& reply) {
        if (reply.cancelled) workers_.StopCase(reply.id);
      }));
}

void CaseDesk::OnFetch(const Caller& to, const FetchRequest& request) {
  if (const Status id = CheckCaseId(request.id); !id) return calls_.Fail(to, id.error());
  Shard& shard = hub_.Of(request.id);
  if (!calls_.Admits(to, shard, kAskAgain)) return;
  shard.store().Fetch(request.id,
                      calls_.Answer<CaseView>(to, shard, kAskAgain, [](const CaseView&) {}));
}

void CaseDesk::OnList(const Caller& to, const CaseListRequest& request) {
  constexpr auto kMost = static_cast<std::int64_t>(limits::kCaseListMax);
  if (const Status max = CheckInteger("max", request.max, 1, kMost); !max) {
    return calls_.Fail(to, max.error());
  }
  const auto places = ReadCasePlaces(request.after, hub_.shards.size());
  if (!places) return calls_.Fail(to, places.error());
  if (!calls_.AdmitsToAll(to, hub_.NoneAnswers(), kAskAgain)) return;
  const auto ask = [places = *places, max = request.max](Shard& shard,
                                                         const Store::Done<CaseSlice>& hear) {
    CaseIndex(shard.redis(), shard.number()).List(places[shard.number()], max, hear);
  };
  const auto merge = [request, places = *places, answer = calls_.AnswerOfAll<CaseListReply>(to)](
                         const std::vector<Result<CaseSlice>>& said) {
    std::vector<std::optional<CaseSlice>> slices;
    bool any = false;
    for (const Result<CaseSlice>& slice : said) {
      if (!slice && slice.error().code != ErrorCode::kUnavailable) return answer(slice.error());
      any = any || slice.ok();
      slices.push_back(slice ? std::make_optional(*slice) : std::nullopt);
    }
    if (!any) return answer(said.front().error());
    answer(MergeCases(request, places, slices));
  };
  calls_.AskAll<CaseSlice>(ask, merge);
}

void CaseDesk::OnOutcome(const Caller& to, const CaseOutcomeRequest& request) {
  if (const Status good = CheckCaseOutcome(request); !good) return calls_.Fail(to, good.error());
  Shard& shard = hub_.Of(request.id);
  // A broker that drains still answers, and what it takes is little: only a Redis that would lose
  // it takes none.
  if (const auto why = shard.NotAccepting(); why && why->code == ErrorCode::kUnavailable) {
    return calls_.Fail(to, {why->code, hub_.Named(shard, why->text) + kNotRecorded});
  }
  if (!calls_.Admits(to, shard, kNotRecorded)) return;
  const auto answer = calls_.Answer<CaseOutcomeReply>(
      to, shard, kPerhapsRecorded, [](const CaseOutcomeReply& reply) {
        LogDebug("outcome_recorded", {{"case", reply.id}, {"duplicate", reply.duplicate ? 1 : 0}});
      });
  shard.store().Fetch(request.id, [&shard, request, answer](const Result<CaseView>& view) {
    if (!view) return answer(view.error());
    const auto admitted = AdmitOutcome(request, *view);
    if (!admitted) return answer(admitted.error());
    shard.store().AddOutcome(request.id, *admitted, answer);
  });
}

}  // namespace consilium
