#include "aggregator/chemistry/replay.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <tuple>

#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

constexpr std::uint64_t kSamplingSeed = 0x5eed;
constexpr double kScoreMax = 1e6;
constexpr double kAbsent = -2.0;  // below every grade, and below ungraded

double WeightOf(const EvidenceAnswer& answer) {
  return answer.weight >= 0.0 ? std::min(answer.weight, 1.0) : 0.0;  // NaN counts nothing
}

double SupportBy(const EvidenceAnswer& answer, const std::optional<double>& grade, bool scored) {
  if (scored) return std::clamp(*answer.score, -kScoreMax, kScoreMax);
  return WeightOf(answer) * grade.value_or(0.0);
}

// Sums of v(T) chi_a(T) chi_b(T) over sets T, chi = 1 for a member of T and -1 for another.
class SignSums {
 public:
  explicit SignSums(std::size_t members)
      : sums_(members * (members - 1) / 2), signs_(members, 0.0) {}

  void Add(double value, std::span<const std::uint8_t> seated) {
    const std::size_t n = signs_.size();
    for (std::size_t i = 0; i < n; ++i) signs_[i] = seated[i] != 0 ? 1.0 : -1.0;
    double* sum = sums_.data();
    for (std::size_t a = 0; a + 1 < n; ++a) {
      const double signed_value = value * signs_[a];
      for (std::size_t b = a + 1; b < n; ++b) *sum++ += signed_value * signs_[b];
    }
  }
  double operator[](std::size_t pair) const { return sums_[pair]; }

 private:
  std::vector<double> sums_;
  std::vector<double> signs_;
};

// v(ab) - v(a) - v(b) + v({}) of all pairs: the term of X = {}.
std::vector<double> Corners(const Replay& replay) {
  const std::size_t n = replay.size();
  std::vector<std::uint8_t> seated(n, 0);
  std::vector<double> single(n);
  for (std::size_t a = 0; a < n; ++a) {
    seated[a] = 1;
    single[a] = replay.Value(seated);
    seated[a] = 0;
  }
  std::vector<double> corners;
  corners.reserve(n * (n - 1) / 2);
  for (std::size_t a = 0; a + 1 < n; ++a) {
    seated[a] = 1;
    for (std::size_t b = a + 1; b < n; ++b) {
      seated[b] = 1;
      corners.push_back(replay.Value(seated) - single[a] - single[b]);
      seated[b] = 0;
    }
    seated[a] = 0;
  }
  return corners;
}

std::vector<double> ExactSynergy(const Replay& replay) {
  const std::size_t n = replay.size();
  SignSums sums(n);
  std::vector<std::uint8_t> seated(n, 0);
  for (std::size_t set = 0; set < std::size_t{1} << n; ++set) {
    for (std::size_t i = 0; i < n; ++i) seated[i] = static_cast<std::uint8_t>((set >> i) & 1);
    sums.Add(replay.Value(seated), seated);
  }
  std::vector<double> pairs = Corners(replay);
  const auto count = static_cast<double>((std::size_t{1} << (n - 2)) - 1);
  for (std::size_t p = 0; p < pairs.size(); ++p) pairs[p] = (sums[p] - pairs[p]) / count;
  return pairs;
}

void Draw(SeededRandom& random, std::vector<std::uint8_t>& seated) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < seated.size(); ++i) {
    if (i % 64 == 0) bits = random.Next();
    seated[i] = static_cast<std::uint8_t>((bits >> (i % 64)) & 1);
  }
}

// Every drawn set stands with its complement, which has the same chi_a chi_b: what single members
// contribute cancels. What is summed is the covariance of (v(T) + v(T's complement)) / 2 with chi_a
// chi_b, whose mean is 0: unbiased, and without the noise of a constant part of v.
std::vector<double> SampledSynergy(const Replay& replay, const std::string& case_id) {
  constexpr std::size_t kDraws = kSampledSets / 2;
  const std::size_t n = replay.size();
  std::vector<std::uint8_t> seated(n, 0);
  std::vector<std::uint8_t> others(n, 0);
  std::vector<double> values(kDraws);
  double mean = 0.0;
  SeededRandom random(kSamplingSeed, case_id);
  for (double& value : values) {
    Draw(random, seated);
    for (std::size_t i = 0; i < n; ++i) others[i] = static_cast<std::uint8_t>(1 - seated[i]);
    value = (replay.Value(seated) + replay.Value(others)) / 2;
    mean += value;
  }
  mean /= static_cast<double>(kDraws);

  SignSums sums(n);
  random = SeededRandom(kSamplingSeed, case_id);  // the same sets again
  for (const double value : values) {
    Draw(random, seated);
    sums.Add(value - mean, seated);
  }
  std::vector<double> pairs = Corners(replay);
  const double empty_share = std::ldexp(1.0, 2 - static_cast<int>(n));  // of X = {} among all X
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const double all = 4.0 * sums[p] / static_cast<double>(kDraws - 1);
    pairs[p] = std::clamp((all - pairs[p] * empty_share) / (1.0 - empty_share), -2.0, 2.0);
  }
  return pairs;
}

}  // namespace

