// Councils are seated where recorded cases show that they are better, and nowhere else.
#include "aggregator/chemistry/utility.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "shared/ids.h"
#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

using Names = std::vector<std::string>;

std::string Numbered(const char* prefix, std::size_t number) {
  std::string name = prefix;
  name += std::to_string(number);
  return name;
}

std::vector<SeatCost> PoolOf(const Names& names) {
  std::vector<SeatCost> pool;
  for (const std::string& name : names) pool.push_back({name, std::nullopt, std::nullopt});
  return pool;
}

Budget SizeOf(std::size_t size) {
  Budget budget;
  budget.size = size;
  return budget;
}

UtilityChoice Choose(const std::vector<RecordedCase>& cases, const std::vector<SeatCost>& pool,
                     const Budget& budget) {
  auto choice = ChooseByUtility(cases, pool, budget);
  EXPECT_TRUE(choice.ok()) << (choice.ok() ? "" : choice.error().text);
  return choice.ok() ? *std::move(choice) : UtilityChoice{};
}

std::string ErrorOf(const std::vector<RecordedCase>& cases, const std::vector<SeatCost>& pool,
                    const Budget& budget) {
  const auto choice = ChooseByUtility(cases, pool, budget);
  return choice.ok() ? "no error"
                     : std::string(ErrorName(choice.error().code)) + ": " + choice.error().text;
}

// The grade is honest: a right answer stands out.
void Answer(EvidenceBuilder& builder, const std::string& model, bool right) {
  builder.Judged(model, right ? "right" : "wrong of " + model, right, right ? 0.9 : 0.3);
}

// Each of a, b and c knows the cases of one third; d and e know 45% each, by chance.
std::vector<RecordedCase> ThreeThirds(std::size_t count, std::uint64_t seed) {
  std::vector<RecordedCase> cases;
  SeededRandom random(seed, "three thirds");
  for (std::size_t i = 0; i < count; ++i) {
    EvidenceBuilder builder(Numbered("case-", i));
    Answer(builder, "a", i % 3 == 0);
    Answer(builder, "b", i % 3 == 1);
    Answer(builder, "c", i % 3 == 2);
    Answer(builder, "d", random.Unit() < 0.45);
    Answer(builder, "e", random.Unit() < 0.45);
    cases.push_back({builder.Build(), 1.0});
  }
  return cases;
}

Names Five() { return {"a", "b", "c", "d", "e"}; }

TEST(UtilityTest, CouncilOfComplementsIsFoundAndBeatsTheBestSingleModel) {
  const auto cases = ThreeThirds(200, 1);
  const UtilityChoice choice = Choose(cases, PoolOf(Five()), SizeOf(3));
  EXPECT_EQ(choice.models, (Names{"a", "b", "c"})) << choice.reason;
  EXPECT_DOUBLE_EQ(choice.expected, 1.0);
  EXPECT_DOUBLE_EQ(choice.held_out.value(), 1.0);
  EXPECT_LT(choice.held_out_single.value(), 0.6);
  EXPECT_NEAR(choice.advantage.value(), 1.0 - *choice.held_out_single, 1e-9)
      << "everybody answered every case, so that pairing changes nothing";
  EXPECT_GT(*choice.advantage, 5 * choice.advantage_error.value());
  EXPECT_EQ(choice.cases, 200);
  EXPECT_NE(choice.reason.find("3 models: on held-out cases they beat the best single one by +0."),
            std::string::npos)
      << choice.reason;
}

TEST(UtilityTest, ModelThatDominatesIsSeatedAlone) {
  std::vector<RecordedCase> cases;
  for (std::size_t i = 0; i < 120; ++i) {
    EvidenceBuilder builder(Numbered("case-", i));
    const bool known = i % 10 != 0;
    Answer(builder, "best", known);
    Answer(builder, "half", known && i % 2 == 0);
    Answer(builder, "poor", known && i % 4 == 0);
    cases.push_back({builder.Build(), 1.0});
  }
  const UtilityChoice choice = Choose(cases, PoolOf({"half", "poor", "best"}), SizeOf(3));
  EXPECT_EQ(choice.models, Names{"best"});
  EXPECT_DOUBLE_EQ(choice.expected, 0.9);
  EXPECT_DOUBLE_EQ(choice.held_out.value(), choice.held_out_single.value());
  EXPECT_DOUBLE_EQ(choice.advantage.value(), 0.0);
  EXPECT_DOUBLE_EQ(choice.advantage_error.value(), 0.0);
  EXPECT_EQ(choice.reason,
            "one model: on held-out cases no council beats it by more than chance may; the "
            "best, of 2, comes out at +0.000 (standard error 0.008)");
}

