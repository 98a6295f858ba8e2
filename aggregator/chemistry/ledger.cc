#include "aggregator/chemistry/ledger.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "aggregator/chemistry/judge.h"
#include "aggregator/chemistry/ledger_fields.h"
#include "aggregator/chemistry/replay.h"
#include "aggregator/statistics/steady_math.h"
#include "shared/check.h"
#include "shared/ids.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr double kDayMs = 86400000.0;
constexpr std::int64_t kHalfLivesMax = 256;  // of a case past the landmark, before that moves
// With 2^257 for age a weight's square stays far inside the range of double.
constexpr double kVersionFactorMax = 0x1p240;
constexpr double kLatencyMsMin = 1.0;  // less is not told apart
constexpr double kLatencyMsMax = 1e12;
constexpr double kCostUsdMax = 1e6;

// nullopt for what is not a number of [low, high].
std::optional<double> Within(std::optional<double> number, double low, double high) {
  if (!number || !(*number >= low && *number <= high)) return std::nullopt;
  return number;
}

void Count(std::int64_t& count, bool add) {
  if (add) {
    ++count;
  } else if (count > 0) {  // a line may replace one that was never learned here
    --count;
  }
}

void Count(Moments& moments, double x, double w, bool add) {
  if (!add && moments.count == 0) return;
  const double sign = add ? 1.0 : -1.0;
  Count(moments.count, add);
  moments.w += sign * w;
  moments.w2 += sign * (w * w);
  moments.wx += sign * (w * x);
  moments.wx2 += sign * (w * x * x);
  if (moments.count == 0) moments = Moments{};  // no residue of rounding
}

void Scale(Moments& moments, int exponent) {
  moments.w = std::ldexp(moments.w, exponent);
  moments.w2 = std::ldexp(moments.w2, 2 * exponent);
  moments.wx = std::ldexp(moments.wx, exponent);
  moments.wx2 = std::ldexp(moments.wx2, exponent);
}

void Scale(KindSums& kind, int exponent) {
  for (auto& [name, model] : kind.models) {
    for (Moments* moments :
         {&model.quality, &model.accuracy, &model.generation, &model.log_latency, &model.cost}) {
      Scale(*moments, exponent);
    }
  }
  for (auto& [names, pair] : kind.pairs) {
    Scale(pair.synergy, exponent);
    for (double* sum : {&pair.both_right, &pair.only_first, &pair.only_second, &pair.both_wrong,
                        &pair.same_wrong}) {
      *sum = std::ldexp(*sum, exponent);
    }
  }
}

// What a case says about the author of one answer.
void Count(ModelSums& sums, const EvidenceAnswer& answer,
           const std::optional<std::string_view>& leading_key, double w, bool add) {
  Count(sums.answered, add);
  if (const auto grade = GradeOf(answer)) Count(sums.quality, 10.0 * *grade, w, add);
  const Judgement judgement = JudgeAnswer(answer, leading_key);
  if (judgement.generation) Count(sums.generation, *judgement.generation, w, add);
  if (judgement.accuracy) Count(sums.accuracy, *judgement.accuracy, w, add);
  if (const auto latency = Within(answer.latency_ms, 0.0, kLatencyMsMax)) {
    Count(sums.log_latency, SteadyLn(std::max(*latency, kLatencyMsMin)), w, add);
  }
  if (const auto cost = Within(answer.cost_usd, 0.0, kCostUsdMax)) {
    Count(sums.cost, *cost, w, add);
  }
}

// `first` and `second` as in the pair's name; both judged by the gold.
void CountGold(PairSums& sums, const EvidenceAnswer& first, const EvidenceAnswer& second, double w,
               bool add) {
  if (!add && sums.gold == 0) return;
  Count(sums.gold, add);
  const double amount = add ? w : -w;
  if (*first.right && *second.right) sums.both_right += amount;
  if (*first.right && !*second.right) sums.only_first += amount;
  if (!*first.right && *second.right) sums.only_second += amount;
  if (!*first.right && !*second.right) {
    sums.both_wrong += amount;
    if (first.key == second.key) sums.same_wrong += amount;
  }
  if (sums.gold > 0) return;
  sums.both_right = sums.only_first = sums.only_second = sums.both_wrong = sums.same_wrong = 0.0;
}