std::vector<std::size_t> CountedAnswers(const CaseEvidence& evidence) {
  std::vector<std::size_t> counted;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < evidence.answers.size(); ++i) {
    if (counted.size() == limits::kModelsMax) break;
    const std::string& model = evidence.answers[i].model;
    if (CheckModelName(model) && seen.insert(model).second) counted.push_back(i);
  }
  return counted;
}

std::optional<double> GradeOf(const EvidenceAnswer& answer) {
  if (!answer.grade || !(*answer.grade >= 0.0 && *answer.grade <= 1.0)) return std::nullopt;
  return answer.grade;
}

Replay::Replay(const CaseEvidence& evidence) {
  members_ = CountedAnswers(evidence);
  const auto judged = [&](std::size_t i) { return evidence.answers[i].right.has_value(); };
  by_gold_ = !members_.empty() && std::all_of(members_.begin(), members_.end(), judged);
  if (!by_gold_) {
    const auto ungraded = [&](std::size_t i) { return !GradeOf(evidence.answers[i]); };
    members_.erase(std::remove_if(members_.begin(), members_.end(), ungraded), members_.end());
  }
  const bool scored = std::all_of(members_.begin(), members_.end(), [&](std::size_t i) {
    const std::optional<double>& score = evidence.answers[i].score;
    return score && std::isfinite(*score);
  });
  std::vector<std::pair<std::string_view, std::size_t>> by_key;
  for (std::size_t m = 0; m < members_.size(); ++m) {
    by_key.emplace_back(evidence.answers[members_[m]].key, m);
  }
  std::sort(by_key.begin(), by_key.end());
  std::size_t cluster = 0;
  for (std::size_t i = 0; i < by_key.size(); ++i) {
    if (i > 0 && by_key[i].first != by_key[i - 1].first) ++cluster;
    const EvidenceAnswer& evidence_answer = evidence.answers[members_[by_key[i].second]];
    const std::optional<double> grade = GradeOf(evidence_answer);
    Answer answer;
    answer.member = by_key[i].second;
    answer.cluster = cluster;
    answer.support = SupportBy(evidence_answer, grade, scored);
    answer.grade = grade.value_or(-1.0);
    answer.value = by_gold_ ? (*evidence_answer.right ? 1.0 : 0.0) : grade.value_or(0.0);
    answers_.push_back(answer);
  }
}

// Called millions of times on sets without a pattern, so what depends on who sits is computed, not
// branched on.
const Replay::Answer* Replay::Lead(std::span<const std::uint8_t> seated) const {
  const Answer* lead = nullptr;
  double lead_support = 0.0;
  double lead_grade = kAbsent;
  std::size_t lead_count = 0;
  const Answer* answer = answers_.data();
  const Answer* const end = answer + answers_.size();
  while (answer != end) {
    const std::size_t cluster = answer->cluster;
    const Answer* best = answer;
    double best_grade = kAbsent;
    double support = 0.0;
    std::size_t count = 0;
    for (; answer != end && answer->cluster == cluster; ++answer) {
      if (seated[answer->member] == 0) continue;
      support += answer->support;
      ++count;
      if (answer->grade > best_grade) {
        best = answer;
        best_grade = answer->grade;
      }
    }
    if (count == 0) continue;
    // Not better by all of these is worse: the keys ascend.
    if (lead == nullptr ||
        std::tie(support, best_grade, count) > std::tie(lead_support, lead_grade, lead_count)) {
      lead = best;
      lead_support = support;
      lead_grade = best_grade;
      lead_count = count;
    }
  }
  return lead;
}

double Replay::Value(std::span<const std::uint8_t> seated) const {
  const Answer* lead = Lead(seated);
  return lead == nullptr ? 0.0 : lead->value;
}

std::optional<std::size_t> Replay::Leader() const {
  const std::vector<std::uint8_t> everybody(size(), 1);
  const Answer* lead = Lead(everybody);
  if (lead == nullptr) return std::nullopt;
  return members_[lead->member];
}

CaseSynergy MeasureSynergy(const Replay& replay, const CaseEvidence& evidence) {
  CaseSynergy synergy;
  synergy.members = replay.size();
  if (synergy.members < 3) return synergy;
  synergy.pairs = synergy.members <= kExactMembers ? ExactSynergy(replay)
                                                   : SampledSynergy(replay, evidence.case_id);
  return synergy;
}

}  // namespace consilium
