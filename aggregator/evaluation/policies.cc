#include "aggregator/evaluation/policies.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <span>
#include <utility>

#include "aggregator/council/track_record.h"
#include "aggregator/evaluation/case_book.h"
#include "aggregator/evaluation/council_replay.h"
#include "aggregator/evaluation/parallel.h"
#include "aggregator/evaluation/seating.h"
#include "shared/ids.h"
#include "shared/limits.h"

namespace consilium {
namespace {

bool ByRecord(Policy policy) {
  return policy != Policy::kAverageSingle && policy != Policy::kBestSingle &&
         policy != Policy::kRandomPlain && policy != Policy::kTopPlain && policy != Policy::kOracle;
}

struct Column {
  Policy policy = Policy::kAverageSingle;
  std::size_t size = 1;
};

std::vector<Column> ColumnsOf(const CaseBook& book) {
  const std::size_t models = book.models().size();
  std::vector<std::size_t> sizes;
  for (const std::size_t size : book.rules().sizes) {
    const std::size_t seats = std::min(size, models);
    if (std::find(sizes.begin(), sizes.end(), seats) == sizes.end()) sizes.push_back(seats);
  }
  std::vector<Column> columns = {{Policy::kAverageSingle, 1}, {Policy::kBestSingle, 1}};
  for (const Policy policy :
       {Policy::kRandomPlain, Policy::kTopPlain, Policy::kTopWeighted, Policy::kChemistry}) {
    for (const std::size_t size : sizes) {
      const bool one = size == 1 && policy != Policy::kTopWeighted;
      const bool all =
          size == models && (policy == Policy::kRandomPlain || policy == Policy::kChemistry);
      if (!one && !all) columns.push_back({policy, size});
    }
  }
  const std::size_t local = book.Find(book.rules().local).size();
  const std::size_t remote = book.Find(book.rules().remote).size();
  if (local > 0) columns.push_back({Policy::kLocal, local});
  if (remote > 0) columns.push_back({Policy::kRemote, remote});
  columns.push_back({Policy::kUtility, models});
  columns.push_back({Policy::kUtilityBudget, models});
  columns.push_back({Policy::kOracle, models});
  return columns;
}

// One part of one deal, decided by what the others teach.
class Part {
 public:
  Part(const CaseBook& book, const std::vector<Column>& columns, std::size_t repeat,
       std::size_t fold)
      : book_(book), columns_(columns), repeat_(repeat), fold_(fold) {
    const std::size_t known = book.known().size();
    const auto dealt = DealOrder(known, book.rules().seed, repeat);
    for (std::size_t i = 0; i < known; ++i) {
      (i % book.rules().folds == fold ? test_ : train_).push_back(dealt[i]);
    }
    tallies_.assign(columns.size(), PolicyTally(test_.size()));
    late_.assign(book.rules().deadlines_s.size(), PolicyTally(test_.size()));
  }

  void Run() {
    Rank();
    seats_ = FindSeats(book_.Cases(train_), book_.models(), &RecordOf(book_.All()),
                       book_.Budget(train_));
    for (std::size_t r = 0; r < columns_.size(); ++r) Score(r);
    for (std::size_t d = 0; d < late_.size(); ++d) ScoreBy(d);
    // Many parts are kept until all are done.
    records_.clear();
    train_ = {};
  }

  // The known cases that it decided, and what came out, by their place among these.
  const std::vector<std::size_t>& cases() const { return test_; }
  const std::vector<PolicyTally>& tallies() const { return tallies_; }
  const std::vector<PolicyTally>& late() const { return late_; }

 private:
  // The most accurate first, as if each had one right and one wrong answer more.
  void Rank() {
    std::vector<double> accuracy;
    for (std::size_t m = 0; m < book_.models().size(); ++m) {
      const auto [right, wrong] = book_.Count(m, train_);
      accuracy.push_back(SmoothedAccuracy(right, wrong));
    }
    ranked_ = book_.All();
    std::stable_sort(ranked_.begin(), ranked_.end(),
                     [&](std::size_t a, std::size_t b) { return accuracy[a] > accuracy[b]; });
  }

  Set Top(std::size_t size) const {
    return {ranked_.begin(), ranked_.begin() + static_cast<std::ptrdiff_t>(size)};
  }

  Set SeatedBy(const Column& column) const {
    switch (column.policy) {
      case Policy::kLocal:
        return book_.Find(book_.rules().local);
      case Policy::kRemote:
        return book_.Find(book_.rules().remote);
      case Policy::kChemistry: {
        const auto found = seats_.chemistry.find(column.size);
        return found == seats_.chemistry.end() ? Set{} : book_.Find(found->second);
      }
      case Policy::kUtility:
        return book_.Find(seats_.utility);
      case Policy::kUtilityBudget:
        return book_.Find(seats_.utility_budget);
      default:
        return Top(column.size);
    }
  }

