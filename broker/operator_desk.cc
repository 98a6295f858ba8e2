#include "broker/operator_desk.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "broker/dead_letters.h"
#include "broker/status_sum.h"
#include "shared/limits.h"
#include "shared/log.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::int64_t kDrainLimitMaxMs = 86400000;

}  // namespace

OperatorDesk::OperatorDesk(ClientCalls& calls, Hub& hub, WorkerDesk& workers)
    : calls_(calls), hub_(hub), workers_(workers) {}

void OperatorDesk::OnStatus(const Caller& to) {
  if (!hub_.AnyAnswering()) {
    // What this broker knows by itself, so that an operator sees more than an error.
    StatusReply status;
    Fill(status);
    return calls_.Reply(to, status);
  }
  if (!calls_.AdmitsToAll(to, "", kAskAgain)) return;
  std::vector<std::string> models;
  for (const BackendConfig& backend : hub_.config.backends) models.push_back(backend.model);
  const auto ask = [models](Shard& shard, const Store::Done<StatusReply>& hear) {
    shard.store().Describe(models, hear);
  };
  calls_.AskAll<StatusReply>(ask, [this, to](const std::vector<Result<StatusReply>>& said) {
    calls_.LeaveAll();
    StatusReply status;
    bool any = false;
    for (const Result<StatusReply>& shard : said) {
      ShardStatus& about = status.shards.emplace_back();
      any = any || shard.ok();
      if (shard) {
        about.live = shard->live;
        AddStatus(status, *shard);
      } else {
        about.reason = kNoReply;
      }
    }
    if (!any)
      return calls_.Fail(to, {ErrorCode::kUnavailable, said.front().error().text + kAskAgain});
    Fill(status);
    calls_.Reply(to, status);
  });
}

void OperatorDesk::OnDeadList(const Caller& to, const DeadListRequest& request) {
  constexpr auto kMost = static_cast<std::int64_t>(limits::kDeadBatchMax);
  if (const Status max = CheckInteger("max", request.max, 1, kMost); !max) {
    return calls_.Fail(to, max.error());
  }
  if (!calls_.AdmitsToAll(to, hub_.NoneAnswers(), kAskAgain)) return;
  ListDead(hub_, request, calls_.AnswerOfAll<DeadListReply>(to));
}

bool OperatorDesk::AdmitsLetters(const Caller& to, const std::vector<std::string>& ids) {
  if (ids.size() <= limits::kDeadBatchMax) {
    return calls_.AdmitsToAll(to, hub_.NoneAnswers(), kAskAgain);
  }
  calls_.Fail(to, Invalid("ids: " + std::to_string(ids.size()) + ", expected at most " +
                          std::to_string(limits::kDeadBatchMax)));
  return false;
}

void OperatorDesk::OnDeadRequeue(const Caller& to, const DeadRequeueRequest& request) {
  if (!AdmitsLetters(to, request.ids)) return;
  RequeueDead(
      hub_, request,
      [answer = calls_.AnswerOfAll<DeadRequeueReply>(to)](const Result<DeadRequeueReply>& reply) {
        if (!reply) return answer(reply);
        for (const RequeuedLetter& letter : reply->items) {
          LogInfo("dead_requeued", {{"task", letter.task}, {"disposition", letter.disposition}});
        }
        answer(reply);
      });
}

void OperatorDesk::OnDeadPurge(const Caller& to, const DeadPurgeRequest& request) {
  if (!AdmitsLetters(to, request.ids)) return;
  PurgeDead(hub_, request,
            [answer = calls_.AnswerOfAll<DeadPurgeReply>(to)](const Result<DeadPurgeReply>& reply) {
              if (reply) LogInfo("dead_purged", {{"count", reply->purged}});
              answer(reply);
            });
}

void OperatorDesk::OnDrain(const Caller& to, const DrainRequest& request) {
  if (request.limit_ms) {
    const Status limit = CheckInteger("limit_ms", *request.limit_ms, 0, kDrainLimitMaxMs);
    if (!limit) return calls_.Fail(to, limit.error());
  }
  // It may have been sent again to another one, which listens where the other did.
  const std::string meant = request.broker.substr(0, request.broker.find('.'));
  if (!meant.empty() && meant != hub_.id) {
    return calls_.Fail(to, {ErrorCode::kConflict, "broker = " + Quoted(request.broker) +
                                                      ", expected " + hub_.first().owner() +
                                                      ", which answers in its place and goes on"});
  }
  calls_.Reply(to, hub_.drain(request));
}

void OperatorDesk::Fill(StatusReply& status) const {
  status.broker = hub_.first().owner();
  status.version = CONSILIUM_VERSION;
  status.reason = hub_.NotAccepting();
  status.shards.resize(hub_.shards.size());
  for (const Shard& shard : hub_.shards) {
    ShardStatus& about = status.shards[shard.number()];
    about.shard = static_cast<std::int64_t>(shard.number());
    if (const auto why = shard.NotAccepting()) {
      about.reason = why->text;
    } else if (!about.reason.empty()) {  // up, but it did not answer now
      status.reason += (status.reason.empty() ? "" : "; ") + hub_.Named(shard, about.reason);
    }
    about.accepting = about.reason.empty() && !hub_.draining;
  }
  status.accepting = status.reason.empty();
  status.partly = !status.accepting && std::any_of(status.shards.begin(), status.shards.end(),
                                                   [](const auto& s) { return s.accepting; });
  status.live_max = hub_.config.broker.live_cases_max;
  for (const Shard& shard : hub_.shards) status.redis.push_back(shard.Describe());
  status.counters["refused_messages"] = calls_.refused() + workers_.refused();
  status.counters["refused_connections"] = hub_.bus.strangers;
  status.counters["refused_keys"] = hub_.bus.door.keys;
  status.counters["refused_roles"] = hub_.bus.door.roles;
  status.counters["refused_revoked"] = hub_.bus.door.messages;
  // Our workers as they are now, not as of the last beat.
  auto& workers = status.workers;
  const auto ours = [this](const WorkerStatus& worker) {
    return worker.broker.compare(0, hub_.id.size(), hub_.id) == 0;
  };
  workers.erase(std::remove_if(workers.begin(), workers.end(), ours), workers.end());
  for (WorkerStatus& worker : workers_.Describe()) workers.push_back(std::move(worker));
  for (const BackendConfig& backend : hub_.config.backends) {
    CreditStatus& credit = status.credits.emplace_back();
    credit.model = backend.model;
    for (const WorkerStatus& worker : workers) {
      if (worker.model != backend.model) continue;
      ++credit.workers;
      credit.slots += worker.slots;
      credit.used += worker.in_flight;
    }
  }
}

}  // namespace consilium