// How many versions of the model came before; the version is noted if `add`.
std::size_t VersionOf(ModelSums& sums, const EvidenceAnswer& answer, bool add) {
  const std::string_view version = CutUtf8(answer.version, kVersionBytesMax);
  const auto found = std::find(sums.versions.begin(), sums.versions.end(), version);
  if (found != sums.versions.end()) {
    return static_cast<std::size_t>(found - sums.versions.begin());
  }
  if (add && sums.versions.size() < kVersionsMax) sums.versions.emplace_back(version);
  return sums.versions.empty() ? 0 : sums.versions.size() - 1;
}

}  // namespace

struct Ledger::Entry {
  const EvidenceAnswer* answer = nullptr;
  ModelSums* sums = nullptr;
  std::size_t version = 0;
  std::optional<std::size_t> member;  // in the replay
};

Ledger::Ledger(LedgerRules rules) : rules_(rules) {
  CHECK(rules.half_life_d >= 1.0 && rules.half_life_d <= 36500.0,
        "half_life_d is checked where configuration is read");
  CHECK(rules.version_weight > 0.0 && rules.version_weight <= 1.0,
        "version_weight is checked where configuration is read");
  version_factors_.assign(2 * kVersionsMax - 1, 1.0);
  for (std::size_t v = 1; v < version_factors_.size(); ++v) {
    version_factors_[v] =
        std::min(version_factors_[v - 1] / rules.version_weight, kVersionFactorMax);
  }
}

void Ledger::Learn(const EvidenceLine& line) {
  if (line.replaces) Apply(*line.replaces, false);
  Apply(line.evidence, true);
}

void Ledger::Apply(const CaseEvidence& evidence, bool add) {
  KindSums* const kind = FindKind(evidence.kind, add);
  if (kind == nullptr) return;
  const double age = AgeWeight(evidence.decided_ms);
  const Replay replay(evidence);
  const auto leading_key = LeadingKey(replay, evidence);
  changed_.insert(KindField(evidence.kind));
  Count(kind->cases, add);
  if (replay.by_gold()) Count(kind->gold, add);
  if (evidence.simulated) Count(kind->simulated, add);
  CountSeats(evidence, *kind, add);

  std::vector<Entry> entries;
  std::size_t member = 0;
  for (const std::size_t position : CountedAnswers(evidence)) {
    const EvidenceAnswer& answer = evidence.answers[position];
    Entry entry;
    entry.answer = &answer;
    if (member < replay.size() && replay.members()[member] == position) entry.member = member++;
    entry.sums = FindModel(evidence.kind, *kind, answer.model, add);
    if (entry.sums == nullptr) continue;
    entry.version = VersionOf(*entry.sums, answer, add);
    Count(*entry.sums, answer, leading_key, age * version_factors_[entry.version], add);
    entries.push_back(entry);
  }
  const CaseSynergy synergy = MeasureSynergy(replay, evidence);
  ApplyPairs(evidence, synergy, entries, age, *kind, add);
}

void Ledger::CountSeats(const CaseEvidence& evidence, KindSums& kind, bool add) {
  std::set<std::string> seated;
  for (const std::size_t position : CountedAnswers(evidence)) {
    seated.insert(evidence.answers[position].model);
  }
  for (const std::string& model : evidence.seated) {
    if (seated.size() < limits::kModelsMax && CheckModelName(model)) seated.insert(model);
  }
  for (const std::string& model : seated) {
    ModelSums* const sums = FindModel(evidence.kind, kind, model, add);
    if (sums != nullptr) Count(sums->seated, add);
  }
}

