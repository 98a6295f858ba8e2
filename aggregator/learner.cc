#include "aggregator/learner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "shared/case_record.h"
#include "shared/ids.h"

namespace consilium {
namespace {

constexpr std::int64_t kLinesAtOnce = 256;
constexpr milliseconds kLook{1000};  // hints may be lost
constexpr milliseconds kPause{1000};
// Another learner that has work and does not move for so long has stopped.
constexpr milliseconds kStuckAfter{3000};
constexpr milliseconds kPublishPause{1000};
// Making reports and boards takes at most about this part of the loop's time.
constexpr int kPublishShare = 5;
constexpr double kDayMs = 24.0 * 3600.0 * 1000.0;
constexpr const char* kUnreadable = "unreadable";

std::string DigestOf(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string all;
  for (const auto& [field, value] : fields) {
    all += std::to_string(field.size()) + ":" + field + std::to_string(value.size()) + ":" + value;
  }
  return Sha256Hex(all);
}

void AddUnreadable(std::int64_t count, std::vector<std::pair<std::string, std::string>>& fields) {
  if (count > 0) fields.emplace_back(kUnreadable, std::to_string(count));
}

std::int64_t UnreadableOf(const std::map<std::string, std::string>& fields) {
  const auto found = fields.find(kUnreadable);
  return found == fields.end() ? 0 : std::atoll(found->second.c_str());
}

ChemistryVariant VariantOf(const std::string& name) {
  return name == kChemistryVariantNames[0] ? ChemistryVariant::kPublished
                                           : ChemistryVariant::kNonempty;
}

}  // namespace

Learner::Learner(const Config& config, ChemistryStore& store)
    : config_(config),
      store_(store),
      ledger_rules_{config.chemistry.half_life_d, config.chemistry.version_weight},
      report_rules_{config.chemistry.shrinkage, VariantOf(config.chemistry.variant),
                    config.chemistry.usage_threshold} {}

void Learner::OnRedisUp() {
  waiting_ = false;
  StartOver();
  look_at_ = TimePoint{};
}

TimePoint Learner::Tick(TimePoint now) {
  if (waiting_) return TimePoint::max();
  if (publication_) return ContinuePublication(now);
  if (now < look_at_) return look_at_;
  look_at_ = now + kLook;
  switch (stage_) {
    case Stage::kLoad:
      Load();
      break;
    case Stage::kWindow:
      ReadWindow();
      break;
    case Stage::kFollow:
      if (unpublished_ && ours_ && now >= publish_at_) {
        BeginPublication(now);
        return now;
      }
      Follow();
      break;
    case Stage::kRebuild:
      ContinueRebuild();
      break;
  }
  return look_at_;
}

void Learner::Load() {
  waiting_ = true;
  store_.ReadLedger([this](const Result<StoredLedger>& stored) {
    waiting_ = false;
    OnLoaded(stored);
  });
}

void Learner::OnLoaded(const Result<StoredLedger>& stored) {
  if (!stored) return Complain("read_ledger", stored.error());
  auto ledger = stored->fields.empty() ? Result<Ledger>(Ledger(ledger_rules_))
                                       : Ledger::FromFields(ledger_rules_, stored->fields);
  if (!ledger) {
    // Other rules or a damaged field: the evidence is the truth.
    LogWarn("ledger_not_usable",
            {{"code", ErrorName(ledger.error().code)}, {"text", ledger.error().text}});
    return StartRebuild("", *stored);
  }
  ledger_ = std::move(*ledger);
  cursor_ = stored->cursor;
  unreadable_ = UnreadableOf(stored->fields);
  stage_ = Stage::kWindow;
  look_at_ = TimePoint{};
}

// The latest cases again, as Remember() would have kept them.
void Learner::ReadWindow() {
  window_.clear();
  ours_ = true;
  stage_ = Stage::kFollow;
  look_at_ = TimePoint{};
  if (cursor_.empty()) return;
  waiting_ = true;
  const std::int64_t most =
      config_.chemistry.window_cases * static_cast<std::int64_t>(config_.council.kinds.size());
  store_.ReadLatest(cursor_, most, [this](const Result<std::vector<StoredEvidence>>& latest) {
    waiting_ = false;
    if (!latest) {
      StartOver();
      return Complain("read_evidence", latest.error());
    }
    for (auto line = latest->rbegin(); line != latest->rend(); ++line) {
      if (line->line) Remember(*line->line);
    }
  });
}

void Learner::Follow() {
  waiting_ = true;
  store_.Follow(kLinesAtOnce, [this](const Result<Following>& following) {
    waiting_ = false;
    if (!following) return Complain("follow_evidence", following.error());
    OnFollowing(*following);
  });
}

void Learner::OnFollowing(const Following& following) {
  if (!ours_ || following.cursor != cursor_) return StandBy(following);
  if (!following.rebuild.empty()) {
    waiting_ = true;
    const std::string id = following.rebuild;
    store_.ReadLedger([this, id](const Result<StoredLedger>& stored) {
      waiting_ = false;
      if (!stored) return Complain("read_ledger", stored.error());
      StartRebuild(id, *stored);
    });
    return;
  }
  if (!following.lines.empty()) return Learn(following.lines);
  unpublished_ = unpublished_ || following.published != cursor_;
  if (unpublished_) look_at_ = publish_at_;
}

// Another learner is ahead. It is left alone as long as it moves, or has nothing to do.
void Learner::StandBy(const Following& following) {
  ours_ = false;
  const TimePoint now = Now();
  if (following.cursor != their_cursor_) {
    their_cursor_ = following.cursor;
    their_move_ = now;
  }
  const bool work = !following.lines.empty() || !following.rebuild.empty() ||
                    following.published != following.cursor;
  if (!work) their_move_ = now;
  if (now - their_move_ > kStuckAfter) {
    LogInfo("learning_taken_over", {{"cursor", following.cursor}});
    StartOver();
    look_at_ = TimePoint{};
  }
}

void Learner::Learn(const std::vector<StoredEvidence>& lines) {
  LedgerUpdate update;
  update.from = cursor_;
  update.to = lines.back().entry;
  const std::int64_t unreadable_before = unreadable_;
  for (const StoredEvidence& line : lines) {
    if (!line.line) {
      ++unreadable_;
      continue;
    }
    ledger_->Learn(*line.line);
    Remember(*line.line);
  }
  update.fields = ledger_->TakeChanges();
  if (unreadable_ != unreadable_before) {
    AddUnreadable(unreadable_, update.fields);
    LogWarn("evidence_unreadable", {{"count", unreadable_}});
  }
  waiting_ = true;
  store_.WriteLedger(update, [this, to = update.to](const Result<bool>& written) {
    waiting_ = false;
    look_at_ = TimePoint{};
    if (!written) {
      StartOver();  // unknown whether it was written
      return Complain("write_ledger", written.error());
    }
    if (!*written) {
      ours_ = false;
      return;
    }
    cursor_ = to;
    unpublished_ = true;
  });
}

void Learner::Remember(const EvidenceLine& line) {
  std::deque<CaseEvidence>& latest = window_[line.evidence.kind];
  if (line.replaces) {
    const auto same = std::find_if(latest.begin(), latest.end(), [&line](const CaseEvidence& e) {
      return e.case_id == line.evidence.case_id;
    });
    if (same != latest.end()) latest.erase(same);
  }
  latest.push_back(line.evidence);
  while (latest.size() > static_cast<std::size_t>(config_.chemistry.window_cases)) {
    latest.pop_front();
  }
}

void Learner::StartRebuild(const std::string& id, const StoredLedger& stored) {
  rebuild_.emplace();
  rebuild_->id = id;
  rebuild_->target = stored.cursor;
  rebuild_->before = stored.fields;
  rebuild_->ledger.emplace(ledger_rules_);
  stage_ = Stage::kRebuild;
  look_at_ = TimePoint{};
}

void Learner::ContinueRebuild() {
  look_at_ = TimePoint{};
  if (rebuild_->cursor == rebuild_->target) return FinishRebuild();
  waiting_ = true;
  store_.ReadEvidence(rebuild_->cursor, kLinesAtOnce,
                      [this](const Result<std::vector<StoredEvidence>>& lines) {
                        waiting_ = false;
                        if (!lines) {
                          StartOver();
                          return Complain("read_evidence", lines.error());
                        }
                        for (const StoredEvidence& line : *lines) {
                          if (StreamIdLess(rebuild_->target, line.entry)) break;
                          ++rebuild_->lines;
                          if (line.line) {
                            rebuild_->ledger->Learn(*line.line);
                          } else {
                            ++rebuild_->unreadable;
                          }
                          rebuild_->cursor = line.entry;
                        }
                        // The line at the target is gone: what is there counts.
                        if (lines->empty()) rebuild_->cursor = rebuild_->target;
                      });
}

void Learner::FinishRebuild() {
  LedgerUpdate update;
  update.from = rebuild_->target;
  update.to = rebuild_->target;
  update.fields = rebuild_->ledger->AllFields();
  AddUnreadable(rebuild_->unreadable, update.fields);
  std::sort(update.fields.begin(), update.fields.end());
  update.replace = true;
  const std::vector<std::pair<std::string, std::string>> before(rebuild_->before.begin(),
                                                                rebuild_->before.end());
  RebuildReply report;
  report.id = rebuild_->id;
  report.state = "done";
  report.lines = rebuild_->lines;
  report.before = DigestOf(before);
  report.after = DigestOf(update.fields);
  report.identical = before == update.fields;
  if (!report.id.empty()) update.rebuilt = report;
  waiting_ = true;
  store_.WriteLedger(update, [this, report](const Result<bool>& written) {
    waiting_ = false;
    StartOver();
    look_at_ = TimePoint{};
    if (!written) return Complain("write_ledger", written.error());
    if (*written) {
      LogInfo("ledger_rebuilt", {{"lines", report.lines}, {"identical", report.identical ? 1 : 0}});
    }
  });
}

std::vector<RecordedCase> Learner::Window(const std::string& kind) const {
  std::vector<RecordedCase> cases;
  const auto found = window_.find(kind);
  if (found == window_.end()) return cases;
  std::int64_t latest = 0;
  for (const CaseEvidence& evidence : found->second) {
    latest = std::max(latest, evidence.decided_ms);
  }
  cases.reserve(found->second.size());
  for (const CaseEvidence& evidence : found->second) {
    const double days = static_cast<double>(latest - evidence.decided_ms) / kDayMs;
    cases.push_back({evidence, std::exp2(-days / config_.chemistry.half_life_d)});
  }
  return cases;
}

void Learner::BeginPublication(TimePoint now) {
  publication_.emplace();
  publication_->cursor = cursor_;
  publication_->begun = now;
  std::vector<std::string> pool;
  for (const BackendConfig& backend : config_.backends) pool.push_back(backend.model);
  BoardRules rules;
  rules.cold_start_cases = config_.chemistry.cold_start_cases;
  rules.budget.latency_ms_max = config_.chemistry.latency_ms_max;
  rules.budget.cost_usd_max = config_.chemistry.cost_usd_max;
  for (const auto& [kind, sums] : ledger_->kinds()) {
    ChemistryReport report = MakeReport(kind, sums, report_rules_);
    report.cursor = cursor_;
    report.unreadable = unreadable_;
    publication_->makers.emplace_back(report, Window(kind), pool, rules);
    publication_->reports.push_back(std::move(report));
  }
  publication_->worked = std::chrono::ceil<milliseconds>(Now() - now);
}

TimePoint Learner::ContinuePublication(TimePoint now) {
  Publication& made = *publication_;
  while (made.kind < made.makers.size() && made.size > made.makers[made.kind].sizes()) {
    ++made.kind;
    made.size = 1;
  }
  if (made.kind < made.makers.size()) {
    if (now < made.begun + kPublishShare * made.worked) {
      return made.begun + kPublishShare * made.worked;
    }
    made.makers[made.kind].Recommend(made.size++, made.board.entries);
    made.worked += std::chrono::ceil<milliseconds>(Now() - now);
    return now;
  }
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  made.board.made_ms = std::chrono::duration_cast<milliseconds>(wall).count();
  for (ChemistryReport& report : made.reports) report.made_ms = made.board.made_ms;
  waiting_ = true;
  publish_at_ = now + std::max(kPublishPause, kPublishShare * made.worked);
  unpublished_ = false;
  store_.Publish(made.cursor, made.reports, made.board, [this](const Status& published) {
    waiting_ = false;
    look_at_ = TimePoint{};
    if (published) return;
    unpublished_ = true;
    Complain("publish_chemistry", published.error());
  });
  publication_.reset();
  return TimePoint::max();
}

void Learner::StartOver() {
  stage_ = Stage::kLoad;
  ours_ = false;
  ledger_.reset();
  rebuild_.reset();
  publication_.reset();
  their_move_ = Now();
}

void Learner::Complain(const char* step, const Error& error) {
  look_at_ = Now() + kPause;
  if (error.code == ErrorCode::kUnavailable || !complaints_.Due()) return;
  LogError("step_failed", {{"step", step},
                           {"code", ErrorName(error.code)},
                           {"text", error.text},
                           {"count", complaints_.count()}});
}

}  // namespace consilium
