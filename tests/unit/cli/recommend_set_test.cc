// Which models each strategy recommends, and what it says about them.
#include "cli/recommend_set.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace consilium {
namespace {

using Names = std::vector<std::string>;

// Four models by accuracy: d, then a (of higher quality) and c, then b. a and b ran locally.
std::string Rows() {
  std::string text =
      "trial,model,task,quality,accuracy,generation_accuracy,latency,result,strategy\n";
  for (int trial = 0; trial < 12; ++trial) {
    const std::string t = std::to_string(trial);
    const char* half = trial % 2 == 0 ? "1" : "0";
    text += t + ",a,fix,9,0.75," + half + ",2,r" + half + ",LOCAL\n";
    text += t + ",b,fix,5,0.5," + half + ",1,r" + half + ",LOCAL\n";
    text += t + ",c,fix,8,0.75," + half + ",90,s" + half + ",REMOTE\n";
    text += t + ",d,fix,7,1,1,3,r1,REMOTE\n";
  }
  return text;
}

LoadedHistory Loaded(const std::string& text = Rows()) {
  HistoryOptions options;
  options.file = "h.csv";
  auto loaded = ReadHistory(text, options);
  EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.error().text);
  return loaded.ok() ? std::move(loaded).value() : LoadedHistory{};
}

RecommendOptions With(const std::string& strategy, std::optional<std::int64_t> size) {
  RecommendOptions options;
  options.strategy = strategy;
  options.size = size;
  return options;
}

RecommendedSet Recommended(const RecommendOptions& options) {
  const LoadedHistory loaded = Loaded();
  auto set = RecommendSet(loaded, options);
  EXPECT_TRUE(set.ok()) << (set.ok() ? "" : set.error().text);
  return set.ok() ? std::move(set).value() : RecommendedSet{};
}

Names NamesOf(const RecommendedSet& set) {
  Names names;
  for (const ModelProfile& member : set.members) names.push_back(member.model);
  return names;
}

std::string ProblemOf(const RecommendOptions& options, const std::string& text = Rows()) {
  const LoadedHistory loaded = Loaded(text);
  const auto set = RecommendSet(loaded, options);
  return set.ok() ? "no problem" : set.error().text;
}

TEST(RecommendSetTest, PerformanceGoesByAccuracyThenQualityThenName) {
  EXPECT_EQ(NamesOf(Recommended(With("performance", 2))), (Names{"a", "d"}));
  const RecommendedSet three = Recommended(With("performance", 3));
  EXPECT_EQ(NamesOf(three), (Names{"a", "c", "d"}));
  EXPECT_EQ(three.reason, "the 3 most accurate of 4 models");
  EXPECT_EQ(three.loss, std::nullopt);
  EXPECT_GT(three.complementarity.hypervolume, 0.7);
}

TEST(RecommendSetTest, SingleIsTheFirstOfTheseWhateverTheSize) {
  for (const std::optional<std::int64_t> size : {std::optional<std::int64_t>(), {1}, {3}}) {
    const RecommendedSet set = Recommended(With("single", size));
    EXPECT_EQ(NamesOf(set), Names{"d"});
    EXPECT_EQ(set.reason, "the most accurate of 4 models");
    ASSERT_TRUE(set.expected.has_value());
    EXPECT_EQ(set.expected->mean, 1.0) << "d was right in every trial";
    EXPECT_EQ(set.expected->cases, 12);
  }
}

TEST(RecommendSetTest, LocalAndRemoteFollowTheHistoryOrTheFlag) {
  EXPECT_EQ(NamesOf(Recommended(With("local", 1))), Names{"a"});
  EXPECT_EQ(NamesOf(Recommended(With("remote", 2))), (Names{"c", "d"}));
  const RecommendedSet all = Recommended(With("local", 3));
  EXPECT_EQ(NamesOf(all), (Names{"a", "b"}));
  EXPECT_EQ(all.reason, "all 2 local models there are, of 3 asked for");
  RecommendOptions named = With("local", 1);
  named.local = {"c", "b"};
  EXPECT_EQ(NamesOf(Recommended(named)), Names{"c"});
  named.strategy = "remote";
  EXPECT_EQ(NamesOf(Recommended(named)), Names{"d"});
  named.local = {"x"};
  EXPECT_EQ(ProblemOf(named), "local = \"x\", expected some of a, b, c, d");
}

TEST(RecommendSetTest, WithoutLocalTrialsNobodyIsKnownToBeLocal) {
  const std::string text = "trial,model,task,quality,accuracy\n1,a,fix,5,0.5\n1,b,fix,5,0.5\n";
  EXPECT_EQ(ProblemOf(With("local", 1), text),
            "strategy local: the history shows no model that ran locally; name them with --local");
  EXPECT_EQ(ProblemOf(With("remote", 1), text),
            "strategy remote: the history shows no model that ran remotely");
}

