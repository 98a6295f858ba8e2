#include "broker/learning_desk.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "broker/ensemble.h"
#include "broker/evidence_check.h"
#include "shared/chemistry_store.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {

LearningDesk::LearningDesk(ClientCalls& calls, Hub& hub) : calls_(calls), hub_(hub) {}

void LearningDesk::OnChemistry(const Caller& to, const ChemistryRequest& request) {
  const auto& kinds = hub_.config.council.kinds;
  const std::string kind = request.kind.empty() ? kinds.front() : request.kind;
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    return calls_.Fail(to, Invalid("kind = " + Quoted(kind) + ", expected one of " +
                                   JoinNames(kinds) + " (council.kinds)"));
  }
  if (!calls_.Admits(to, hub_.first(), kAskAgain)) return;
  hub_.chemistry.ReadReport(kind, calls_.Answer<ChemistryReport>(to, hub_.first(), kAskAgain,
                                                                 [](const ChemistryReport&) {}));
}

void LearningDesk::OnEnsembles(const Caller& to) {
  if (!calls_.Admits(to, hub_.first(), kAskAgain)) return;
  // What is shown is what the next case is seated by.
  hub_.chemistry.ReadBoard(calls_.Answer<SeatingBoard>(
      to, hub_.first(), kAskAgain, [this](const SeatingBoard& board) { hub_.board = board; }));
}

void LearningDesk::OnTrackRecords(const Caller& to) {
  if (!calls_.Admits(to, hub_.first(), kAskAgain)) return;
  hub_.chemistry.ReadTrackRecords(
      calls_.Answer<TrackRecords>(to, hub_.first(), kAskAgain, [](const TrackRecords&) {}));
}

void LearningDesk::OnRebuild(const Caller& to, const RebuildRequest& request) {
  if (const Status id = CheckCaseId(request.id); !id) return calls_.Fail(to, id.error());
  if (!calls_.Admits(to, hub_.first(), kAskAgain)) return;
  hub_.chemistry.AskRebuild(request.id, calls_.Answer<RebuildReply>(to, hub_.first(), kAskAgain,
                                                                    [](const RebuildReply&) {}));
}

void LearningDesk::OnImport(const Caller& to, const ImportRequest& request) {
  ImportRequest complete = request;
  for (CaseEvidence& evidence : complete.cases) {
    if (evidence.kind.empty()) evidence.kind = hub_.config.council.kinds.front();
  }
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto now_ms = std::chrono::duration_cast<milliseconds>(wall).count();
  if (const Status good = CheckImport(complete, hub_.config, now_ms); !good) {
    return calls_.Fail(to, good.error());
  }
  if (!calls_.AdmitsToAll(to, hub_.NotAnswering(hub_.first()), kAskAgain)) return;
  // A case that ended here is known in shard 0 once its evidence is there, and before that in its
  // own shard.
  std::vector<std::vector<std::string>> members(hub_.shards.size());
  for (const CaseEvidence& evidence : complete.cases) {
    members[hub_.Of(evidence.case_id).number()].push_back(LearnedMember(evidence));
  }
  const auto ask = [members](Shard& shard, const Store::Done<std::vector<bool>>& hear) {
    const std::vector<std::string>& these = members[shard.number()];
    if (shard.number() == 0 || these.empty()) return hear(std::vector<bool>(these.size()));
    ChemistryStore(shard.redis(), shard.number()).AreKnown(these, hear);
  };
  calls_.AskAll<std::vector<bool>>(ask, [this, to, complete](const auto& said) {
    std::vector<CaseEvidence> unknown;
    std::vector<std::size_t> at(said.size());
    for (const CaseEvidence& evidence : complete.cases) {
      const std::size_t shard = hub_.Of(evidence.case_id).number();
      if (!said[shard]) return calls_.AnswerOfAll<ImportReply>(to)(said[shard].error());
      if (!(*said[shard])[at[shard]++]) unknown.push_back(evidence);
    }
    Import(to, unknown, static_cast<std::int64_t>(complete.cases.size() - unknown.size()));
  });
}

void LearningDesk::Import(const Caller& to, const std::vector<CaseEvidence>& cases,
                          std::int64_t known) {
  hub_.chemistry.Import(cases, [this, to, known](Result<ImportReply> reply) {
    if (reply) {
      reply->duplicate += known;
    } else {
      reply = hub_.Named(hub_.first(), reply.error());
    }
    calls_.AnswerOfAll<ImportReply>(to)(reply);
  });
}

void LearningDesk::OnHistory(const Caller& to, const HistoryRequest& request) {
  if (const Status max =
          CheckInteger("max", request.max, 1, static_cast<std::int64_t>(limits::kHistoryBatchMax));
      !max) {
    return calls_.Fail(to, max.error());
  }
  if (!calls_.Admits(to, hub_.first(), kAskAgain)) return;
  hub_.chemistry.ReadHistory(
      request.after, request.max,
      calls_.Answer<HistoryReply>(to, hub_.first(), kAskAgain, [](const HistoryReply&) {}));
}

}  // namespace consilium
