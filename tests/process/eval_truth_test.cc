// `consilium eval` on simulated experiments whose truth is known: its intervals hold the truth as
// often as they claim, its confidence means what it says, and its risk target is kept.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "shared/ids.h"
#include "tests/support/cluster_process.h"

namespace consilium {
namespace {

using nlohmann::json;
using Skills = std::vector<double>;  // chance to be right, by model; who errs errs evenly

constexpr std::size_t kOptions = 4;
constexpr std::size_t kExperiments = 300;
constexpr int kQuestions = 150;
constexpr double kRiskTarget = 0.05;
constexpr double kErrors = 4;  // standard errors that a share may be off

std::string Matrix(const Skills& skills, std::uint64_t seed) {
  SeededRandom random(seed, "truth");
  std::string text = "item,gold";
  for (std::size_t m = 0; m < skills.size(); ++m) text += ",m" + std::to_string(m);
  for (int i = 0; i < kQuestions; ++i) {
    const std::size_t gold = random.Below(kOptions);
    text += "\n" + std::to_string(i) + "," + static_cast<char>('A' + gold);
    for (const double skill : skills) {
      const bool right = random.Unit() < skill;
      const std::size_t wrong = (gold + 1 + random.Below(kOptions - 1)) % kOptions;
      text += std::string(",") + static_cast<char>('A' + (right ? gold : wrong));
    }
  }
  return text + "\n";
}

// What the command says of each policy, by name, for each experiment. Two run at a time.
std::vector<std::map<std::string, json>> Experiments(const Skills& skills, std::size_t count) {
  std::vector<std::map<std::string, json>> found;
  const auto start = [&](std::size_t e) {
    return std::make_unique<RunningCommand>(
        "consilium",
        std::vector<std::string>{"eval", "--matrix", "-", "--json", "--repeats", "1", "--folds",
                                 "5", "--sizes", std::to_string(skills.size()), "--seed",
                                 std::to_string(e), "--risk-target", std::to_string(kRiskTarget)},
        Variables{}, Matrix(skills, e));
  };
  std::unique_ptr<RunningCommand> next = start(0);
  for (std::size_t e = 0; e < count; ++e) {
    const std::unique_ptr<RunningCommand> current = std::move(next);
    if (e + 1 < count) next = start(e + 1);
    const CommandResult result = current->Wait(std::chrono::seconds(60));
    EXPECT_EQ(result.exit_code, 0) << "seed " << e << ": " << result.err;
    if (result.exit_code != 0) break;
    std::map<std::string, json>& policies = found.emplace_back();
    const json report = json::parse(result.out);
    for (const json& row : report.at("policies")) {
      policies[row.at("policy").get<std::string>()] = row;
    }
  }
  return found;
}

// The plain vote of all, of answers with as many votes the first letter: by going through all
// that may be chosen.
double PlainTruth(const Skills& skills) {
  double truth = 0;
  for (std::size_t gold = 0; gold < kOptions; ++gold) {
    std::array<int, kOptions> votes{};
    const std::function<void(std::size_t, double)> choose = [&](std::size_t m, double chance) {
      if (m == skills.size()) {
        const auto best = std::max_element(votes.begin(), votes.end()) - votes.begin();
        truth += static_cast<std::size_t>(best) == gold ? chance / kOptions : 0;
        return;
      }
      for (std::size_t option = 0; option < kOptions; ++option) {
        ++votes[option];
        choose(m + 1, chance * (option == gold ? skills[m] : (1 - skills[m]) / (kOptions - 1)));
        --votes[option];
      }
    };
    choose(0, 1);
  }
  return truth;
}

// How often a percentile interval of endless draws holds the share `truth` of yes and no answers:
// less than 95 %, since they come in whole numbers and near 1 lean to one side.
double ExactCoverage(double truth, double outside) {
  const auto chances = [](double p) {
    std::vector<double> of(kQuestions + 1);
    for (int k = 0; k <= kQuestions; ++k) {
      of[static_cast<std::size_t>(k)] =
          p <= 0 || p >= 1 ? (k == (p >= 1 ? kQuestions : 0) ? 1 : 0)
                           : std::exp(std::lgamma(kQuestions + 1.0) - std::lgamma(k + 1.0) -
                                      std::lgamma(kQuestions - k + 1.0) + k * std::log(p) +
                                      (kQuestions - k) * std::log(1 - p));
    }
    return of;
  };
  const std::vector<double> seen = chances(truth);
  double coverage = 0;
  for (int k = 0; k <= kQuestions; ++k) {
    const std::vector<double> drawn = chances(static_cast<double>(k) / kQuestions);
    int low = 0;
    double sum = drawn[0];
    while (sum < outside) sum += drawn[static_cast<std::size_t>(++low)];
    int high = kQuestions;
    sum = drawn[kQuestions];
    while (sum < outside) sum += drawn[static_cast<std::size_t>(--high)];
    if (low <= truth * kQuestions && truth * kQuestions <= high) {
      coverage += seen[static_cast<std::size_t>(k)];
    }
  }
  return coverage;
}

struct Claim {
  std::string policy;
  std::string figure;  // "accuracy" or "difference"
  double truth = 0.0;
  double coverage = 0.0;  // expected
};

// `width` 1: the interval as printed; less is nearer to the estimate by that factor.
bool Holds(const json& row, const Claim& claim, double width) {
  const double middle = row.at(claim.figure);
  const double low = row.at(claim.figure + "_low");
  const double high = row.at(claim.figure + "_high");
  return middle + (low - middle) * width <= claim.truth &&
         claim.truth <= middle + (high - middle) * width;
}

struct Share {
  double value = 0.0;
  double error = 0.0;
};

// Of the claims of one experiment that hold: they depend on one another, experiments do not.
Share Coverage(const std::vector<std::map<std::string, json>>& experiments,
               const std::vector<Claim>& claims, double width) {
  double sum = 0;
  double squares = 0;
  for (const auto& policies : experiments) {
    double held = 0;
    for (const Claim& claim : claims) held += Holds(policies.at(claim.policy), claim, width);
    held /= static_cast<double>(claims.size());
    sum += held;
    squares += held * held;
  }
  const double count = static_cast<double>(experiments.size());
  const double mean = sum / count;
  return {mean, std::sqrt((squares / count - mean * mean) / count)};
}

// The confidence of votes weighed by the track record, over all experiments.
void ExpectHonestConfidence(const std::vector<std::map<std::string, json>>& experiments) {
  std::array<double, 10> count{}, confidence{}, right{};
  double recommended = 0, wrong = 0, all = 0;
  for (const auto& policies : experiments) {
    const json& row = policies.at("top_weighted");
    for (std::size_t b = 0; b < 10; ++b) {
      const json& bin = row.at("reliability").at(b);
      const double forecasts = bin.at("count");
      count[b] += forecasts;
      confidence[b] += forecasts * bin.at("confidence").get<double>();
      right[b] += forecasts * bin.at("accuracy").get<double>();
    }
    const double cases = row.at("answered");
    all += cases;
    if (row.at("abstained").is_null() || row.at("risk").is_null()) continue;
    const double given = cases * (1 - row.at("abstained").get<double>());
    recommended += given;
    wrong += given * row.at("risk").get<double>();
  }
  double off = 0;
  for (std::size_t b = 0; b < 10; ++b) off += std::abs(confidence[b] - right[b]);
  const double risk = wrong / recommended;
  std::printf("calibration error %.4f; recommends %.3f, of these %.4f wrong\n", off / all,
              recommended / all, risk);
  EXPECT_LT(off / all, 0.03);
  EXPECT_GT(recommended / all, 0.3) << "a target is easily kept by silence";
  EXPECT_LE(risk, kRiskTarget + kErrors * std::sqrt(kRiskTarget * (1 - kRiskTarget) / recommended));
}

// So far apart that the best is always found.
TEST(EvalTruthTest, IntervalsHoldTheTruthAsOftenAsTheyClaim) {
  const Skills skills = {0.853, 0.603, 0.453};
  const double plain = PlainTruth(skills);
  const double oracle = 1 - (1 - skills[0]) * (1 - skills[1]) * (1 - skills[2]);
  const double average = (skills[0] + skills[1] + skills[2]) / 3;
  // Means of 150 values that are no plain yes and no: the deviation is that of 149 and the quantile
  // the normal one, together 0.3 % short; skewness and 1,000 draws take as much again.
  constexpr double kSmooth = 0.944;
  const std::vector<Claim> claims = {
      {"average_single", "accuracy", average, kSmooth},
      {"best_single", "accuracy", skills[0], ExactCoverage(skills[0], 0.025)},
      {"top_plain", "accuracy", plain, ExactCoverage(plain, 0.025)},
      {"oracle", "accuracy", oracle, ExactCoverage(oracle, 0.025)},
      {"top_plain", "difference", plain - skills[0], kSmooth}};
  const auto experiments = Experiments(skills, kExperiments);
  ASSERT_EQ(experiments.size(), kExperiments);
  double expected = 0;
  for (const Claim& claim : claims) {
    const Share found = Coverage(experiments, {claim}, 1);
    std::printf("%-14s %-10s truth %+.4f: %.3f of the intervals hold it, expected %.3f\n",
                claim.policy.c_str(), claim.figure.c_str(), claim.truth, found.value,
                claim.coverage);
    const double error = std::sqrt(claim.coverage * (1 - claim.coverage) / kExperiments);
    EXPECT_NEAR(found.value, claim.coverage, kErrors * error + 0.005) << claim.policy;
    EXPECT_GT(claim.coverage, 0.92) << "what the method can do for " << claim.policy;
    expected += claim.coverage / static_cast<double>(claims.size());
  }
  // All together, where the error is small enough to tell 95 % from 90 %.
  const Share all = Coverage(experiments, claims, 1);
  const double least = expected - kErrors * all.error;
  std::printf("all: %.4f, expected %.4f, at least %.4f\n", all.value, expected, least);
  EXPECT_GE(all.value, least);
  EXPECT_GT(least, 0.90);
  // Intervals as long as those of 90 % and of 80 % would not pass.
  EXPECT_LT(Coverage(experiments, claims, 1.6449 / 1.96).value, least);
  EXPECT_LT(Coverage(experiments, claims, 1.2816 / 1.96).value, least);
  ExpectHonestConfidence(experiments);
}

// Models that are equally good: which is chosen differs from case to case, and the truth is the
// same whichever it is. Intervals may be too long, by what the choice of a draw differs, but must
// not be too short: those of the questions alone are.
TEST(EvalTruthTest, IntervalsOfAChoiceAmongEqualsAreNotTooShort) {
  const Skills skills = {0.803, 0.803, 0.803};
  const double plain = PlainTruth(skills);
  const std::vector<Claim> chosen = {{"best_single", "accuracy", skills[0], 0.95},
                                     {"top_plain", "difference", plain - skills[0], 0.95}};
  const auto experiments = Experiments(skills, kExperiments);
  ASSERT_EQ(experiments.size(), kExperiments);
  const double least = 0.95 - kErrors * std::sqrt(0.95 * 0.05 / kExperiments);
  for (const Claim& claim : chosen) {
    const double found = Coverage(experiments, {claim}, 1).value;
    std::printf("%-14s %-10s truth %+.4f: %.3f of the intervals hold it, at least %.3f\n",
                claim.policy.c_str(), claim.figure.c_str(), claim.truth, found, least);
    EXPECT_GE(found, least) << claim.policy;
  }
  double questions_alone = 0;
  for (const auto& policies : experiments) {
    const double right = policies.at("best_single").at("accuracy");
    const double reach = 1.96 * std::sqrt(right * (1 - right) / kQuestions);
    questions_alone += std::abs(right - skills[0]) <= reach ? 1 : 0;
  }
  std::printf("by the questions alone: %.3f\n", questions_alone / kExperiments);
  EXPECT_LT(questions_alone / kExperiments, least);
  const double expected = ExactCoverage(plain, 0.025);
  EXPECT_NEAR(Coverage(experiments, {{"top_plain", "accuracy", plain, expected}}, 1).value,
              expected, kErrors * std::sqrt(expected * (1 - expected) / kExperiments) + 0.005);
  ExpectHonestConfidence(experiments);
}

}  // namespace
}  // namespace consilium