  const TrackRecord& RecordOf(Set set) {
    std::sort(set.begin(), set.end());
    const auto found = records_.find(set);
    if (found != records_.end()) return found->second;
    return records_.emplace(set, book_.Learn(train_, set)).first->second;
  }

  void Decide(std::size_t r, const Set& set, const TrackRecord* record, double share = 1.0) {
    for (std::size_t i = 0; i < test_.size(); ++i) {
      const std::size_t c = test_[i];
      const auto answers = book_.Answers(book_.known()[c], set);
      const auto verdict = DecideRecorded(book_.At(c), answers, record, book_.reviewed());
      if (!verdict) continue;
      tallies_[r].Add(i, book_.At(c), answers, set.size(), *verdict, share);
      const auto right = IsRight(book_.At(c), *verdict);
      if (record != nullptr && verdict->confidence && right) {
        tallies_[r].AddForecast(*verdict->confidence, *right);
      } else if (columns_[r].policy == Policy::kTopPlain && right) {
        tallies_[r].AddForecast(verdict->support, *right);
      }
    }
  }

  void Score(std::size_t r) {
    const Column& column = columns_[r];
    if (column.policy == Policy::kAverageSingle) {
      for (const std::size_t model : book_.All()) {
        Decide(r, {model}, nullptr, 1 / static_cast<double>(book_.models().size()));
      }
    } else if (column.policy == Policy::kRandomPlain) {
      Draw(r);
    } else if (column.policy == Policy::kOracle) {
      for (std::size_t i = 0; i < test_.size(); ++i) {
        const std::size_t c = test_[i];
        const auto answers = book_.Answers(book_.known()[c], book_.All());
        const bool any = std::any_of(ranked_.begin(), ranked_.end(), [&](std::size_t model) {
          return book_.Right(c, model).value_or(false);
        });
        tallies_[r].AddRight(i, book_.At(c), answers, ranked_.size(), any ? 1.0 : 0.0);
      }
    } else {
      const Set set = SeatedBy(column);
      if (!set.empty()) Decide(r, set, ByRecord(column.policy) ? &RecordOf(set) : nullptr);
    }
  }

  void Draw(std::size_t r) {
    const std::size_t size = columns_[r].size;
    SeededRandom random(book_.rules().seed, "sets of " + std::to_string(size) + " in " +
                                                std::to_string(repeat_) + "/" +
                                                std::to_string(fold_));
    Set order = book_.All();
    for (std::size_t draw = 0; draw < book_.rules().draws; ++draw) {
      random.Shuffle(order);
      Decide(r, {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size)}, nullptr,
             1 / static_cast<double>(book_.rules().draws));
    }
  }

  // The council of all by what had arrived by then.
  void ScoreBy(std::size_t d) {
    const double deadline_ms = book_.rules().deadlines_s[d] * 1000;
    const TrackRecord& record = RecordOf(book_.All());
    for (std::size_t i = 0; i < test_.size(); ++i) {
      const std::size_t c = test_[i];
      const JudgedCase& judged = book_.At(c);
      std::vector<std::size_t> there;
      for (const std::size_t a : book_.Answers(book_.known()[c], ranked_)) {
        const auto& latency = judged.evidence.answers[a].latency_ms;
        if (latency && *latency <= deadline_ms) there.push_back(a);
      }
      const auto verdict = DecideRecorded(judged, there, &record, book_.reviewed());
      if (verdict) {
        late_[d].Add(i, judged, there, there.size(), *verdict);
      } else {
        late_[d].AddRight(i, judged, there, 0, 0.0);
      }
    }
  }

