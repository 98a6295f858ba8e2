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
// A learner that holds the matrix looks every second; one that was not here for so long has
// stopped.
constexpr std::int64_t kStoppedMs = 4000;
constexpr milliseconds kPublishPause{1000};
// Making reports and boards takes at most about one part in so many of the loop's time ...
constexpr int kPublishShare = 5;
// ... and what is published is synced to disk: at most about a megabyte a second.
constexpr std::int64_t kPairBytes = 256;
// The window is looked for in at most so many lines, so that a rare kind does not cost a long read.
constexpr std::int64_t kWindowLinesMax = 20000;
// Where outcomes are seldom known, in so many lines for each that is wanted.
constexpr std::int64_t kLinesForOutcome = 10;
// Of what a risk target needs without an error, so much is kept: some errors will be among them.
constexpr std::int64_t kOutcomesForRisk = 5;
// ... but no more than so many: a piece of a track record holds the loop up the longer for them.
constexpr std::int64_t kOutcomesForRiskMax = 2000;
constexpr double kDayMs = 24.0 * 3600.0 * 1000.0;
constexpr const char* kUnreadable = "unreadable";

std::string DigestOf(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string all;
  for (const auto& [field, value] : fields) {
    for (const std::string& text : {field, value}) {
      all += std::to_string(text.size());
      all += ':';
      all += text;
    }
  }
  return Sha256Hex(all);
}

bool IsKnown(const CaseEvidence& evidence) {
  return std::any_of(evidence.answers.begin(), evidence.answers.end(),
                     [](const EvidenceAnswer& answer) { return answer.right.has_value(); });
}

// How many cases with known outcomes are kept: all that the settings ask for.
std::int64_t KnownMost(const Config& config) {
  const double risk = config.council.risk_target;
  const std::int64_t needed = risk < 1 ? static_cast<std::int64_t>(AnswersForRisk(risk)) : 0;
  return std::max({config.chemistry.window_cases, config.council.outcomes_min,
                   std::min(kOutcomesForRisk * needed, kOutcomesForRiskMax)});
}