TEST(RecommendSetTest, RandomDependsOnTheSeedAlone) {
  std::vector<Names> drawn;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RecommendOptions options = With("random", 2);
    options.seed = seed;
    const RecommendedSet set = Recommended(options);
    EXPECT_EQ(set.members.size(), 2u);
    EXPECT_EQ(set.reason, "drawn from 4 models with seed " + std::to_string(seed));
    EXPECT_EQ(NamesOf(set), NamesOf(Recommended(options)));
    drawn.push_back(NamesOf(set));
  }
  std::sort(drawn.begin(), drawn.end());
  drawn.erase(std::unique(drawn.begin(), drawn.end()), drawn.end());
  EXPECT_GT(drawn.size(), 3u);
}

TEST(RecommendSetTest, ChemistrySeatsExactlyTheSizeAndStatesItsLoss) {
  for (const std::int64_t size : {1, 2, 3, 4}) {
    const RecommendedSet set = Recommended(With("chemistry", size));
    EXPECT_EQ(set.members.size(), static_cast<std::size_t>(size));
    ASSERT_TRUE(set.loss.has_value());
    EXPECT_FALSE(std::isnan(*set.loss));
  }
  EXPECT_GE(Recommended(With("chemistry", std::nullopt)).members.size(), 1u);
}

TEST(RecommendSetTest, UtilitySeatsWhoIsRightWithinTheBudget) {
  const RecommendedSet set = Recommended(With("utility", 3));
  EXPECT_EQ(NamesOf(set), Names{"d"}) << "no set beats the one that is always right";
  ASSERT_TRUE(set.utility.has_value());
  EXPECT_EQ(set.reason, set.utility->reason);
  RecommendOptions quick = With("utility", 3);
  quick.latency_ms_max = 2500;
  const RecommendedSet budget = Recommended(quick);
  ASSERT_TRUE(budget.utility.has_value());
  EXPECT_EQ(budget.utility->left_out.size(), 2u) << "c takes 90 s, d 3 s";
  EXPECT_EQ(budget.members.at(0).model, "a");
  RecommendOptions cheap = With("utility", 3);
  cheap.cost_usd_max = 1;
  EXPECT_NE(ProblemOf(cheap), "no problem") << "no history states a cost";
}

TEST(RecommendSetTest, WrongFlagsAreNamedWithWhatIsAllowed) {
  EXPECT_EQ(ProblemOf(With("performance", std::nullopt)),
            "size: missing; strategy performance needs it");
  EXPECT_EQ(ProblemOf(With("random", 0)), "size = 0, expected 1 or more");
  EXPECT_EQ(ProblemOf(With("chemistry", 5)),
            "size = 5, but the history has 4 models with a profile");
  EXPECT_EQ(ProblemOf(With("luck", 1)),
            "strategy = \"luck\", expected one of chemistry, utility, performance, random, local, "
            "remote, single");
  RecommendOptions options = With("chemistry", 2);
  options.alpha = 1.5;
  EXPECT_EQ(ProblemOf(options), "alpha = 1.5, expected 0..1");
  options.alpha = std::nan("");
  EXPECT_EQ(ProblemOf(options), "alpha = nan, expected 0..1");
  options.alpha = 0.5;
  options.beta = -1;
  EXPECT_EQ(ProblemOf(options), "beta = -1, expected 0 or more");
  options.beta = 0;
  options.latency_ms_max = 10;
  EXPECT_EQ(ProblemOf(options),
            "latency-max: only strategy utility keeps to a budget, not chemistry");
  options.strategy = "utility";
  options.latency_ms_max = -10;
  EXPECT_EQ(ProblemOf(options), "latency-max = -10, expected 0 or more");
}

TEST(RankSetsTest, TopSetsAreMeasuredAndALargeKGivesAll) {
  const auto ranked = RankProfiles(Loaded().profiles);
  ASSERT_EQ(ranked.size(), 4u);
  EXPECT_EQ(ranked[0].model, "d");
  EXPECT_EQ(ranked[1].model, "a");
  EXPECT_EQ(ranked[2].model, "c");
  EXPECT_EQ(ranked[3].model, "b");
  const auto sets = RankSets(ranked, {2, 10});
  ASSERT_TRUE(sets.ok());
  ASSERT_EQ(sets->size(), 2u);
  EXPECT_EQ((*sets)[0].members.size(), 2u);
  // d covers 1 x 0.7 and a adds 0.75 x 0.2.
  EXPECT_NEAR((*sets)[0].complementarity.hypervolume, 0.85, 1e-12);
  EXPECT_EQ((*sets)[1].k, 10);
  EXPECT_EQ((*sets)[1].members.size(), 4u);
  const auto none = RankSets(ranked, {3, 0});
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error(), Invalid("k = 0, expected 1 or more"));
}

}  // namespace
}  // namespace consilium
