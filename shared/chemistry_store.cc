#include "shared/chemistry_store.h"

#include "shared/case_record.h"
#include "shared/codec.h"
#include "shared/redis_reply.h"
#include "shared/text.h"
#include "store_scripts.h"

namespace consilium {
namespace {

// XRANGE and XREVRANGE: [entry, [field, value]] ...
std::vector<StoredEvidence> ReadEntries(const RedisReply& reply) {
  std::vector<StoredEvidence> lines;
  lines.reserve(reply.items.size());
  for (const RedisReply& entry : reply.items) {
    if (entry.items.size() != 2) continue;
    StoredEvidence line{entry.items[0].text, std::nullopt};
    if (entry.items[1].items.size() == 2) {
      if (auto read = Unpack<EvidenceLine>(entry.items[1].items[1].text)) line.line = *read;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

ChemistryStore::ChemistryStore(RedisConnection& redis, int shard)
    : redis_(redis), prefix_("consilium:{" + std::to_string(shard) + "}:") {}

std::vector<RedisScript> ChemistryStore::Scripts() {
  return {{"follow_evidence", kFollowEvidenceScript},
          {"write_ledger", kWriteLedgerScript},
          {"ask_rebuild", kAskRebuildScript},
          {"import_evidence", kImportEvidenceScript}};
}

std::vector<RedisScript> AllScripts() {
  std::vector<RedisScript> scripts = Store::Scripts();
  const std::vector<RedisScript> chemistry = ChemistryStore::Scripts();
  scripts.insert(scripts.end(), chemistry.begin(), chemistry.end());
  return scripts;
}

void ChemistryStore::Follow(std::int64_t max, Done<Following> done) {
  redis_.Run(
      "follow_evidence", {Key("ledger"), Key("learning"), Key("evidence")}, {std::to_string(max)},
      Reading<Following>(std::move(done), [](const RedisReply& reply) -> Result<Following> {
        if (reply.items.size() != 4) return Unexpected("follow_evidence");
        Following following{reply.items[0].text, reply.items[1].text, reply.items[2].text, {}};
        const auto& lines = reply.items[3].items;
        for (std::size_t i = 0; i + 1 < lines.size(); i += 2) {
          StoredEvidence line{lines[i].text, std::nullopt};
          if (auto read = Unpack<EvidenceLine>(lines[i + 1].text)) line.line = *read;
          following.lines.push_back(std::move(line));
        }
        return following;
      }));
}

void ChemistryStore::ReadLedger(Done<StoredLedger> done) {
  redis_.Send({"HGETALL", Key("ledger")},
              Reading<StoredLedger>(std::move(done), [](const RedisReply& reply) {
                StoredLedger stored;
                for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
                  stored.fields.emplace(reply.items[i].text, reply.items[i + 1].text);
                }
                if (const auto cursor = stored.fields.find("cursor");
                    cursor != stored.fields.end()) {
                  stored.cursor = cursor->second;
                  stored.fields.erase(cursor);
                }
                return Result<StoredLedger>(std::move(stored));
              }));
}

void ChemistryStore::ReadEvidence(const std::string& after, std::int64_t max,
                                  Done<std::vector<StoredEvidence>> done) {
  redis_.Send({"XRANGE", Key("evidence"), after.empty() ? "-" : "(" + after, "+", "COUNT",
               std::to_string(max)},
              Reading<std::vector<StoredEvidence>>(std::move(done), [](const RedisReply& reply) {
                return Result<std::vector<StoredEvidence>>(ReadEntries(reply));
              }));
}

void ChemistryStore::ReadLatest(const std::string& last, std::int64_t max,
                                Done<std::vector<StoredEvidence>> done) {
  redis_.Send(
      {"XREVRANGE", Key("evidence"), last.empty() ? "+" : last, "-", "COUNT", std::to_string(max)},
      Reading<std::vector<StoredEvidence>>(std::move(done), [](const RedisReply& reply) {
        return Result<std::vector<StoredEvidence>>(ReadEntries(reply));
      }));
}

void ChemistryStore::WriteLedger(const LedgerUpdate& update, Done<bool> done) {
  std::vector<std::string> args = {update.from, update.to, update.replace ? "1" : "0",
                                   update.rebuilt ? update.rebuilt->id : "",
                                   update.rebuilt ? Pack(*update.rebuilt) : ""};
  args.reserve(args.size() + 2 * update.fields.size());
  for (const auto& [field, value] : update.fields) {
    args.push_back(field);
    args.push_back(value);
  }
  redis_.Run("write_ledger", {Key("ledger"), Key("learning")}, std::move(args),
             Reading<bool>(std::move(done), [](const RedisReply& reply) {
               return Result<bool>(reply.integer == 1);
             }));
}

void ChemistryStore::Publish(const std::string& cursor, const std::vector<ChemistryReport>& reports,
                             const SeatingBoard& board, Done<Nothing> done) {
  const auto ignore = [](const Result<RedisReply>&) {};
  for (const ChemistryReport& report : reports) {
    redis_.Send({"SET", Key("chemistry:" + report.kind), Pack(report)}, ignore);
  }
  redis_.Send({"SET", Key("ensembles"), Pack(board)}, ignore);
  redis_.Send({"PUBLISH", Key("hints"), "ensembles"}, ignore);
  // Last, and in order: when this is there, so is the rest.
  redis_.Send({"HSET", Key("learning"), "published", cursor},
              Reading<Nothing>(std::move(done), [](const RedisReply&) { return Ok(); }));
}

void ChemistryStore::ReadReport(const std::string& kind, Done<ChemistryReport> done) {
  redis_.Send({"GET", Key("chemistry:" + kind)},
              Reading<ChemistryReport>(
                  std::move(done), [kind](const RedisReply& reply) -> Result<ChemistryReport> {
                    if (!reply.nil()) return Unpack<ChemistryReport>(reply.text);
                    return Error{ErrorCode::kNotFound,
                                 "nothing was learned of kind " + Quoted(kind) + " yet"};
                  }));
}

void ChemistryStore::ReadBoard(Done<SeatingBoard> done) {
  redis_.Send(
      {"GET", Key("ensembles")},
      Reading<SeatingBoard>(std::move(done), [](const RedisReply& reply) -> Result<SeatingBoard> {
        if (reply.nil()) return SeatingBoard{};
        return Unpack<SeatingBoard>(reply.text);
      }));
}

void ChemistryStore::AskRebuild(const std::string& id, Done<RebuildReply> done) {
  redis_.Run(
      "ask_rebuild", {Key("learning")}, {id, Key("hints")},
      Reading<RebuildReply>(std::move(done), [id](const RedisReply& reply) -> Result<RebuildReply> {
        if (!reply.text.empty()) {
          return Unpack<RebuildReply>(reply.text);
        }
        RebuildReply waiting;
        waiting.id = id;
        waiting.state = "waiting";
        return waiting;
      }));
}

void ChemistryStore::Import(const std::vector<CaseEvidence>& cases, Done<ImportReply> done) {
  std::vector<std::string> args = {Key("hints")};
  for (const CaseEvidence& evidence : cases) {
    args.push_back(evidence.case_id);
    args.push_back(Pack(EvidenceLine{evidence, std::nullopt}));
  }
  const auto count = static_cast<std::int64_t>(cases.size());
  redis_.Run("import_evidence", {Key("imported"), Key("evidence")}, std::move(args),
             Reading<ImportReply>(std::move(done), [count](const RedisReply& reply) {
               return Result<ImportReply>(ImportReply{reply.integer, count - reply.integer});
             }));
}

void ChemistryStore::ReadHistory(const std::string& after, std::int64_t max,
                                 Done<HistoryReply> done) {
  if (!after.empty() && !IsStreamId(after)) {
    return done(
        Invalid("after = " + Quoted(after) + ", expected \"\" or a cursor of an earlier reply"));
  }
  ReadEvidence(after, max,
               [after, done = std::move(done)](const Result<std::vector<StoredEvidence>>& read) {
                 if (!read) return done(read.error());
                 HistoryReply reply;
                 reply.cursor = after;
                 for (const StoredEvidence& line : *read) {
                   reply.cursor = line.entry;
                   if (line.line) {
                     reply.items.push_back(*line.line);
                   } else {
                     ++reply.unreadable;
                   }
                 }
                 done(std::move(reply));
               });
}

}  // namespace consilium