void Replace(const EvidenceLine& line, std::size_t most, bool keep,
             std::deque<CaseEvidence>& latest) {
  if (line.replaces) {
    const auto same = std::find_if(latest.begin(), latest.end(), [&line](const CaseEvidence& e) {
      return e.case_id == line.evidence.case_id;
    });
    if (same != latest.end()) latest.erase(same);
  }
  if (keep) latest.push_back(line.evidence);
  while (latest.size() > most) latest.pop_front();
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
      id_(RandomHexId()),
      known_most_(KnownMost(config)),
      ledger_rules_{config.chemistry.half_life_d, config.chemistry.version_weight},
      report_rules_{config.chemistry.shrinkage, VariantOf(config.chemistry.variant),
                    config.chemistry.usage_threshold} {
  std::string settings;
  for (const BackendConfig& backend : config.backends) {
    pool_.push_back(backend.model);
    settings += backend.model + "\n";
  }
  const ChemistryConfig& c = config.chemistry;
  for (const double number :
       {c.shrinkage, c.usage_threshold, static_cast<double>(c.cold_start_cases),
        static_cast<double>(c.window_cases), c.latency_ms_max.value_or(-1.0),
        c.cost_usd_max.value_or(-1.0), static_cast<double>(config.council.graders),
        static_cast<double>(config.council.outcomes_min), config.council.risk_target}) {
    settings += std::to_string(number) + "\n";
  }
  settings += std::string(kDecisionRules) + "\n";
  settings_ = Sha256Hex(settings + c.variant).substr(0, 16);
}

void Learner::OnRedisUp() {
  waiting_ = false;
  StartOver();
  look_at_ = TimePoint{};
}

TimePoint Learner::Tick(TimePoint now) {
  if (waiting_) return TimePoint::max();
  if (publication_ && now >= publication_->next) {
    ContinuePublication(now);
    if (waiting_) return TimePoint::max();
  } else if (now >= look_at_) {
    look_at_ = now + kLook;
    switch (stage_) {
      case Stage::kLoad:
        Load();
        break;
      case Stage::kWindow:
        ReadWindow();
        break;
      case Stage::kFollow:
        if (unpublished_ && ours_ && !publication_ && now >= publish_at_) BeginPublication(now);
        Follow();
        break;
      case Stage::kRebuild:
        ContinueRebuild();
        break;
    }
  }
  return publication_ ? std::min(look_at_, publication_->next) : look_at_;
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
  place_ = stored->place;
  unreadable_ = UnreadableOf(stored->fields);
  stage_ = Stage::kWindow;
  look_at_ = TimePoint{};
}

// The latest cases of every kind, read backwards: a case's last word comes first.
void Learner::ReadWindow() {
  if (!backwards_) {
    window_.clear();
    known_.clear();
    backwards_.emplace();
    backwards_->before = place_.cursor;
  }
  look_at_ = TimePoint{};
  if (place_.cursor.empty()) return OnLatest({});
  waiting_ = true;
  const std::string from = backwards_->lines == 0 ? backwards_->before : "(" + backwards_->before;
  store_.ReadLatest(from, kLinesAtOnce, [this](const Result<std::vector<StoredEvidence>>& latest) {
    waiting_ = false;
    if (latest) return OnLatest(*latest);
    StartOver();
    Complain("read_evidence", latest.error());
  });
}

void Learner::OnLatest(const std::vector<StoredEvidence>& latest) {
  const auto most = static_cast<std::size_t>(config_.chemistry.window_cases);
  const auto known_most = static_cast<std::size_t>(known_most_);
  for (const StoredEvidence& line : latest) {
    ++backwards_->lines;
    backwards_->before = line.entry;
    if (!line.line || !backwards_->cases.insert(LearnedMember(line.line->evidence)).second)
      continue;
    std::deque<CaseEvidence>& cases = window_[line.line->evidence.kind];
    if (cases.size() < most) cases.push_front(line.line->evidence);
    std::deque<CaseEvidence>& known = known_[line.line->evidence.kind];
    if (IsKnown(line.line->evidence) && known.size() < known_most) {
      known.push_front(line.line->evidence);
    }
  }
  const auto& kinds = config_.council.kinds;
  const bool full = std::all_of(kinds.begin(), kinds.end(), [&](const std::string& kind) {
    return window_[kind].size() >= most && known_[kind].size() >= known_most;
  });
  const bool end = static_cast<std::int64_t>(latest.size()) < kLinesAtOnce;
  const std::int64_t lines_max = std::max(kWindowLinesMax, kLinesForOutcome * known_most_);
  if (!full && !end && backwards_->lines < lines_max) return;
  backwards_.reset();
  ours_ = true;
  stage_ = Stage::kFollow;
}

void Learner::Follow() {
  waiting_ = true;
  store_.Follow(id_, ours_, kLinesAtOnce, [this](const Result<Following>& following) {
    waiting_ = false;
    if (!following) return Complain("follow_evidence", following.error());
    OnFollowing(*following);
  });
}

void Learner::OnFollowing(const Following& following) {
  if (!ours_ || !(following.place == place_)) return StandBy(following);
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
  if (publication_) return;
  // Once is enough: a learner with other settings may have published the same matrix after us.
  const std::string stamp = PublicationStamp(place_, settings_);
  unpublished_ = unpublished_ || (following.published != stamp && announced_ != stamp);
  if (unpublished_) look_at_ = std::min(look_at_, publish_at_);
}

// Another learner has moved the matrix on. It is left alone as long as it lives, or has nothing to
// do.
void Learner::StandBy(const Following& following) {
  ours_ = false;
  publication_.reset();
  const std::string theirs = PublicationStamp(following.place, "");
  const bool published = following.published.compare(0, theirs.size(), theirs) == 0;
  const bool work = !following.lines.empty() || !following.rebuild.empty() || !published;
  if (!work || following.idle_ms < kStoppedMs) return;
  LogInfo("learning_taken_over", {{"cursor", following.place.cursor}});
  StartOver();
  look_at_ = TimePoint{};
}

void Learner::Learn(const std::vector<StoredEvidence>& lines) {
  LedgerUpdate update;
  update.from = place_;
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
      publication_.reset();
      return;
    }
    place_.cursor = to;
    unpublished_ = true;
  });
}

void Learner::Remember(const EvidenceLine& line) {
  const auto most = static_cast<std::size_t>(config_.chemistry.window_cases);
  Replace(line, most, true, window_[line.evidence.kind]);
  Replace(line, static_cast<std::size_t>(known_most_), IsKnown(line.evidence),
          known_[line.evidence.kind]);
}

void Learner::StartRebuild(const std::string& id, const StoredLedger& stored) {
  rebuild_.emplace();
  rebuild_->id = id;
  rebuild_->target = stored.place;
  rebuild_->before = stored.fields;
  rebuild_->ledger.emplace(ledger_rules_);
  publication_.reset();
  stage_ = Stage::kRebuild;
  look_at_ = TimePoint{};
}