TEST(UtilityTest, ThreeWhoShareAMistakeAreNotSeatedAgainstOneWhoIsRight) {
  std::vector<RecordedCase> cases;
  for (std::size_t i = 0; i < 100; ++i) {
    EvidenceBuilder builder(Numbered("case-", i));
    const bool easy = i % 2 == 0;
    // On a hard case the three agree with one another, and their agreement is well graded.
    for (const char* voter : {"v1", "v2", "v3"}) {
      builder.Judged(voter, easy ? "right" : "shared mistake", easy, 0.7);
    }
    builder.Judged("w", "right", i % 10 != 1, 0.8);
    cases.push_back({builder.Build(), 1.0});
  }
  const UtilityChoice choice = Choose(cases, PoolOf({"v1", "v2", "v3", "w"}), SizeOf(4));
  EXPECT_EQ(choice.models, Names{"w"}) << choice.reason;
  const auto all = MeasureSet(cases, Names{"v1", "v2", "v3", "w"});
  EXPECT_DOUBLE_EQ(all.value().mean, 0.5);
}

TEST(UtilityTest, NoiseSeatsOneModelInMostRuns) {
  int single = 0;
  const int runs = 20;
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    SeededRandom random(seed, "noise");
    std::vector<RecordedCase> cases;
    for (std::size_t i = 0; i < 150; ++i) {
      EvidenceBuilder builder(Numbered("case-", i));
      for (std::size_t m = 0; m < 6; ++m) {
        const std::string model = Numbered("m", m);
        builder.Judged(model, "of " + model, random.Unit() < 0.5, random.Unit());
      }
      cases.push_back({builder.Build(), 1.0});
    }
    const UtilityChoice choice =
        Choose(cases, PoolOf({"m0", "m1", "m2", "m3", "m4", "m5"}), SizeOf(4));
    single += choice.models.size() == 1 ? 1 : 0;
  }
  EXPECT_GE(single, runs * 7 / 10) << "of " << runs << " runs, seeds 1.." << runs;
}

TEST(UtilityTest, SmallerCouncilWithinOneStandardErrorIsPreferred) {
  // Two models complement each other; a third adds one case in a hundred.
  std::vector<RecordedCase> cases;
  for (std::size_t i = 0; i < 300; ++i) {
    EvidenceBuilder builder(Numbered("case-", i));
    Answer(builder, "a", i % 2 == 0 && i % 100 != 50);
    Answer(builder, "b", i % 2 == 1);
    Answer(builder, "c", i % 100 == 50);
    cases.push_back({builder.Build(), 1.0});
  }
  EXPECT_GT(MeasureSet(cases, Names{"a", "b", "c"}).value().mean,
            MeasureSet(cases, Names{"a", "b"}).value().mean);
  const UtilityChoice choice = Choose(cases, PoolOf({"a", "b", "c"}), SizeOf(3));
  EXPECT_EQ(choice.models, (Names{"a", "b"})) << choice.reason;
}

// --- budgets

TEST(UtilityTest, SlowModelIsLeftOutAndNamed) {
  auto pool = PoolOf(Five());
  pool[1].latency_ms_p95 = 5000.4;
  pool[2].latency_ms_p95 = 100;
  Budget budget = SizeOf(3);
  budget.latency_ms_max = 2000;
  const UtilityChoice choice = Choose(ThreeThirds(200, 1), pool, budget);
  EXPECT_EQ(std::count(choice.models.begin(), choice.models.end(), "b"), 0);
  EXPECT_EQ(choice.left_out, Names{"b: 95th percentile of latency 5000 ms, the budget is 2000 ms"});
}

