#include "shared/chemistry_store.h"

#include "shared/case_index.h"
#include "shared/case_record.h"
#include "shared/codec.h"
#include "shared/dead_store.h"
#include "shared/redis_reply.h"
#include "shared/text.h"
#include "store_scripts.h"

namespace consilium {
namespace {

StoredEvidence ReadLine(const std::string& entry, const std::string& packed) {
  StoredEvidence line;
  line.entry = entry;
  line.bytes = packed.size();
  if (auto read = Unpack<EvidenceLine>(packed)) line.line = std::move(*read);
  return line;
}

// XRANGE and XREVRANGE: [entry, [field, value]] ...
std::vector<StoredEvidence> ReadEntries(const RedisReply& reply) {
  std::vector<StoredEvidence> lines;
  lines.reserve(reply.items.size());
  for (const RedisReply& entry : reply.items) {
    if (entry.items.size() != 2) continue;
    const bool whole = entry.items[1].items.size() == 2;
    lines.push_back(ReadLine(entry.items[0].text, whole ? entry.items[1].items[1].text : ""));
  }
  return lines;
}

}  // namespace

std::string LearnedMember(const CaseEvidence& evidence) {
  return evidence.kind + "|" + evidence.case_id;
}

std::string PublicationStamp(const LedgerPlace& made_from, const std::string& settings) {
  return std::to_string(made_from.epoch) + " " + made_from.cursor + " " + settings;
}

ChemistryStore::ChemistryStore(RedisConnection& redis, std::size_t shard)
    : redis_(redis), prefix_(ShardPrefix(shard)) {}

std::vector<RedisScript> ChemistryStore::Scripts() {
  return {{"follow_evidence", kFollowEvidenceScript},     {"write_ledger", kWriteLedgerScript},
          {"publish_chemistry", kPublishChemistryScript}, {"ask_rebuild", kAskRebuildScript},
          {"import_evidence", kImportEvidenceScript},     {"take_evidence", kTakeEvidenceScript}};
}

std::vector<RedisScript> AllScripts() {
  std::vector<RedisScript> scripts = Store::Scripts();
  for (const std::vector<RedisScript>& more :
       {ChemistryStore::Scripts(), DeadStore::Scripts(), CaseIndex::Scripts()}) {
    scripts.insert(scripts.end(), more.begin(), more.end());
  }
  return scripts;
}

void ChemistryStore::Follow(const std::string& id, bool holds, std::int64_t max,
                            Done<Following> done) {
  redis_.Run("follow_evidence", {Key("ledger"), Key("learning"), Key("evidence"), Key("wanted")},
             {std::to_string(max), id, holds ? "1" : "0"},
             Reading<Following>(std::move(done), [](const RedisReply& reply) -> Result<Following> {
               if (reply.items.size() != 6) return Unexpected("follow_evidence");
               Following following;
               following.place = {reply.items[0].text, ToInt(reply.items[1])};
               following.rebuild = reply.items[2].text;
               following.published = reply.items[3].text;
               following.idle_ms = ToInt(reply.items[4]);
               const auto& lines = reply.items[5].items;
               for (std::size_t i = 0; i + 1 < lines.size(); i += 2) {
                 following.lines.push_back(ReadLine(lines[i].text, lines[i + 1].text));
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
                const auto take = [&stored](const char* field) {
                  const auto found = stored.fields.find(field);
                  if (found == stored.fields.end()) return std::string();
                  std::string value = std::move(found->second);
                  stored.fields.erase(found);
                  return value;
                };
                stored.place.cursor = take("cursor");
                stored.place.epoch = std::atoll(take("epoch").c_str());
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
  std::vector<std::string> args = {update.from.cursor,
                                   std::to_string(update.from.epoch),
                                   update.to,
                                   update.replace ? "1" : "0",
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

void ChemistryStore::Publish(const LedgerPlace& made_from, const std::string& settings,
                             const std::vector<ChemistryReport>& reports, const SeatingBoard& board,
                             const TrackRecords& records, Done<bool> done) {
  std::vector<std::string> keys = {Key("ledger"), Key("learning"), Key("ensembles"),
                                   Key("track_records")};
  std::vector<std::string> args = {std::to_string(made_from.epoch),
                                   made_from.cursor,
                                   PublicationStamp(made_from, settings),
                                   Key("hints"),
                                   Pack(board),
                                   Pack(records)};
  for (const ChemistryReport& report : reports) {
    keys.push_back(Key("chemistry:" + report.kind));
    args.push_back(Pack(report));
  }
  redis_.Run("publish_chemistry", std::move(keys), std::move(args),
             Reading<bool>(std::move(done), [](const RedisReply& reply) {
               return Result<bool>(reply.integer == 1);
             }));
}

void ChemistryStore::ReadWaiting(std::int64_t max, Done<std::vector<WaitingEvidence>> done) {
  // First: whatever comes after the look is told.
  redis_.Send({"HSETNX", Key("wanted"), "evidence", "1"}, [](const Result<RedisReply>&) {});
  redis_.Send({"XRANGE", Key("evidence"), "-", "+", "COUNT", std::to_string(max)},
              Reading<std::vector<WaitingEvidence>>(std::move(done), [](const RedisReply& reply) {
                std::vector<WaitingEvidence> lines;
                for (const RedisReply& entry : reply.items) {
                  if (entry.items.size() != 2 || entry.items[1].items.size() < 2) continue;
                  WaitingEvidence& waiting = lines.emplace_back();
                  waiting.entry = entry.items[0].text;
                  waiting.line = entry.items[1].items[1].text;
                  const auto line = Unpack<EvidenceLine>(waiting.line);
                  if (line) waiting.member = LearnedMember(line->evidence);
                }
                return Result<std::vector<WaitingEvidence>>(std::move(lines));
              }));
}

void ChemistryStore::Take(std::size_t shard, const std::vector<WaitingEvidence>& lines,
                          Done<std::int64_t> done) {
  std::vector<std::string> args = {Key("hints"), std::to_string(shard)};
  for (const WaitingEvidence& waiting : lines) {
    args.insert(args.end(), {waiting.entry, waiting.member, waiting.line});
  }
  redis_.Run("take_evidence", {Key("evidence"), Key("learned"), Key("taken"), Key("wanted")},
             std::move(args), Reading<std::int64_t>(std::move(done), [](const RedisReply& reply) {
               return Result<std::int64_t>(reply.integer);
             }));
}

void ChemistryStore::Forget(const std::vector<WaitingEvidence>& lines, Done<Nothing> done) {
  std::vector<std::string> command = {"XDEL", Key("evidence")};
  std::vector<std::string> known = {"SREM", Key("learned")};
  for (const WaitingEvidence& waiting : lines) {
    command.push_back(waiting.entry);
    known.push_back(waiting.member);
  }
  redis_.Send(std::move(known), [](const Result<RedisReply>&) {});  // what stays is no harm
  redis_.Send(std::move(command),
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

namespace {

// Of what is published whole; empty before the first time.
template <class T>
auto Published(ChemistryStore::Done<T> done) {
  return Reading<T>(std::move(done), [](const RedisReply& reply) -> Result<T> {
    if (reply.nil()) return T{};
    return Unpack<T>(reply.text);
  });
}

}  // namespace

void ChemistryStore::ReadBoard(Done<SeatingBoard> done) {
  redis_.Send({"GET", Key("ensembles")}, Published<SeatingBoard>(std::move(done)));
}

void ChemistryStore::ReadTrackRecords(Done<TrackRecords> done) {
  redis_.Send({"GET", Key("track_records")}, Published<TrackRecords>(std::move(done)));
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
    args.push_back(LearnedMember(evidence));
    args.push_back(Pack(EvidenceLine{evidence, std::nullopt}));
  }
  const auto count = static_cast<std::int64_t>(cases.size());
  redis_.Run("import_evidence", {Key("learned"), Key("evidence"), Key("wanted")}, std::move(args),
             Reading<ImportReply>(std::move(done), [count](const RedisReply& reply) {
               return Result<ImportReply>(ImportReply{reply.integer, count - reply.integer});
             }));
}

void ChemistryStore::AreKnown(const std::vector<std::string>& members,
                              Done<std::vector<bool>> done) {
  std::vector<std::string> command = {"SMISMEMBER", Key("learned")};
  command.insert(command.end(), members.begin(), members.end());
  redis_.Send(std::move(command),
              Reading<std::vector<bool>>(
                  std::move(done),
                  [count = members.size()](const RedisReply& reply) -> Result<std::vector<bool>> {
                    if (reply.items.size() != count) return Unexpected("SMISMEMBER");
                    std::vector<bool> known;
                    known.reserve(count);
                    for (const RedisReply& item : reply.items) known.push_back(ToInt(item) == 1);
                    return known;
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
                 std::size_t bytes = 0;
                 for (const StoredEvidence& line : *read) {
                   bytes += line.bytes;
                   if (bytes > kHistoryBytes && !reply.items.empty()) break;
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