void Ledger::ApplyPairs(const CaseEvidence& evidence, const CaseSynergy& synergy,
                        const std::vector<Entry>& entries, double age, KindSums& kind, bool add) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (std::size_t j = i + 1; j < entries.size(); ++j) {
      const Entry& a = entries[i];
      const Entry& b = entries[j];
      const bool in_order = a.answer->model < b.answer->model;
      const EvidenceAnswer& first = in_order ? *a.answer : *b.answer;
      const EvidenceAnswer& second = in_order ? *b.answer : *a.answer;
      std::pair<std::string, std::string> names(first.model, second.model);
      if (!add && kind.pairs.count(names) == 0) continue;
      changed_.insert(PairField(evidence.kind, names.first, names.second));
      PairSums& sums = kind.pairs[std::move(names)];
      const double w = age * version_factors_[a.version + b.version];
      Count(sums.together, add);
      if (first.right && second.right) CountGold(sums, first, second, w, add);
      if (!synergy.pairs.empty() && a.member && b.member) {
        Count(sums.synergy, synergy.pairs[synergy.Index(*a.member, *b.member)], w, add);
      }
    }
  }
}

KindSums* Ledger::FindKind(const std::string& kind, bool add) {
  const auto found = kinds_.find(kind);
  if (found != kinds_.end()) return &found->second;
  if (!add || kinds_.size() >= kKindsMax || !CheckKind(kind)) return nullptr;
  return &kinds_[kind];
}

ModelSums* Ledger::FindModel(const std::string& kind, KindSums& sums, const std::string& model,
                             bool add) {
  const auto found = sums.models.find(model);
  if (found == sums.models.end() && (!add || sums.models.size() >= limits::kModelsMax)) {
    return nullptr;
  }
  changed_.insert(ModelField(kind, model));
  return found != sums.models.end() ? &found->second : &sums.models[model];
}

double Ledger::AgeWeight(std::int64_t decided_ms) {
  const auto ms = static_cast<double>(std::clamp<std::int64_t>(decided_ms, 0, kTimeMaxMs));
  const double half_lives = ms / (rules_.half_life_d * kDayMs);
  // Split so that the bits do not depend on where the landmark is.
  const double whole = std::floor(half_lives);
  const auto steps = static_cast<std::int64_t>(whole);
  if (!started_ || steps - epoch_ * kEpochHalfLives > kHalfLivesMax) {
    MoveLandmark(steps / kEpochHalfLives);
  }
  return std::ldexp(SteadyExp2(half_lives - whole),
                    static_cast<int>(steps - epoch_ * kEpochHalfLives));
}

void Ledger::MoveLandmark(std::int64_t epoch) {
  changed_.insert(kMetaField);
  if (started_) {
    for (auto& [name, kind] : kinds_) {
      Scale(kind, static_cast<int>((epoch_ - epoch) * kEpochHalfLives));
    }
    for (const auto& [field, value] : AllFields()) changed_.insert(field);
  }
  started_ = true;
  epoch_ = epoch;
}

std::string Ledger::FieldValue(const std::string& field) const {
  if (field == kMetaField) return PackMeta({kLedgerFormat, rules_, epoch_});
  const auto name = ParseFieldName(field);
  CHECK(name.has_value(), "fields are named by us");
  const KindSums& kind = kinds_.at(name->kind);
  if (name->what == 'k') return PackKind(kind);
  if (name->what == 'm') return PackModel(kind.models.at(name->first));
  return PackPair(kind.pairs.at({name->first, name->second}));
}

std::vector<std::pair<std::string, std::string>> Ledger::TakeChanges() {
  std::vector<std::pair<std::string, std::string>> changes;
  changes.reserve(changed_.size());
  for (const std::string& field : changed_) changes.emplace_back(field, FieldValue(field));
  changed_.clear();
  return changes;
}

std::vector<std::pair<std::string, std::string>> Ledger::AllFields() const {
  std::vector<std::pair<std::string, std::string>> fields;
  if (!started_) return fields;
  fields.emplace_back(kMetaField, FieldValue(kMetaField));
  for (const auto& [kind, sums] : kinds_) {
    fields.emplace_back(KindField(kind), PackKind(sums));
    for (const auto& [model, model_sums] : sums.models) {
      fields.emplace_back(ModelField(kind, model), PackModel(model_sums));
    }
    for (const auto& [names, pair] : sums.pairs) {
      fields.emplace_back(PairField(kind, names.first, names.second), PackPair(pair));
    }
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

}  // namespace consilium
