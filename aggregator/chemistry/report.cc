#include "aggregator/chemistry/report.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace consilium {
namespace {

constexpr double kEffectiveForError = 2.0;
constexpr double kRounding = 1e-9;  // sums from which much was taken back are this exact, or better
constexpr double kLogLatencyMax = 27.7;  // ln of the longest latency that a ledger takes, in ms
constexpr double kP95 = 1.645;           // standard deviations of a normal

std::optional<double> Held(std::optional<double> number, double low, double high) {
  if (number) number = std::clamp(*number, low, high);
  return number;
}

// Standard deviation of one observation, without bias of its square.
std::optional<double> Deviation(const Estimate& estimate) {
  if (!estimate.error) return std::nullopt;
  return *estimate.error * std::sqrt(estimate.effective);
}

ChemistryModel DescribeModel(const std::string& name, const ModelSums& sums) {
  ChemistryModel model;
  model.model = name;
  if (!sums.versions.empty()) model.version = sums.versions.back();
  model.seated = sums.seated;
  model.answered = sums.answered;
  const Estimate quality = EstimateOf(sums.quality);
  const Estimate accuracy = EstimateOf(sums.accuracy);
  model.effective_cases = std::max(quality.effective, accuracy.effective);
  model.quality = Held(quality.mean, 0.0, 10.0);
  model.quality_error = Held(quality.error, 0.0, 10.0);
  model.accuracy = Held(accuracy.mean, 0.0, 1.0);
  model.accuracy_error = Held(accuracy.error, 0.0, 1.0);
  model.profiled = model.quality && model.accuracy;
  const Estimate latency = EstimateOf(sums.log_latency);
  if (const auto center = Held(latency.mean, 0.0, kLogLatencyMax)) {
    model.latency_ms = std::exp(*center);
    if (const auto deviation = Held(Deviation(latency), 0.0, kLogLatencyMax)) {
      model.latency_ms_p95 = std::exp(*center + kP95 * *deviation);
    }
  }
  model.cost_usd = Held(EstimateOf(sums.cost).mean, 0.0, 1e6);
  return model;
}

// Joint shares of being right; a, b, c, d as in a two by two table.
struct Table {
  double a = 0.0;  // both right
  double b = 0.0;  // only the first
  double c = 0.0;  // only the second
  double d = 0.0;  // both wrong
};

std::optional<double> Ratio(double above, double below) {
  if (!(below > 0.0)) return std::nullopt;
  return std::clamp(above / below, -1.0, 1.0);
}

void Diagnose(const PairSums& sums, ChemistryPair& pair) {
  pair.gold_cases = sums.gold;
  const double largest =
      std::max({sums.both_right, sums.only_first, sums.only_second, sums.both_wrong});
  if (sums.gold <= 0 || !(largest > 0.0)) return;
  // What rounding left of lines that were taken back is nothing.
  const auto kept = [&](double sum) { return sum > kRounding * largest ? sum / largest : 0.0; };
  Table table{kept(sums.both_right), kept(sums.only_first), kept(sums.only_second),
              kept(sums.both_wrong)};
  const double total = table.a + table.b + table.c + table.d;
  for (double* share : {&table.a, &table.b, &table.c, &table.d}) *share /= total;
  pair.disagreement = std::min(table.b + table.c, 1.0);
  pair.double_fault = table.d;
  pair.same_wrong = std::min(kept(sums.same_wrong) / total, table.d);
  const double agree = table.a * table.d;
  const double differ = table.b * table.c;
  pair.q_statistic = Ratio(agree - differ, agree + differ);
  // (po - pe) / (1 - pe), without the difference of near numbers.
  const double first = table.a + table.b;
  const double second = table.a + table.c;
  pair.kappa = Ratio(2.0 * (agree - differ), first * (1.0 - second) + second * (1.0 - first));
}

ChemistryPair DescribePair(const std::string& a, const std::string& b, const PairSums* sums,
                           double shrinkage) {
  ChemistryPair pair;
  pair.a = a;
  pair.b = b;
  if (sums == nullptr) return pair;
  pair.together = sums->together;
  const Estimate synergy = EstimateOf(sums->synergy);
  pair.synergy_cases = synergy.count;
  pair.effective_cases = synergy.effective;
  pair.synergy_mean = Held(synergy.mean, -2.0, 2.0);
  const double factor = synergy.effective > 0.0
                            ? synergy.effective / (synergy.effective + std::max(shrinkage, 0.0))
                            : 0.0;
  if (pair.synergy_mean) pair.synergy = *pair.synergy_mean * factor;
  if (synergy.error) pair.synergy_error = std::min(*synergy.error, 4.0) * factor;
  Diagnose(*sums, pair);
  return pair;
}

// Those that stand for most, in the order of their names.
void KeepTheBestKnown(std::size_t most, ChemistryReport& report) {
  std::vector<ChemistryModel>& models = report.models;
  if (models.size() <= most) return;
  report.left_out = static_cast<std::int64_t>(models.size() - most);
  std::stable_sort(models.begin(), models.end(), [](const auto& a, const auto& b) {
    return a.effective_cases > b.effective_cases;
  });
  models.resize(most);
  std::sort(models.begin(), models.end(),
            [](const auto& a, const auto& b) { return a.model < b.model; });
}

ChemistryMatrix ChemistryOf(const std::vector<ChemistryModel>& models, const ReportRules& rules) {
  std::vector<ModelProfile> profiles;
  for (const ChemistryModel& model : models) {
    if (model.profiled) profiles.push_back({model.model, *model.quality, *model.accuracy});
  }
  auto matrix = ComputeChemistry(profiles, rules.variant, rules.usage_threshold);
  return matrix ? *std::move(matrix) : ChemistryMatrix();
}

}  // namespace