TEST(UtilityTest, CostOfAllMembersStaysWithinTheBudget) {
  auto pool = PoolOf(Five());
  for (SeatCost& seat : pool) seat.cost_usd_mean = 0.1;
  pool[4].cost_usd_mean.reset();
  pool[3].cost_usd_mean = 0.5;
  Budget budget = SizeOf(5);
  budget.cost_usd_max = 0.3;
  UtilityChoice choice = Choose(ThreeThirds(200, 1), pool, budget);
  EXPECT_EQ(choice.models, (Names{"a", "b", "c"})) << "0.1 + 0.1 + 0.1 costs 0.3";
  EXPECT_EQ(choice.left_out, (Names{"d: costs 0.5 USD a case, the budget is 0.3 USD",
                                    "e: its cost is not known, the budget is 0.3 USD a case"}));
  budget.cost_usd_max = 0.29;
  choice = Choose(ThreeThirds(200, 1), pool, budget);
  EXPECT_EQ(choice.models.size(), 2u) << choice.reason;
}

TEST(UtilityTest, BudgetThatLeavesNobodySaysWhy) {
  auto pool = PoolOf({"a"});
  pool[0].cost_usd_mean = 2;
  Budget budget = SizeOf(1);
  budget.cost_usd_max = 1;
  EXPECT_EQ(ErrorOf(ThreeThirds(10, 1), pool, budget),
            "invalid: the budget leaves no model; a: costs 2 USD a case, the budget is 1 USD");
}

TEST(UtilityTest, OneSeatGoesToTheBestSingleModel) {
  const auto cases = ThreeThirds(200, 1);
  const UtilityChoice choice = Choose(cases, PoolOf({"a", "b", "d"}), SizeOf(1));
  EXPECT_EQ(choice.models, Names{"d"});
  EXPECT_DOUBLE_EQ(choice.expected, MeasureSet(cases, Names{"d"}).value().mean);
  EXPECT_EQ(choice.reason, "one model: the budget has one seat");
}

// --- every size by one search

TEST(UtilitySearchTest, ChoiceForEverySizeIsThatOfASearchOfItsOwn) {
  struct Setting {
    std::vector<RecordedCase> cases;
    Names names;
    std::optional<double> cost_usd_max;
  };
  std::vector<Setting> settings = {{ThreeThirds(200, 1), Five(), std::nullopt},
                                   {ThreeThirds(90, 2), Five(), 0.35},
                                   {ThreeThirds(1, 1), Five(), std::nullopt}};
  // 30 models, of whom each case shows about ten.
  Setting many;
  SeededRandom random(5, "many");
  for (std::size_t m = 0; m < 30; ++m) many.names.push_back(Numbered("m", 10 + m));
  for (std::size_t i = 0; i < 80; ++i) {
    EvidenceBuilder builder(Numbered("case-", i));
    for (std::size_t m = 0; m < 30; ++m) {
      const bool right = random.Unit() < (i % 5 == m % 5 ? 0.8 : 0.4);
      if (random.Unit() < 0.35) Answer(builder, many.names[m], right);
    }
    many.cases.push_back({builder.Build(), 0.5 + random.Unit()});
  }
  settings.push_back(many);
  bool council = false;
  for (std::size_t s = 0; s < settings.size(); ++s) {
    auto pool = PoolOf(settings[s].names);
    for (SeatCost& seat : pool) seat.cost_usd_mean = 0.1;
    Budget budget = SizeOf(8);
    budget.cost_usd_max = settings[s].cost_usd_max;
    UtilitySearch search(settings[s].cases, pool, budget);
    while (search.Step()) {
    }
    for (std::size_t size = 1; size <= 8; ++size) {
      budget.size = size;
      const auto all = search.ChoiceOf(size);
      ASSERT_TRUE(all.ok()) << all.error().text;
      const UtilityChoice own = Choose(settings[s].cases, pool, budget);
      EXPECT_EQ(all->models, own.models) << "setting " << s << ", size " << size;
      EXPECT_EQ(all->expected, own.expected);
      EXPECT_EQ(all->held_out, own.held_out);
      EXPECT_EQ(all->held_out_single, own.held_out_single);
      EXPECT_EQ(all->advantage, own.advantage);
      EXPECT_EQ(all->advantage_error, own.advantage_error);
      EXPECT_EQ(all->cases, own.cases);
      EXPECT_EQ(all->reason, own.reason);
      EXPECT_EQ(all->left_out, own.left_out);
      council = council || own.models.size() > 1;
    }
  }
  EXPECT_TRUE(council) << "sizes matter in one setting at least";
}

