#include "aggregator/evaluation/policies.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <span>
#include <utility>

#include "aggregator/statistics/voting.h"
#include "shared/ids.h"

namespace consilium {
namespace {

constexpr std::size_t kQuestionsMin = 20;

// Letters of the answers that were given, in the order of the ballot's answers.
struct Poll {
  Ballot ballot;
  std::string letters;
};

Poll PollOf(const Question& question, std::span<const std::size_t> seated) {
  Poll poll;
  for (std::size_t place = 0; place < seated.size(); ++place) {
    const auto& answer = question.answers[seated[place]];
    if (!answer) continue;
    std::size_t at = poll.letters.find(answer->option);
    if (at == std::string::npos) {
      at = poll.letters.size();
      poll.letters += answer->option;
    }
    poll.ballot.votes.push_back({place, at, 1.0});
  }
  poll.ballot.answers = poll.letters.size();
  // At least one, so that a question whose right answer nobody gave has its chance.
  const std::size_t given = poll.letters.size();
  poll.ballot.rest = question.options > given ? question.options - given : 0;
  const std::size_t right = poll.letters.find(question.gold);
  if (right != std::string::npos) poll.ballot.right = right;
  return poll;
}

struct Verdict {
  double right = 0.0;  // ties shared
  double confidence = 0.0;
};

// The answer that most gave. Among equals each has the same share of being it.
std::optional<Verdict> Plain(const Question& question, std::span<const std::size_t> seated) {
  std::array<std::size_t, 26> count{};
  std::size_t votes = 0;
  for (const std::size_t model : seated) {
    const auto& answer = question.answers[model];
    if (!answer) continue;
    ++count[static_cast<std::size_t>(answer->option - 'A')];
    ++votes;
  }
  if (votes == 0) return std::nullopt;
  const std::size_t most = *std::max_element(count.begin(), count.end());
  const auto leaders = static_cast<double>(std::count(count.begin(), count.end(), most));
  Verdict verdict;
  if (count[static_cast<std::size_t>(question.gold - 'A')] == most) verdict.right = 1 / leaders;
  verdict.confidence = static_cast<double>(most) / static_cast<double>(votes);
  return verdict;
}

class Evaluation {
 public:
  Evaluation(const AnswerTable& table, const PolicyRules& rules) : table_(table), rules_(rules) {
    for (std::size_t q = 0; q < table.questions.size(); ++q) {
      if (table.questions[q].gold != 0) eval_.questions.push_back(q);
    }
  }

  std::size_t questions() const { return eval_.questions.size(); }

  Result<PolicyEval> Run(const std::function<void(std::size_t, std::size_t)>& progress) {
    Prepare();
    for (std::size_t repeat = 0; repeat < rules_.repeats; ++repeat) {
      std::vector<std::size_t> dealt(questions());
      std::iota(dealt.begin(), dealt.end(), 0);
      SeededRandom random(rules_.seed, "deal " + std::to_string(repeat));
      random.Shuffle(dealt);
      for (auto& tally : tallies_) tally.repeat_right = tally.repeat_count = 0;
      for (std::size_t fold = 0; fold < rules_.folds; ++fold) {
        std::vector<std::size_t> test;
        std::vector<std::size_t> train;
        for (std::size_t i = 0; i < dealt.size(); ++i) {
          (i % rules_.folds == fold ? test : train).push_back(dealt[i]);
        }
        if (const Status done = Score(train, test, repeat, fold); !done) return done.error();
        if (progress) {
          progress(repeat * rules_.folds + fold + 1, rules_.repeats * rules_.folds);
        }
      }
      for (std::size_t r = 0; r < tallies_.size(); ++r) {
        const Tally& tally = tallies_[r];
        if (tally.repeat_count > 0) {
          eval_.results[r].accuracy.push_back(tally.repeat_right / tally.repeat_count);
        }
      }
    }
    Finish();
    return std::move(eval_);
  }

 private:
  struct Tally {
    std::vector<double> right;  // by question, sums
    std::vector<double> count;
    double repeat_right = 0.0;
    double repeat_count = 0.0;
    double latency = 0.0;
    double latencies = 0.0;
    double calls = 0.0;
    double asked = 0.0;
  };

  const Question& At(std::size_t q) const { return table_.questions[eval_.questions[q]]; }

