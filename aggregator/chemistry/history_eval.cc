#include "aggregator/chemistry/history_eval.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "aggregator/chemistry/held_out.h"
#include "shared/check.h"
#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

Status CheckRules(const EvalRules& rules) {
  if (rules.sizes.empty() || rules.sizes.size() > kEvalSizesMax) {
    return Invalid("sizes: " + std::to_string(rules.sizes.size()) + " given, expected 1.." +
                   std::to_string(kEvalSizesMax));
  }
  std::set<std::size_t> seen;
  for (const std::size_t size : rules.sizes) {
    if (size < 1 || size > limits::kModelsMax) {
      return Invalid("size = " + std::to_string(size) + ", expected 1.." +
                     std::to_string(limits::kModelsMax));
    }
    if (!seen.insert(size).second) {
      return Invalid("size = " + std::to_string(size) + " is given twice");
    }
  }
  if (rules.splits < 1 || rules.splits > kEvalSplitsMax) {
    return Invalid("splits = " + std::to_string(rules.splits) + ", expected 1.." +
                   std::to_string(kEvalSplitsMax));
  }
  return Ok();
}

}  // namespace

// Scores sets on the held-out half.
class HistoryEval::Scorer {
 public:
  Scorer(const HistoryEval& eval, const std::vector<std::size_t>& test)
      : eval_(eval), test_(test), in_set_(eval.models_.size(), 0) {}

  // Adds what one set says about itself to `score`, for a mean over sets.
  Values Add(const std::vector<std::string>& set, EvalScore& score) {
    for (const std::string& name : set) in_set_[PlaceOf(name)] = 1;
    Values values(test_.size());
    Sums sums;
    for (std::size_t i = 0; i < test_.size(); ++i) {
      const Trial& trial = eval_.trials_[test_[i]];
      seated_.assign(trial.members.size(), 0);
      std::size_t present = 0;
      for (std::size_t m = 0; m < trial.members.size(); ++m) {
        seated_[m] = in_set_[trial.members[m]];
        present += seated_[m];
      }
      if (present == 0) continue;
      values[i] = trial.replay.Value(seated_);
      sums.Add(*values[i], static_cast<double>(present) / static_cast<double>(set.size()));
    }
    std::fill(in_set_.begin(), in_set_.end(), std::uint8_t{0});
    score.members += static_cast<double>(set.size());
    score.trials += sums.count;
    if (sums.count > 0) {
      score.outcome = score.outcome.value_or(0.0) + sums.value / sums.count;
      score.weighted = score.weighted.value_or(0.0) + sums.weighted / sums.weight;
      score.coverage += sums.count / static_cast<double>(test_.size());
      score.overlap += sums.share / sums.count;
    }
    return values;
  }

  static EvalDifference Compare(const Values& mine, const Values& other) {
    std::vector<double> differences;
    for (std::size_t i = 0; i < mine.size(); ++i) {
      if (mine[i] && other[i]) differences.push_back(*mine[i] - *other[i]);
    }
    return DescribeValues(differences);
  }

  // The mean over kEvalDraws sets: of each trial over the draws with an answer in it, of the score
  // over the draws.
  Values Random(const std::vector<std::string>& pool, std::size_t split, EvalScore& score) {
    SeededRandom random(eval_.rules_.seed, "draws of split " + std::to_string(split) + " size " +
                                               std::to_string(score.size));
    std::vector<double> sums(test_.size(), 0.0);
    std::vector<double> counts(test_.size(), 0.0);
    std::vector<std::string> names = pool;
    double scored = 0.0;
    for (std::size_t draw = 0; draw < kEvalDraws; ++draw) {
      random.Shuffle(names);
      const auto size = static_cast<std::ptrdiff_t>(std::min(score.size, names.size()));
      const double before = score.coverage;
      const Values values = Add({names.begin(), names.begin() + size}, score);
      if (score.coverage > before) scored += 1.0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (!values[i]) continue;
        sums[i] += *values[i];
        counts[i] += 1.0;
      }
    }
    const auto draws = static_cast<double>(kEvalDraws);
    score.members /= draws;
    score.trials /= draws;
    score.coverage /= draws;
    if (scored > 0) {
      *score.outcome /= scored;
      *score.weighted /= scored;
      score.overlap /= scored;
    }
    Values means(test_.size());
    for (std::size_t i = 0; i < means.size(); ++i) {
      if (counts[i] > 0) means[i] = sums[i] / counts[i];
    }
    return means;
  }

  // `random` with its values `drawn`, then every set.
  std::vector<EvalScore> ScoreAll(std::vector<NamedSet> sets, const Values& drawn,
                                  EvalScore random) {
    random.strategy = "random";
    std::vector<Values> values{drawn};
    std::vector<EvalScore> scores;
    scores.push_back(std::move(random));
    Values single(test_.size());
    Values performance(test_.size());
    for (NamedSet& set : sets) {
      EvalScore score;
      score.strategy = std::move(set.strategy);
      score.size = scores.front().size;
      values.push_back(set.models.empty() ? Values(test_.size()) : Add(set.models, score));
      if (score.strategy == "single") single = values.back();
      if (score.strategy == "performance") performance = values.back();
      score.models = std::move(set.models);
      scores.push_back(std::move(score));
    }
    for (std::size_t i = 0; i < scores.size(); ++i) {
      scores[i].over_random = Compare(values[i], drawn);
      scores[i].over_performance = Compare(values[i], performance);
      scores[i].over_single = Compare(values[i], single);
    }
    return scores;
  }

 private:
  struct Sums {
    double count = 0.0;
    double value = 0.0;
    double share = 0.0;
    double weight = 0.0;
    double weighted = 0.0;

    void Add(double v, double present_share) {
      const double w = std::pow(present_share, kOverlapExponent);
      count += 1.0;
      value += v;
      share += present_share;
      weight += w;
      weighted += w * v;
    }
  };

  std::size_t PlaceOf(const std::string& name) const {
    const auto found = std::lower_bound(eval_.models_.begin(), eval_.models_.end(), name);
    CHECK(found != eval_.models_.end() && *found == name, "strategies choose from the history");
    return static_cast<std::size_t>(found - eval_.models_.begin());
  }

  const HistoryEval& eval_;
  const std::vector<std::size_t>& test_;
  std::vector<std::uint8_t> in_set_;  // by model
  std::vector<std::uint8_t> seated_;
};