TEST(UtilitySearchTest, ItsErrorsAreThoseOfAChoice) {
  const auto cases = ThreeThirds(10, 1);
  for (const auto& pool : {PoolOf({}), PoolOf({"stranger"})}) {
    UtilitySearch search(cases, pool, SizeOf(3));
    while (search.Step()) {
    }
    const auto choice = search.ChoiceOf(2);
    ASSERT_FALSE(choice.ok());
    EXPECT_EQ(choice.error(), ChooseByUtility(cases, pool, SizeOf(2)).error());
  }
}

TEST(UtilitySearchTest, MuchIsDoneInManyPieces) {
  const auto cases = ThreeThirds(600, 1);
  UtilitySearch search(cases, PoolOf(Five()), SizeOf(5));
  int pieces = 1;
  while (search.Step()) ++pieces;
  EXPECT_GE(pieces, 10) << "600 cases are read in ten";
}

// --- little or odd input

TEST(UtilityTest, EmptyPoolSizeZeroAndStrangersAreErrors) {
  const auto cases = ThreeThirds(10, 1);
  EXPECT_EQ(ErrorOf(cases, {}, SizeOf(3)), "invalid: pool has 0 models, expected at least 1");
  EXPECT_EQ(ErrorOf(cases, PoolOf({"a"}), SizeOf(0)),
            "invalid: budget size = 0, expected at least 1");
  EXPECT_EQ(ErrorOf(cases, PoolOf({"stranger"}), SizeOf(3)),
            "not_found: no answer of the 1 model that may sit in 10 recorded cases");
  EXPECT_EQ(ErrorOf({}, PoolOf({"a", "b"}), SizeOf(3)),
            "not_found: no answer of the 2 models that may sit in 0 recorded cases");
}

TEST(UtilityTest, OneCaseSeatsOneModel) {
  const auto cases = ThreeThirds(1, 1);
  const UtilityChoice choice = Choose(cases, PoolOf({"a", "b", "c"}), SizeOf(3));
  EXPECT_EQ(choice.models, Names{"a"});
  EXPECT_FALSE(choice.held_out.has_value());
  EXPECT_FALSE(choice.advantage.has_value());
  EXPECT_EQ(choice.reason, "one model: a council cannot be tested on 1 recorded case");
}

TEST(UtilityTest, CasesWithOneAnswerOrNoneOfThePoolAreNoObstacle) {
  auto cases = ThreeThirds(120, 1);
  for (std::size_t i = 0; i < 40; ++i) {
    EvidenceBuilder lonely(Numbered("lonely-", i));
    Answer(lonely, i % 2 == 0 ? "a" : "stranger", i % 3 == 0);
    cases.push_back({lonely.Build(), 1.0});
    cases.push_back({EvidenceBuilder(Numbered("empty-", i)).Build(), 1.0});
    cases.push_back({EvidenceBuilder(Numbered("ungraded-", i)).Ungraded("a", "x").Build(), 1.0});
  }
  const UtilityChoice choice = Choose(cases, PoolOf(Five()), SizeOf(3));
  EXPECT_EQ(choice.models, (Names{"a", "b", "c"})) << choice.reason;
  EXPECT_EQ(choice.cases, 140) << "with a usable answer of the pool";
}

TEST(UtilityTest, IdenticalModelsSeatTheFirstByName) {
  std::vector<RecordedCase> cases;
  for (std::size_t i = 0; i < 60; ++i) {
    EvidenceBuilder builder(Numbered("case-", i));
    for (const char* model : {"x", "y", "z"}) {
      builder.Judged(model, i % 3 == 0 ? "right" : "wrong", i % 3 == 0, 0.5);
    }
    cases.push_back({builder.Build(), 1.0});
  }
  const UtilityChoice choice = Choose(cases, PoolOf({"z", "y", "x"}), SizeOf(3));
  EXPECT_EQ(choice.models, Names{"x"});
  EXPECT_DOUBLE_EQ(choice.expected, 1.0 / 3);
}