  void Prepare() {
    std::vector<std::size_t> sizes;
    for (const std::size_t size : rules_.sizes) {
      const std::size_t seats = std::min(size, table_.models.size());
      if (std::find(sizes.begin(), sizes.end(), seats) == sizes.end()) sizes.push_back(seats);
    }
    const auto add = [this](Policy policy, std::size_t size) {
      PolicyResult result;
      result.policy = policy;
      result.size = size;
      eval_.results.push_back(std::move(result));
      Tally tally;
      tally.right.assign(questions(), 0.0);
      tally.count.assign(questions(), 0.0);
      tallies_.push_back(std::move(tally));
    };
    add(Policy::kAverageSingle, 1);
    add(Policy::kBestSingle, 1);
    for (const Policy policy : {Policy::kRandomPlain, Policy::kTopPlain, Policy::kTopWeighted}) {
      for (const std::size_t size : sizes) {
        // One vote needs no weight for itself: that is the best single model with a confidence.
        if (size == 1 && policy != Policy::kTopWeighted) continue;
        if (size == table_.models.size() && policy == Policy::kRandomPlain) continue;
        add(policy, size);
      }
    }
    add(Policy::kOracle, table_.models.size());
    for (std::size_t m = 0; m < table_.models.size(); ++m) {
      eval_.accuracy.push_back(AccuracyOf(m, {}));
    }
  }

  // Of a model over some questions, all where none are named; held towards a half by one of each.
  double AccuracyOf(std::size_t model, std::span<const std::size_t> some) const {
    double right = 0.0;
    double count = 0.0;
    const auto look = [&](std::size_t q) {
      const auto& answer = At(q).answers[model];
      if (!answer) return;
      count += 1;
      right += answer->option == At(q).gold ? 1 : 0;
    };
    if (some.empty()) {
      for (std::size_t q = 0; q < questions(); ++q) look(q);
      return count > 0 ? right / count : 0.0;
    }
    for (const std::size_t q : some) look(q);
    return (right + 1) / (count + 2);
  }

  void Take(std::size_t r, std::size_t q, const Verdict& verdict,
            std::span<const std::size_t> seated, double share = 1.0) {
    Tally& tally = tallies_[r];
    tally.right[q] += share * verdict.right;
    tally.count[q] += share;
    tally.repeat_right += share * verdict.right;
    tally.repeat_count += share;
    tally.calls += share * static_cast<double>(seated.size());
    tally.asked += share;
    std::optional<double> slowest;
    for (const std::size_t model : seated) {
      const auto& answer = At(q).answers[model];
      if (!answer || !answer->latency_s) continue;
      slowest = std::max(slowest.value_or(0.0), *answer->latency_s);
    }
    if (!slowest) return;
    tally.latency += share * *slowest;
    tally.latencies += share;
  }

  Status Score(const std::vector<std::size_t>& train, const std::vector<std::size_t>& test,
               std::size_t repeat, std::size_t fold) {
    const std::size_t models = table_.models.size();
    std::vector<double> accuracy;
    for (std::size_t m = 0; m < models; ++m) accuracy.push_back(AccuracyOf(m, train));
    std::vector<std::size_t> ranked(models);
    std::iota(ranked.begin(), ranked.end(), 0);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [&](std::size_t a, std::size_t b) { return accuracy[a] > accuracy[b]; });
    const auto all = std::span<const std::size_t>(ranked);
    for (std::size_t r = 0; r < eval_.results.size(); ++r) {
      PolicyResult& result = eval_.results[r];
      const auto seated = all.first(result.size);
      switch (result.policy) {
        case Policy::kAverageSingle:
          for (const std::size_t q : test) {
            for (std::size_t m = 0; m < models; ++m) {
              const std::array<std::size_t, 1> one = {m};
              if (const auto verdict = Plain(At(q), one)) {
                Take(r, q, *verdict, one, 1 / static_cast<double>(models));
              }
            }
          }
          break;
        case Policy::kOracle:
          for (const std::size_t q : test) {
            const bool any = std::any_of(
                At(q).answers.begin(), At(q).answers.end(),
                [&](const auto& answer) { return answer && answer->option == At(q).gold; });
            Take(r, q, {any ? 1.0 : 0.0, 0.0}, all);
          }
          break;
        case Policy::kRandomPlain:
          Draw(r, result.size, test, repeat, fold);
          break;
        case Policy::kBestSingle:
        case Policy::kTopPlain:
          for (const std::size_t q : test) {
            const auto verdict = Plain(At(q), seated);
            if (!verdict) continue;
            Take(r, q, *verdict, seated);
            // A tie that is right in half of the cases is none of both.
            if (result.policy == Policy::kTopPlain) {
              result.forecasts.push_back({verdict->confidence, verdict->right > 0.5});
            }
          }
          break;
        case Policy::kTopWeighted:
          if (const Status done = Weigh(r, seated, train, test); !done) return done;
          break;
      }
    }
    return Ok();
  }

