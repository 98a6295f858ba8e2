// The planted pairs of tests/support/synthetic_cases.h really are what they are said to be: decided
// by the council's own rules without a cluster, and measured by brute force.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "aggregator/council/cluster.h"
#include "aggregator/council/record.h"
#include "shared/config.h"
#include "shared/ids.h"
#include "tests/support/synthetic_cases.h"
#include "tests/unit/council/case_builder.h"
#include "worker/simulated.h"

namespace consilium {
namespace {

using Names = std::vector<std::string>;
using Pair = std::pair<std::string, std::string>;

Pair Synergistic() { return {"sim-syn-a", "sim-syn-b"}; }
Pair Antagonistic() { return {"sim-ant-a", "sim-ant-b"}; }

// What is needed of one decided case to replay it with fewer members.
struct Vote {
  std::string model;
  std::string key;
  double support = 0.0;
  double grade = 0.0;
  bool right = false;
};
struct Decided {
  std::vector<Vote> votes;
  bool right = false;  // what the whole council recommended; abstaining is not right
};

// 1 when the votes whose bit is set lead to the right answer, by docs/decision.md; 0 for none.
int Outcome01(const std::vector<Vote>& votes, unsigned members) {
  struct Sum {
    double support = 0.0;
    double best = 0.0;
    int answers = 0;
    bool right = false;
  };
  std::map<std::string, Sum> sums;
  for (std::size_t i = 0; i < votes.size(); ++i) {
    if ((members >> i & 1u) == 0) continue;
    Sum& sum = sums[votes[i].key];
    sum.support += votes[i].support;
    sum.best = std::max(sum.best, votes[i].grade);
    ++sum.answers;
    sum.right = votes[i].right;
  }
  const Sum* leading = nullptr;
  const auto rank = [](const Sum& sum) { return std::tie(sum.support, sum.best, sum.answers); };
  for (const auto& [key, sum] : sums) {
    if (leading == nullptr || rank(*leading) < rank(sum)) leading = &sum;
  }
  return leading != nullptr && leading->right ? 1 : 0;
}

// The same for every set of members, by its bits.
std::vector<int> AllOutcomes(const std::vector<Vote>& votes) {
  std::vector<int> outcomes;
  for (unsigned x = 0; x < 1u << votes.size(); ++x) outcomes.push_back(Outcome01(votes, x));
  return outcomes;
}

// Mean over the non-empty X without a and b of v(X+a+b) - v(X+a) - v(X+b) + v(X).
double Synergy(const std::vector<int>& v, std::size_t a, std::size_t b) {
  const std::size_t only_a = std::size_t{1} << a;
  const std::size_t only_b = std::size_t{1} << b;
  int sum = 0;
  int sets = 0;
  for (std::size_t x = 1; x < v.size(); ++x) {
    if ((x & (only_a | only_b)) != 0) continue;
    sum += v[x | only_a | only_b] - v[x | only_a] - v[x | only_b] + v[x];
    ++sets;
  }
  return static_cast<double>(sum) / sets;
}

struct Estimate {
  int count = 0;
  double sum = 0.0;
  double squares = 0.0;

  void Add(double x) {
    ++count;
    sum += x;
    squares += x * x;
  }
  double mean() const { return sum / count; }
  double error() const { return std::sqrt((squares / count - mean() * mean()) / count); }
};

// The cluster of one seed without processes, and the cases that it knows.
class Rehearsal {
 public:
  Rehearsal(std::uint64_t seed, int cases) : seed_(seed) {
    const std::string lines = SyntheticCases({cases, seed, 1});
    SyntheticClusterOptions options;
    options.knowledge = "known.jsonl";
    options.seed = seed;
    const Result<Config> config = ParseConfig(SyntheticCluster(options), "cluster.toml");
    CHECK(config, config ? "" : config.error().text.c_str());
    config_ = config->council;
    for (const BackendConfig& backend : config->backends) {
      std::istringstream knowledge(lines);
      std::vector<std::string> warnings;
      Result<SimulatedModel> model = SimulatedModel::Read(backend, knowledge, warnings);
      CHECK(model && warnings.empty(), "the models know their cases");
      models_.emplace(backend.model, std::move(*model));
      names_.push_back(backend.model);
    }
    std::istringstream in(lines);
    for (std::string line; std::getline(in, line);) cases_.push_back(nlohmann::json::parse(line));
  }

  const Names& names() const { return names_; }

  Names Random(std::size_t size, int number, const char* purpose) const {
    SeededRandom random(seed_, purpose + std::to_string(number));
    Names seated = names_;
    random.Shuffle(seated);
    seated.resize(size);
    std::sort(seated.begin(), seated.end());
    return seated;
  }

