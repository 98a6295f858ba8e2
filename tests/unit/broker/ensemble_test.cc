#include "broker/ensemble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/unit/broker/cluster.h"

namespace consilium {
namespace {

using testing::ElementsAre;

std::vector<std::string> Seated(const CaseRequest& request, const Config& config) {
  const auto ensemble = ChooseEnsemble(request, "medication", config, {});
  EXPECT_TRUE(ensemble.ok()) << ensemble.error().text;
  return ensemble.ok() ? ensemble->models : std::vector<std::string>{};
}

Error Refusal(const CaseRequest& request, const Config& config) {
  const auto ensemble = ChooseEnsemble(request, "medication", config, {});
  EXPECT_FALSE(ensemble.ok());
  return ensemble.ok() ? Error{} : ensemble.error();
}

CaseRequest With(const char* strategy) {
  CaseRequest request = SomeCase();
  request.strategy = strategy;
  return request;
}

TEST(EnsembleTest, AllSeatsEveryModelInTheOrderOfTheConfiguration) {
  EXPECT_THAT(Seated(With("all"), FiveModels()),
              ElementsAre("delta", "alpha", "charlie", "bravo", "echo"));
}

TEST(EnsembleTest, LocalAndRemoteSeatOnlyTheirOwn) {
  CaseRequest local = With("local");
  local.ensemble_size = 2;
  EXPECT_THAT(Seated(local, FiveModels()), ElementsAre("alpha", "bravo"));
  CaseRequest remote = With("remote");
  remote.ensemble_size = 3;
  EXPECT_THAT(Seated(remote, FiveModels()), ElementsAre("delta", "charlie", "echo"));
}

TEST(EnsembleTest, TheConfiguredSizeGivesWayToTheNumberOfModels) {
  EXPECT_THAT(Seated(With("local"), FiveModels()), ElementsAre("alpha", "bravo"));
}

TEST(EnsembleTest, TheSameCaseGetsTheSameEnsembleWhateverTheOrderOfTheFile) {
  Config config = FiveModels();
  Config shuffled = FiveModels();
  std::reverse(shuffled.backends.begin(), shuffled.backends.end());
  for (int i = 0; i < 50; ++i) {
    const CaseRequest request = SomeCase("case-" + std::to_string(i));
    const auto first = Seated(request, config);
    EXPECT_EQ(first, Seated(request, config));
    const auto other = Seated(request, shuffled);
    EXPECT_EQ(std::set<std::string>(first.begin(), first.end()),
              std::set<std::string>(other.begin(), other.end()));
  }
}

TEST(EnsembleTest, RandomSeatsDistinctModelsEachAboutAsOften) {
  const Config config = FiveModels();
  std::map<std::string, int> seats;
  constexpr int kCases = 5000;
  for (int i = 0; i < kCases; ++i) {
    const auto models = Seated(SomeCase("c" + std::to_string(i)), config);
    ASSERT_EQ(std::set<std::string>(models.begin(), models.end()).size(), 3U);
    for (const std::string& model : models) ++seats[model];
  }
  ASSERT_EQ(seats.size(), 5U);
  // 3000 expected; a binomial deviation is 35.
  for (const auto& [model, count] : seats) EXPECT_NEAR(count, 3000, 175) << model;
}

TEST(EnsembleTest, AnotherSeedSeatsOtherModels) {
  Config config = FiveModels();
  Config other = FiveModels();
  other.ensemble.seed = 2;
  int same = 0;
  for (int i = 0; i < 200; ++i) {
    const CaseRequest request = SomeCase("c" + std::to_string(i));
    same += Seated(request, config) == Seated(request, other) ? 1 : 0;
  }
  EXPECT_LT(same, 60);  // 20 expected of 200: ten ensembles of three
}

TEST(EnsembleTest, AListOfModelsMeansNamed) {
  CaseRequest request = SomeCase();
  request.models = {"echo", "alpha"};
  const auto ensemble = ChooseEnsemble(request, "medication", FiveModels(), {});
  ASSERT_TRUE(ensemble.ok()) << ensemble.error().text;
  EXPECT_EQ(ensemble->strategy, "named");
  EXPECT_THAT(ensemble->models, ElementsAre("alpha", "echo"));
}

TEST(EnsembleTest, NamedWithoutAListTakesTheConfiguredOne) {
  Config config = FiveModels();
  config.ensemble.models = {"charlie"};
  EXPECT_THAT(Seated(With("named"), config), ElementsAre("charlie"));
}

TEST(EnsembleTest, RefusalsNameTheFieldTheValueAndWhatIsAllowed) {
  const Config config = FiveModels();
  EXPECT_EQ(Refusal(With("best"), config),
            Invalid("strategy = \"best\", expected one of all, random, local, remote, named, "
                    "single, performance, chemistry, utility"));

  CaseRequest seven = SomeCase();
  seven.ensemble_size = 7;
  EXPECT_EQ(Refusal(seven, config),
            Invalid("ensemble_size = 7, expected 1..5 (models configured)"));
  seven.ensemble_size = 0;
  EXPECT_EQ(Refusal(seven, config),
            Invalid("ensemble_size = 0, expected 1..5 (models configured)"));

  CaseRequest local = With("local");
  local.ensemble_size = 3;
  EXPECT_EQ(Refusal(local, config),
            Invalid("ensemble_size = 3, expected 1..2 (local models configured)"));

  CaseRequest unknown = With("named");
  unknown.models = {"alpha", "gpt-9"};
  EXPECT_EQ(Refusal(unknown, config),
            Invalid("models: \"gpt-9\", expected configured models (delta, alpha, charlie, bravo, "
                    "echo)"));
  unknown.models = {"alpha", "alpha"};
  EXPECT_EQ(Refusal(unknown, config), Invalid("models: \"alpha\" twice, expected each model once"));
  unknown.models = {};
  EXPECT_EQ(Refusal(unknown, config),
            Invalid("models: empty, expected the models of strategy named"));

  CaseRequest both = With("random");
  both.models = {"alpha"};
  EXPECT_EQ(Refusal(both, config), Invalid("models: 1 listed, expected none with strategy random "
                                           "(only named takes a list)"));

  CaseRequest all = With("all");
  all.ensemble_size = 2;
  EXPECT_EQ(Refusal(all, config),
            Invalid("ensemble_size = 2, expected 5 (strategy all seats all of them)"));
}

TEST(EnsembleTest, NoLocalModelIsSaid) {
  Config config = FiveModels();
  for (BackendConfig& backend : config.backends) backend.placement = "remote";
  EXPECT_EQ(Refusal(With("local"), config),
            Invalid("strategy = \"local\", expected another one: no local model is configured"));
}

SeatingEntry Entry(const char* strategy, std::vector<std::string> models, std::int64_t size = 3) {
  SeatingEntry entry;
  entry.kind = "medication";
  entry.strategy = strategy;
  entry.size = size;
  entry.models = std::move(models);
  return entry;
}

Ensemble Learned(const char* id, const char* strategy, const SeatingBoard& board, double explore,
                 const std::string& kind = "medication") {
  Config config = FiveModels();
  config.ensemble.explore = explore;
  CaseRequest request = SomeCase(id);
  request.strategy = strategy;
  return *ChooseEnsemble(request, kind, config, board);
}

TEST(LearnedEnsembleTest, SeatsWhatTheBoardRecommendsInTheOrderOfTheConfiguration) {
  const SeatingBoard board{
      0, {Entry("utility", {"alpha", "echo"}), Entry("chemistry", {"bravo", "charlie", "delta"})}};
  const Ensemble utility = Learned("c", "utility", board, 0);
  EXPECT_THAT(utility.models, ElementsAre("alpha", "echo"));
  EXPECT_EQ(utility.seating, "learned");
  EXPECT_EQ(utility.strategy, "utility");
  EXPECT_THAT(Learned("c", "chemistry", board, 0).models, ElementsAre("delta", "charlie", "bravo"));
}

TEST(LearnedEnsembleTest, DrawsAtRandomWhileTheBoardSaysNothing) {
  const SeatingBoard larger{0, {Entry("utility", {"alpha"}, 4)}};
  const SeatingBoard other_kind{0, {Entry("utility", {"alpha"})}};
  const SeatingBoard nobody{0, {Entry("utility", {}, 3), Entry("utility", {}, 2)}};
  for (const auto& [board, kind] : {std::pair<SeatingBoard, const char*>{{}, "medication"},
                                    {larger, "medication"},
                                    {nobody, "medication"},
                                    {other_kind, "oncology"}}) {
    const Ensemble drawn = Learned("c", "utility", board, 0, kind);
    EXPECT_EQ(drawn.seating, "cold_start");
    CaseRequest random = With("random");
    random.id = "c";
    EXPECT_EQ(drawn.models, Seated(random, FiveModels()));
  }
}

TEST(LearnedEnsembleTest, AModelThatIsNoLongerConfiguredIsNotSeated) {
  const SeatingBoard board{0, {Entry("utility", {"alpha", "gone"})}};
  EXPECT_EQ(Learned("c", "utility", board, 0).seating, "cold_start");
}

TEST(LearnedEnsembleTest, UtilitySeatsWhatTheBoardHasForTheLargestSizeUpToTheWantedOne) {
  const SeatingBoard board{
      0,
      {Entry("utility", {"alpha"}, 1), Entry("utility", {"echo", "bravo"}, 2),
       Entry("utility", {"alpha", "gone"}, 3), Entry("utility", {}, 3),
       Entry("utility", {"alpha", "bravo", "charlie"}, 4), Entry("explore", {"delta"}, 1),
       Entry("explore", {"delta", "echo"}, 2)}};
  const Ensemble learned = Learned("c", "utility", board, 0);
  EXPECT_THAT(learned.models, ElementsAre("bravo", "echo"));
  EXPECT_EQ(learned.seating, "learned");
  const Ensemble explored = Learned("c", "utility", board, 1);
  EXPECT_THAT(explored.models, ElementsAre("delta", "echo"));
  EXPECT_EQ(explored.seating, "explored");
}

TEST(LearnedEnsembleTest, OtherStrategiesSeatAsManyAsWantedOrDraw) {
  for (const char* strategy : {"performance", "chemistry"}) {
    const SeatingBoard board{
        0, {Entry(strategy, {"alpha", "echo"}, 2), Entry("explore", {"delta", "echo"}, 2)}};
    for (const double explore : {0.0, 1.0}) {
      const Ensemble drawn = Learned("c", strategy, board, explore);
      EXPECT_EQ(drawn.seating, "cold_start");
      EXPECT_EQ(drawn.models.size(), 3U);
    }
  }
}

TEST(LearnedEnsembleTest, WithNothingToExploreTheLearnedEnsembleSits) {
  const SeatingBoard board{0, {Entry("chemistry", {"bravo", "charlie", "delta"})}};
  const Ensemble learned = Learned("c", "chemistry", board, 1);
  EXPECT_THAT(learned.models, ElementsAre("delta", "charlie", "bravo"));
  EXPECT_EQ(learned.seating, "learned");
}

TEST(LearnedEnsembleTest, AShareOfTheCasesExploresAndTheSameCaseAlwaysDoesTheSame) {
  const SeatingBoard board{
      0,
      {Entry("utility", {"alpha"}), Entry("explore", {"bravo", "charlie", "echo"}),
       Entry("explore", {"alpha", "charlie", "delta"})}};
  std::map<std::vector<std::string>, int> seen;
  constexpr int kCases = 2000;
  for (int i = 0; i < kCases; ++i) {
    const std::string id = "c" + std::to_string(i);
    const Ensemble once = Learned(id.c_str(), "utility", board, 0.25);
    const Ensemble again = Learned(id.c_str(), "utility", board, 0.25);
    EXPECT_EQ(once.models, again.models);
    EXPECT_EQ(once.seating, once.models.size() == 1 ? "learned" : "explored");
    ++seen[once.models];
  }
  ASSERT_EQ(seen.size(), 3U);
  // 1500 and twice 250 expected; binomial deviations are 19 and 15.
  EXPECT_NEAR(seen[{"alpha"}], 1500, 97);
  EXPECT_NEAR((seen[{"charlie", "bravo", "echo"}]), 250, 75);
  EXPECT_NEAR((seen[{"delta", "alpha", "charlie"}]), 250, 75);
}

TEST(LearnedEnsembleTest, SingleSeatsOneAndNoOtherSizeCanBeAskedOfIt) {
  const SeatingBoard board{0, {Entry("single", {"echo"}, 1)}};
  EXPECT_THAT(Learned("c", "single", board, 0).models, ElementsAre("echo"));
  CaseRequest two = With("single");
  two.ensemble_size = 2;
  EXPECT_EQ(Refusal(two, FiveModels()),
            Invalid("ensemble_size = 2, expected 1 (strategy single seats one)"));
}

}  // namespace
}  // namespace consilium