Result<HistoryEval> HistoryEval::Make(const TaskHistory& history, EvalRules rules) {
  if (Status status = CheckRules(rules); !status) return status.error();
  HistoryEval eval;
  eval.rules_ = std::move(rules);
  eval.task_ = history.task;
  std::map<std::string, std::size_t> place;
  std::vector<TaskHistory> trials;  // in the order of first rows
  std::set<std::string> models;
  for (const HistoryRow* row : history.rows) {
    const auto [found, is_new] = place.emplace(row->trial, trials.size());
    if (is_new) trials.push_back({history.task, {}});
    trials[found->second].rows.push_back(row);
    models.insert(row->model);
  }
  eval.models_.assign(models.begin(), models.end());
  for (TaskHistory& rows : trials) {
    for (CaseEvidence& evidence : MakeEvidence(rows, "history")) {
      Trial trial{std::move(evidence), Replay(CaseEvidence{}), {}, rows.rows};
      trial.replay = Replay(trial.evidence);
      for (const std::size_t member : trial.replay.members()) {
        const std::string& name = trial.evidence.answers[member].model;
        const auto found = std::lower_bound(eval.models_.begin(), eval.models_.end(), name);
        trial.members.push_back(static_cast<std::size_t>(found - eval.models_.begin()));
      }
      if (!trial.members.empty()) eval.trials_.push_back(std::move(trial));
    }
  }
  if (eval.trials_.size() < kEvalTrialsMin) {
    return Invalid("the task has " + std::to_string(eval.trials_.size()) +
                   " trials with a usable answer, expected at least " +
                   std::to_string(kEvalTrialsMin));
  }
  return eval;
}

HistoryEval::Halves HistoryEval::Deal(std::size_t split) const {
  std::vector<std::size_t> order(trials_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  SeededRandom random(rules_.seed, "split " + std::to_string(split));
  random.Shuffle(order);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(order.size() / 2);
  Halves halves{{order.begin(), middle}, {middle, order.end()}};
  std::sort(halves.train.begin(), halves.train.end());
  std::sort(halves.test.begin(), halves.test.end());
  return halves;
}

HistoryEval::Training HistoryEval::TrainingOf(const std::vector<std::size_t>& train) const {
  Training training;
  training.history.task = task_;
  auto& rows = training.history.rows;
  for (const std::size_t index : train) {
    const Trial& trial = trials_[index];
    rows.insert(rows.end(), trial.rows.begin(), trial.rows.end());
    training.cases.push_back({trial.evidence, 1.0});
  }
  // In file order again, as a history is.
  std::sort(rows.begin(), rows.end(),
            [](const HistoryRow* a, const HistoryRow* b) { return a->line < b->line; });
  return training;
}

Result<std::vector<EvalScore>> HistoryEval::RunSplit(std::size_t split) const {
  const Halves halves = Deal(split);
  const Training training = TrainingOf(halves.train);
  const auto trained = TrainedStrategies::Train(training.history, training.cases);
  if (!trained.ok()) return trained.error();
  std::vector<RecordedCase> test;
  for (const std::size_t index : halves.test) test.push_back({trials_[index].evidence, 1.0});
  std::vector<EvalScore> scores;
  for (const std::size_t size : rules_.sizes) {
    auto sets = trained->Choose(size);
    if (!sets.ok()) return sets.error();
    // Exponent 0 and no prior: the very mean that is reported.
    sets->push_back({"oracle", BestOfSize(test, models_, size, {0, 0.0})});
    Scorer scorer(*this, halves.test);
    EvalScore random;
    random.size = size;
    const Values drawn = scorer.Random(trained->pool(), split, random);
    for (EvalScore& score : scorer.ScoreAll(*std::move(sets), drawn, std::move(random))) {
      scores.push_back(std::move(score));
    }
  }
  return scores;
}

}  // namespace consilium