  const CaseBook& book_;
  const std::vector<Column>& columns_;
  const std::size_t repeat_;
  const std::size_t fold_;
  std::vector<std::size_t> train_;  // known cases
  std::vector<std::size_t> test_;
  Set ranked_;
  Seats seats_;
  std::map<Set, TrackRecord> records_;
  std::vector<PolicyTally> tallies_;  // by column
  std::vector<PolicyTally> late_;     // by deadline
};

bool HasLatencies(const CaseBook& book) {
  for (const std::size_t i : book.known()) {
    for (const EvidenceAnswer& answer : book.Case(i).evidence.answers) {
      if (answer.latency_ms) return true;
    }
  }
  return false;
}

void AddUnknown(const CaseBook& book, const TrackRecord& record, UnknownResult& result) {
  PolicyTally tally(1);
  WeightedMean confidence;
  for (const std::size_t i : book.unknown()) {
    const auto answers = book.Answers(i, book.All());
    const auto verdict = DecideRecorded(book.Case(i), answers, &record, book.reviewed());
    if (!verdict) continue;
    tally.Add(0, book.Case(i), answers, book.models().size(), *verdict);
    confidence.Add(verdict->confidence, 1);
  }
  result.cases = book.unknown().size();
  result.means = tally.Means();
  result.confidence = confidence.Value();
}

// What all known cases teach: for the report, and for the cases whose answer is not known.
void AddWhole(const CaseBook& book, PolicyEval& eval) {
  std::vector<std::size_t> all(book.known().size());
  std::iota(all.begin(), all.end(), 0);
  for (std::size_t m = 0; m < book.models().size(); ++m) {
    const auto [right, wrong] = book.Count(m, all);
    eval.accuracy.push_back(right + wrong > 0 ? right / (right + wrong) : 0.0);
  }
  eval.record = book.Learn(all, book.All());
  eval.chemistry = ChemistryOf(book.Cases(all), book.models(), &eval.record);
  const SeatingBudget budget = book.Budget(all);
  if (budget.latency_ms_max) eval.budget_latency_s = *budget.latency_ms_max / 1000;
  eval.budget_cost_usd = budget.cost_usd_max;
  AddUnknown(book, eval.record, eval.unknown);
}

PolicyEval Run(const CaseBook& book,
               const std::function<void(std::size_t, std::size_t)>& progress) {
  const PolicyRules& rules = book.rules();
  const std::vector<Column> columns = ColumnsOf(book);
  const std::size_t known = book.known().size();
  std::vector<std::optional<Part>> parts(rules.repeats * rules.folds);
  RunParallel(
      parts.size(), rules.threads,
      [&](std::size_t i) {
        parts[i].emplace(book, columns, i / rules.folds, i % rules.folds);
        parts[i]->Run();
      },
      progress);

  PolicyEval eval;
  eval.known = book.known();
  std::vector<std::vector<std::size_t>> deals;
  for (std::size_t repeat = 0; repeat < rules.repeats; ++repeat) {
    deals.push_back(DealOrder(known, rules.seed, repeat));
  }
  eval.single = SingleChoice(book.RightOfAll(), deals, rules.folds);
  std::vector<std::size_t> every(known);
  std::iota(every.begin(), every.end(), 0);
  for (std::size_t r = 0; r < columns.size(); ++r) {
    PolicyResult result;
    result.policy = columns[r].policy;
    result.size = columns[r].size;
    PolicyTally all(known);
    for (std::size_t repeat = 0; repeat < rules.repeats; ++repeat) {
      PolicyTally one(known);
      for (std::size_t fold = 0; fold < rules.folds; ++fold) {
        const Part& part = *parts[repeat * rules.folds + fold];
        one.Add(part.tallies()[r], part.cases());
      }
      if (const auto accuracy = one.Accuracy()) result.accuracy.push_back(*accuracy);
      all.Add(one, every);
    }
    result.right = all.Right();
    result.forecasts = all.forecasts();
    result.means = all.Means();
    eval.results.push_back(std::move(result));
  }
  for (std::size_t d = 0; d < rules.deadlines_s.size() && HasLatencies(book); ++d) {
    PolicyTally all(known);
    for (const auto& part : parts) all.Add(part->late()[d], part->cases());
    const PolicyMeans means = all.Means();
    eval.deadlines.push_back({rules.deadlines_s[d], all.Right(), means.latency_s.value_or(0.0),
                              means.calls.value_or(0.0)});
  }
  AddWhole(book, eval);
  return eval;
}

Status CheckRules(const PolicyRules& rules, std::size_t known) {
  const auto out = [](const char* name, std::size_t value, std::size_t least, std::size_t most) {
    return Invalid(std::string(name) + " = " + std::to_string(value) + ", expected " +
                   std::to_string(least) + ".." + std::to_string(most));
  };
  if (known < kKnownMin) {
    return Invalid(std::to_string(known) + (known == 1 ? " case" : " cases") +
                   " whose right answer is known, expected at least " + std::to_string(kKnownMin));
  }
  if (rules.folds < 2 || rules.folds > known) return out("folds", rules.folds, 2, known);
  if (rules.repeats < 1 || rules.repeats > 100) return out("repeats", rules.repeats, 1, 100);
  if (rules.draws < 1 || rules.draws > 1000) return out("draws", rules.draws, 1, 1000);
  if (rules.sizes.empty()) return Invalid("sizes: none, expected at least one");
  for (const std::size_t size : rules.sizes) {
    if (size < 1 || size > limits::kModelsMax) return out("size", size, 1, limits::kModelsMax);
  }
  if (!(rules.risk_target > 0 && rules.risk_target <= 1)) {
    return Invalid("risk target = " + std::to_string(rules.risk_target) +
                   ", expected more than 0, at most 1");
  }
  return Ok();
}

}  // namespace

Result<PolicyEval> EvaluatePolicies(const RecordedAnswers& recorded, const PolicyRules& rules,
                                    const std::function<void(std::size_t, std::size_t)>& progress) {
  const CaseBook book(recorded, rules);
  if (const Status good = CheckRules(rules, book.known().size()); !good) return good.error();
  return Run(book, progress);
}

}  // namespace consilium