TEST(UtilityTest, CasesWithoutAUsableWeightAreLeftOutAndNoWeightGivesNaN) {
  auto cases = ThreeThirds(90, 1);
  const auto plain = Choose(cases, PoolOf(Five()), SizeOf(3));
  for (RecordedCase& recorded : cases) recorded.weight = 1e-300;
  EXPECT_DOUBLE_EQ(Choose(cases, PoolOf(Five()), SizeOf(3)).advantage.value(),
                   plain.advantage.value());
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity()}) {
    RecordedCase extra = cases.front();
    extra.weight = bad;
    cases.push_back(extra);
  }
  const UtilityChoice choice = Choose(cases, PoolOf(Five()), SizeOf(3));
  EXPECT_EQ(choice.cases, 90);
  EXPECT_TRUE(std::isfinite(choice.expected) && std::isfinite(*choice.advantage_error));
  for (RecordedCase& recorded : cases) recorded.weight = std::numeric_limits<double>::max();
  EXPECT_EQ(Choose(cases, PoolOf(Five()), SizeOf(3)).models, (Names{"a", "b", "c"}));
  EXPECT_TRUE(std::isfinite(MeasureSet(cases, Names{"a"}).value().weight));
}

TEST(UtilityTest, OrderOfCasesAndPoolDoesNotMatter) {
  auto cases = ThreeThirds(150, 3);
  SeededRandom random(7, "order");
  for (RecordedCase& recorded : cases) recorded.weight = 0.1 + random.Unit();
  Names names = Five();
  const UtilityChoice first = Choose(cases, PoolOf(names), SizeOf(4));
  for (int round = 0; round < 5; ++round) {
    random.Shuffle(cases);
    random.Shuffle(names);
    const UtilityChoice again = Choose(cases, PoolOf(names), SizeOf(4));
    EXPECT_EQ(again.models, first.models);
    EXPECT_EQ(again.expected, first.expected) << "to the last bit";
    EXPECT_EQ(again.held_out, first.held_out);
    EXPECT_EQ(again.advantage, first.advantage);
    EXPECT_EQ(again.advantage_error, first.advantage_error);
    EXPECT_EQ(again.reason, first.reason);
  }
}

TEST(UtilityTest, OfManyModelsTheBestAloneAreConsidered) {
  std::vector<RecordedCase> cases;
  Names names;
  for (std::size_t m = 0; m < 30; ++m) names.push_back(Numbered("m", 10 + m));
  for (std::size_t i = 0; i < 60; ++i) {
    EvidenceBuilder builder(Numbered("case-", i));
    // The later the name, the better; the last two complement each other.
    for (std::size_t m = 0; m < 28; ++m) Answer(builder, names[m], i % 60 < m);
    Answer(builder, names[28], i % 2 == 0);
    Answer(builder, names[29], i % 2 == 1);
    cases.push_back({builder.Build(), 1.0});
  }
  const UtilityChoice choice = Choose(cases, PoolOf(names), SizeOf(3));
  EXPECT_EQ(choice.models, (Names{"m38", "m39"}));
  EXPECT_NE(choice.reason.find("; of 30 models the 24 that do best alone were considered"),
            std::string::npos)
      << choice.reason;
}

// --- the estimate of one set

TEST(MeasureSetTest, CaseCountsByTheCubeOfTheShareThatAnswered) {
  std::vector<RecordedCase> cases;
  EvidenceBuilder whole("whole");
  Answer(whole, "a", true);
  Answer(whole, "b", true);
  cases.push_back({whole.Build(), 1.0});
  EvidenceBuilder half("half");
  Answer(half, "b", false);
  cases.push_back({half.Build(), 2.0});
  EvidenceBuilder none("none");
  Answer(none, "c", true);
  cases.push_back({none.Build(), 1.0});
  const auto value = MeasureSet(cases, Names{"a", "b", "b"});
  ASSERT_TRUE(value.has_value());
  EXPECT_DOUBLE_EQ(value->weight, 1.0 + 2.0 / 8);
  EXPECT_DOUBLE_EQ(value->mean, 1.0 / 1.25);
  EXPECT_EQ(value->cases, 2);
  EXPECT_FALSE(MeasureSet(cases, Names{"stranger"}).has_value());
  EXPECT_FALSE(MeasureSet(cases, {}).has_value());
}

}  // namespace
}  // namespace consilium