  Decided Decide(int number, const Names& seated) const {
    const nlohmann::json& known = cases_.at(static_cast<std::size_t>(number));
    const Names gold = known.at("gold_medications").get<Names>();
    Council council = MakeCouncil(names_);
    council.config = config_;
    CaseView view = MakeCase(seated);
    view.id = known.at("id").get<std::string>();
    for (TaskView& task : view.tasks) task.task.case_id = view.id;
    for (std::int64_t now = kAccepted + 1; view.recommendations.empty(); ++now) {
      CHECK(now < kAccepted + 10, "answers, reviews, decision");
      for (TaskView& task : view.tasks) {
        if (!task.outcome) End(view, task, Ask(view, task), now);
      }
      Step(view, council, now);
    }
    Decided decided;
    for (const WeighedAnswer& answer : Weigh(view, ReadRecord(view), Medications()).answers) {
      decided.votes.push_back({std::string(answer.coded.model), answer.coded.key,
                               answer.weight * answer.grade.value_or(0.0),
                               answer.grade.value_or(0.0), answer.coded.set.ingredients == gold});
    }
    decided.right = view.recommendations.front().ingredients == gold;
    return decided;
  }

 private:
  Outcome Ask(CaseView& view, const TaskView& task) const {
    BackendCall call;
    call.task = task.task;
    call.fence = 1;
    if (task.task.stage == Stage::kReview) {
      call.review.emplace();
      for (std::size_t i = 0; i < task.labels.size(); ++i) {
        LabelledAnswer shown;
        shown.label = task.labels[i];
        shown.answer = *FindTask(view, Stage::kGenerate, 1, task.authors[i]).outcome->answer;
        call.review->answers.push_back(std::move(shown));
      }
    }
    return models_.at(task.task.model).Plan(call).outcome;
  }