void Learner::ContinueRebuild() {
  look_at_ = TimePoint{};
  if (rebuild_->cursor == rebuild_->target.cursor) return FinishRebuild();
  waiting_ = true;
  store_.ReadEvidence(rebuild_->cursor, kLinesAtOnce,
                      [this](const Result<std::vector<StoredEvidence>>& lines) {
                        waiting_ = false;
                        if (!lines) {
                          StartOver();
                          return Complain("read_evidence", lines.error());
                        }
                        for (const StoredEvidence& line : *lines) {
                          if (StreamIdLess(rebuild_->target.cursor, line.entry)) break;
                          ++rebuild_->lines;
                          if (line.line) {
                            rebuild_->ledger->Learn(*line.line);
                          } else {
                            ++rebuild_->unreadable;
                          }
                          rebuild_->cursor = line.entry;
                        }
                        // The line at the target is gone: what is there counts.
                        if (lines->empty()) rebuild_->cursor = rebuild_->target.cursor;
                      });
}

void Learner::FinishRebuild() {
  LedgerUpdate update;
  update.from = rebuild_->target;
  update.to = rebuild_->target.cursor;
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
  publication_->place = place_;
  publication_->next = now;
  for (const auto& [kind, sums] : ledger_->kinds()) publication_->kinds.push_back(kind);
  publication_->unweighed = publication_->kinds;
  unpublished_ = false;  // what is learned from here on is not in it
}

// One piece: a report, or a step towards its ensembles.
void Learner::ContinuePublication(TimePoint now) {
  Publication& made = *publication_;
  if (made.maker) {
    if (!made.maker->Step(made.board.entries)) made.maker.reset();
  } else if (!made.kinds.empty()) {
    MakeNextReport();
  } else if (made.record) {
    if (!made.record->Step()) {
      made.records.items.push_back(made.record->Take());
      made.record.reset();
    }
  } else if (!made.unweighed.empty()) {
    BeginNextRecord();
  } else {
    return Publish(now);
  }
  const TimePoint::duration took = Now() - now;  // pieces may be far below a millisecond
  made.worked += took;
  made.next = now + kPublishShare * took;
}

void Learner::MakeNextReport() {
  Publication& made = *publication_;
  const std::string kind = made.kinds.front();
  made.kinds.erase(made.kinds.begin());
  const auto sums = ledger_->kinds().find(kind);
  if (sums == ledger_->kinds().end()) return;
  ChemistryReport report = MakeReport(kind, sums->second, report_rules_);
  report.cursor = place_.cursor;
  report.unreadable = unreadable_;
  BoardRules rules;
  rules.cold_start_cases = config_.chemistry.cold_start_cases;
  rules.budget.latency_ms_max = config_.chemistry.latency_ms_max;
  rules.budget.cost_usd_max = config_.chemistry.cost_usd_max;
  rules.variant = report_rules_.variant;
  rules.usage_threshold = report_rules_.usage_threshold;
  const auto& kinds = config_.council.kinds;  // of others no case can be seated
  if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) {
    made.maker.emplace(report, Window(kind), pool_, rules);
  }
  made.reports.push_back(std::move(report));
}

void Learner::BeginNextRecord() {
  Publication& made = *publication_;
  const std::string kind = made.unweighed.back();
  made.unweighed.pop_back();
  const std::deque<CaseEvidence>& latest = known_[kind];
  const std::vector<CaseEvidence> known(latest.begin(), latest.end());
  TrackRecordRules rules;
  rules.needed = config_.council.outcomes_min;
  rules.risk_target = config_.council.risk_target;
  rules.reviewed = config_.council.graders > 0 && pool_.size() > 1;
  made.record.emplace(kind, known, rules);
}

void Learner::Publish(TimePoint now) {
  Publication made = std::move(*publication_);
  publication_.reset();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  made.board.made_ms = std::chrono::duration_cast<milliseconds>(wall).count();
  std::int64_t pairs = 0;
  for (ChemistryReport& report : made.reports) {
    report.made_ms = made.board.made_ms;
    for (const auto& row : report.pairs) pairs += static_cast<std::int64_t>(row.size());
  }
  const auto share = std::chrono::ceil<milliseconds>(kPublishShare * made.worked);
  publish_at_ = now + std::max({kPublishPause, share, milliseconds(pairs * kPairBytes / 1000)});
  announced_ = PublicationStamp(made.place, settings_);
  waiting_ = true;
  made.records.made_ms = made.board.made_ms;
  store_.Publish(made.place, settings_, made.reports, made.board, made.records,
                 [this](const Result<bool>& published) {
                   waiting_ = false;
                   look_at_ = TimePoint{};
                   if (published) return;
                   unpublished_ = true;
                   Complain("publish_chemistry", published.error());
                 });
}

void Learner::StartOver() {
  stage_ = Stage::kLoad;
  ours_ = false;
  ledger_.reset();
  backwards_.reset();
  rebuild_.reset();
  publication_.reset();
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