  void Draw(std::size_t r, std::size_t size, const std::vector<std::size_t>& test,
            std::size_t repeat, std::size_t fold) {
    SeededRandom random(rules_.seed, "sets of " + std::to_string(size) + " in " +
                                         std::to_string(repeat) + "/" + std::to_string(fold));
    std::vector<std::size_t> order(table_.models.size());
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t draw = 0; draw < rules_.draws; ++draw) {
      random.Shuffle(order);
      const auto seated = std::span<const std::size_t>(order).first(size);
      for (const std::size_t q : test) {
        if (const auto verdict = Plain(At(q), seated)) {
          Take(r, q, *verdict, seated, 1 / static_cast<double>(rules_.draws));
        }
      }
    }
  }

  Status Weigh(std::size_t r, std::span<const std::size_t> seated,
               const std::vector<std::size_t>& train, const std::vector<std::size_t>& test) {
    std::vector<KnownBallot> ballots;
    for (const std::size_t q : train) {
      Poll poll = PollOf(At(q), seated);
      const bool possible = poll.ballot.right || poll.ballot.rest > 0;
      if (!poll.ballot.votes.empty() && possible)
        ballots.push_back({std::move(poll.ballot), true, std::nullopt});
    }
    const auto learned = LearnVoting(std::move(ballots), seated.size());
    if (!learned) return learned.error();
    for (const std::size_t q : test) {
      const Poll poll = PollOf(At(q), seated);
      if (poll.ballot.votes.empty()) continue;
      const Likeliest best = LikeliestOf(AnswerProbabilities(poll.ballot, learned->weights));
      const bool right = poll.ballot.right == best.answer;
      Take(r, q, {right ? 1.0 : 0.0, 0.0}, seated);
      eval_.results[r].forecasts.push_back({learned->calibration(best.probability), right});
    }
    return Ok();
  }

  void Finish() {
    for (std::size_t r = 0; r < tallies_.size(); ++r) {
      const Tally& tally = tallies_[r];
      PolicyResult& result = eval_.results[r];
      for (std::size_t q = 0; q < questions(); ++q) {
        auto& right = result.right.emplace_back();
        if (tally.count[q] > 0) right = tally.right[q] / tally.count[q];
      }
      if (tally.latencies > 0) result.latency_mean = tally.latency / tally.latencies;
      if (tally.asked > 0) result.calls = tally.calls / tally.asked;
    }
  }

  const AnswerTable& table_;
  const PolicyRules& rules_;
  PolicyEval eval_;
  std::vector<Tally> tallies_;  // by result
};

}  // namespace

Result<PolicyEval> EvaluatePolicies(const AnswerTable& table, const PolicyRules& rules,
                                    const std::function<void(std::size_t, std::size_t)>& progress) {
  Evaluation evaluation(table, rules);
  const auto out = [](const char* name, std::size_t value, std::size_t least, std::size_t most) {
    return Invalid(std::string(name) + " = " + std::to_string(value) + ", expected " +
                   std::to_string(least) + ".." + std::to_string(most));
  };
  if (evaluation.questions() < kQuestionsMin) {
    return Invalid(std::to_string(evaluation.questions()) +
                   " questions whose right answer is known, expected at least " +
                   std::to_string(kQuestionsMin));
  }
  if (rules.folds < 2 || rules.folds > evaluation.questions()) {
    return out("folds", rules.folds, 2, evaluation.questions());
  }
  if (rules.repeats < 1 || rules.repeats > 100) return out("repeats", rules.repeats, 1, 100);
  if (rules.draws < 1 || rules.draws > 1000) return out("draws", rules.draws, 1, 1000);
  if (rules.sizes.empty()) return Invalid("sizes: none, expected at least one");
  for (const std::size_t size : rules.sizes) {
    if (size < 1 || size > limits::kModelsMax) return out("size", size, 1, limits::kModelsMax);
  }
  return evaluation.Run(progress);
}

}  // namespace consilium