Estimate EstimateOf(const Moments& moments) {
  Estimate estimate;
  estimate.count = moments.count;
  if (moments.count <= 0 || !(moments.w > 0.0) || !(moments.w2 > 0.0)) return estimate;
  estimate.effective =
      std::min(moments.w / moments.w2 * moments.w, static_cast<double>(moments.count));
  estimate.mean = moments.wx / moments.w;
  if (moments.count < 2 || estimate.effective < kEffectiveForError - kRounding) return estimate;
  const double spread = moments.wx2 / moments.w - *estimate.mean * *estimate.mean;
  estimate.error = std::sqrt(std::max(0.0, spread) / (estimate.effective - 1.0));
  return estimate;
}

ChemistryReport MakeReport(const std::string& kind, const KindSums& sums,
                           const ReportRules& rules) {
  ChemistryReport report;
  report.kind = kind;
  report.variant = kChemistryVariantNames[static_cast<int>(rules.variant)];
  report.cases = sums.cases;
  report.gold_cases = sums.gold;
  report.simulated_cases = sums.simulated;
  for (const auto& [name, model] : sums.models) report.models.push_back(DescribeModel(name, model));
  KeepTheBestKnown(rules.models_max, report);
  const ChemistryMatrix matrix = ChemistryOf(report.models, rules);
  std::vector<std::size_t> place;  // in the matrix
  for (const ChemistryModel& model : report.models) place.push_back(matrix.Find(model.model));
  for (std::size_t a = 0; a < report.models.size(); ++a) {
    std::vector<ChemistryPair>& pairs = report.pairs.emplace_back();
    for (std::size_t b = a + 1; b < report.models.size(); ++b) {
      const std::string& first = report.models[a].model;
      const std::string& second = report.models[b].model;
      const auto found = sums.pairs.find({first, second});
      pairs.push_back(DescribePair(
          first, second, found == sums.pairs.end() ? nullptr : &found->second, rules.shrinkage));
      if (place[a] < matrix.size() && place[b] < matrix.size()) {
        pairs.back().chemistry = matrix.at(place[a], place[b]);
      }
    }
  }
  return report;
}

}  // namespace consilium