  std::uint64_t seed_;
  CouncilConfig config_;
  Names names_;
  std::map<std::string, SimulatedModel> models_;
  std::vector<nlohmann::json> cases_;
};

constexpr int kLearned = 300;
constexpr int kFresh = 200;

std::vector<Decided> Learn(const Rehearsal& rehearsal, int cases, std::size_t seats = 5) {
  std::vector<Decided> decided;
  decided.reserve(static_cast<std::size_t>(cases));
  for (int i = 0; i < cases; ++i) {
    decided.push_back(rehearsal.Decide(i, rehearsal.Random(seats, i, "learn")));
  }
  return decided;
}

std::map<Pair, Estimate> MeasurePairs(const std::vector<Decided>& cases) {
  std::map<Pair, Estimate> pairs;
  for (const Decided& decided : cases) {
    const std::vector<Vote>& votes = decided.votes;
    const std::vector<int> outcomes = AllOutcomes(votes);
    for (std::size_t a = 0; a < votes.size(); ++a) {
      for (std::size_t b = a + 1; b < votes.size(); ++b) {
        pairs[{votes[a].model, votes[b].model}].Add(Synergy(outcomes, a, b));
      }
    }
  }
  return pairs;
}

// Mean outcome of X on the learned cases; those that show more of X count more.
double Utility(const std::vector<Decided>& cases, const Names& set) {
  double weights = 0.0;
  double sum = 0.0;
  for (const Decided& decided : cases) {
    unsigned members = 0;
    int present = 0;
    for (std::size_t i = 0; i < decided.votes.size(); ++i) {
      if (std::find(set.begin(), set.end(), decided.votes[i].model) == set.end()) continue;
      members |= 1u << i;
      ++present;
    }
    const double weight =
        std::pow(static_cast<double>(present) / static_cast<double>(set.size()), 3);
    weights += weight;
    sum += weight * Outcome01(decided.votes, members);
  }
  return sum / weights;
}

Names BestOfThree(const std::vector<Decided>& cases, const Names& names) {
  Names best;
  double utility = -1.0;
  for (std::size_t a = 0; a < names.size(); ++a) {
    for (std::size_t b = a + 1; b < names.size(); ++b) {
      for (std::size_t c = b + 1; c < names.size(); ++c) {
        const Names set{names[a], names[b], names[c]};
        const double value = Utility(cases, set);
        if (value <= utility) continue;
        utility = value;
        best = set;
      }
    }
  }
  std::sort(best.begin(), best.end());
  return best;
}

class SyntheticPairsTest : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, SyntheticPairsTest, testing::Values(1, 2, 3, 4));

TEST_P(SyntheticPairsTest, ThreeHundredCasesShowBothSigns) {
  const std::uint64_t seed = GetParam();
  const auto pairs = MeasurePairs(Learn(Rehearsal(seed, kLearned), kLearned));
  const Estimate& good = pairs.at(Synergistic());
  const Estimate& bad = pairs.at(Antagonistic());
  std::printf("seed %d: synergistic %+.3f +- %.3f (%d cases), antagonistic %+.3f +- %.3f (%d)\n",
              static_cast<int>(seed), good.mean(), good.error(), good.count, bad.mean(),
              bad.error(), bad.count);
  EXPECT_GT(good.mean(), 3 * good.error()) << "seed " << seed;
  EXPECT_LT(bad.mean(), -3 * bad.error()) << "seed " << seed;
  for (const auto& [pair, estimate] : pairs) {
    if (pair == Synergistic() || pair == Antagonistic()) continue;
    EXPECT_LT(estimate.mean(), good.mean())
        << pair.first << " " << pair.second << ", seed " << seed;
    EXPECT_GT(estimate.mean(), bad.mean()) << pair.first << " " << pair.second << ", seed " << seed;
  }
}

// Two right voices do not win against six: what is left of their synergy is in the smaller sets.
TEST_P(SyntheticPairsTest, CouncilsOfAllEightShowThemToo) {
  const std::uint64_t seed = GetParam();
  const auto pairs = MeasurePairs(Learn(Rehearsal(seed, kLearned), kLearned, 8));
  const Estimate& good = pairs.at(Synergistic());
  const Estimate& bad = pairs.at(Antagonistic());
  EXPECT_GT(good.mean(), 3 * good.error()) << good.mean() << ", seed " << seed;
  EXPECT_LT(bad.mean(), -3 * bad.error()) << bad.mean() << ", seed " << seed;
}

TEST_P(SyntheticPairsTest, CouncilChosenOnThemBeatsRandomOnesOnFreshCases) {
  const std::uint64_t seed = GetParam();
  const Rehearsal rehearsal(seed, kLearned + kFresh);
  const Names best = BestOfThree(Learn(rehearsal, kLearned), rehearsal.names());
  EXPECT_TRUE(best == (Names{"sim-ant-a", "sim-syn-a", "sim-syn-b"}) ||
              best == (Names{"sim-ant-b", "sim-syn-a", "sim-syn-b"}))
      << testing::PrintToString(best) << ", seed " << seed;
  Estimate chosen;
  Estimate random;
  Estimate difference;
  for (int i = kLearned; i < kLearned + kFresh; ++i) {
    chosen.Add(rehearsal.Decide(i, best).right ? 1 : 0);
    random.Add(rehearsal.Decide(i, rehearsal.Random(3, i, "fresh")).right ? 1 : 0);
    difference.Add((chosen.sum - random.sum) - difference.sum);
  }
  std::printf("seed %d: chosen %.3f, random %.3f, difference %+.3f +- %.3f (%d cases)\n",
              static_cast<int>(seed), chosen.mean(), random.mean(), difference.mean(),
              difference.error(), difference.count);
  EXPECT_GT(difference.mean(), 5 * difference.error()) << "seed " << seed;
}

TEST(SyntheticCasesTest, CaseFollowsFromItsSeedAndNumberAlone) {
  const std::string all = SyntheticCases({20, 4, 1});
  EXPECT_EQ(SyntheticCases({12, 4, 1}) + SyntheticCases({8, 4, 13}), all);
  EXPECT_NE(SyntheticCases({20, 5, 1}), all);
}

TEST(SyntheticCasesTest, EveryMedicationIsKnownAndEveryWrongAnswerIsAnother) {
  std::istringstream lines(SyntheticCases({500, 1, 1}));
  std::map<std::string, int> specialties;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json known = nlohmann::json::parse(line);
    ++specialties[known.at("specialty").get<std::string>()];
    const Names gold = known.at("gold_medications").get<Names>();
    std::vector<Names> sets = known.at("distractors").get<std::vector<Names>>();
    sets.push_back(gold);
    for (const Names& set : sets) {
      const CodedAnswer coded = CodeAnswer("a", MakeAnswer(set), {}, Medications());
      EXPECT_TRUE(coded.set.known) << line;
      EXPECT_EQ(coded.set.ingredients, set) << line;
      EXPECT_EQ(std::count(sets.begin(), sets.end(), set), 1) << line;
    }
  }
  EXPECT_NEAR(specialties["lookalike"], 220, 45);  // four deviations
  EXPECT_NEAR(specialties["rare"], 210, 45);
  EXPECT_NEAR(specialties["routine"], 70, 31);
}

}  // namespace
}  // namespace consilium
