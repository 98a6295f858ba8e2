// chemistry, recommend and rank as a person runs them on files: the reference's histories, and
// small ones with everything that goes wrong in such files.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/screen.h"
#include "tests/support/cluster_process.h"
#include "tests/support/file_text.h"

namespace consilium {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr const char* kReference = CONSILIUM_SOURCE_DIR "/../shared/reference/";
constexpr const char* kHeader = "trial,model,task,quality,accuracy,result,strategy\n";

CommandResult RunConsilium(const std::vector<std::string>& arguments,
                           const std::string& input = "") {
  RunningCommand command("consilium", arguments, {}, input);
  CommandResult result = command.Wait(seconds(60));
  EXPECT_FALSE(result.timed_out);
  return result;
}

json JsonOf(std::vector<std::string> arguments, const std::string& input = "") {
  arguments.push_back("--json");
  const CommandResult result = RunConsilium(arguments, input);
  EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
  json parsed = json::parse(result.out, nullptr, /*allow_exceptions=*/false);
  EXPECT_TRUE(parsed.is_object()) << result.out;
  return parsed;
}

// The one line that the command says before it ends with exit code 2.
std::string Refusal(const std::vector<std::string>& arguments, const std::string& input = "") {
  const CommandResult result = RunConsilium(arguments, input);
  EXPECT_EQ(result.exit_code, 2) << result.out << result.err;
  EXPECT_EQ(result.out, "");
  const std::string start = "consilium: error[";
  EXPECT_EQ(result.err.rfind(start, 0), 0u) << result.err;
  return result.err.substr(std::min(start.size(), result.err.size()));
}

void ExpectAtMost80Columns(const std::string& text) {
  EXPECT_FALSE(text.empty());
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    EXPECT_LE(DisplayWidth(line), 80u) << line;
    start = end + 1;
  }
}

using Pairs = std::map<std::pair<std::string, std::string>, double>;

Pairs PairsOf(const json& list) {
  Pairs pairs;
  for (const json& pair : list) {
    EXPECT_EQ(pair.size(), 3u);
    pairs[{pair.at(0), pair.at(1)}] = pair.at(2).get<double>();
  }
  return pairs;
}

void ExpectSame(const Pairs& found, const Pairs& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [pair, value] : expected) {
    ASSERT_EQ(found.count(pair), 1u) << pair.first << " " << pair.second;
    EXPECT_NEAR(found.at(pair), value, 1e-9) << pair.first << " " << pair.second;
  }
}

class ReferenceRunsTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!std::ifstream(History()).good()) GTEST_SKIP() << "../shared is absent: no " << History();
  }
  static std::string History() { return std::string(kReference) + GetParam() + ".csv"; }
  static std::string Profile() { return std::string(kReference) + GetParam() + "_profile.json"; }
  static bool Malformed() { return std::string(GetParam()) == "runs"; }
};

TEST_P(ReferenceRunsTest, ProfilesGiveTheReferencesMatrixAndNothingElse) {
  const json expected = json::parse(std::ifstream(Profile()));
  const json found = JsonOf({"chemistry", "--profiles", Profile()});
  EXPECT_EQ(found.size(), 3u);
  EXPECT_EQ(found.at("variant"), "published");
  std::vector<std::string> names;
  for (const json& model : expected.at("models")) names.push_back(model.at("model"));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(found.at("models"), json(names));
  EXPECT_TRUE(std::is_sorted(found.at("chemistry").begin(), found.at("chemistry").end()));
  ExpectSame(PairsOf(found.at("chemistry")), PairsOf(expected.at("chemistry")));
}

TEST_P(ReferenceRunsTest, TheHistoryGivesTheSameMatrixAndSynergyWithErrors) {
  const json expected = json::parse(std::ifstream(Profile()));
  const json found = JsonOf({"chemistry", "--history", History()});
  EXPECT_EQ(found.at("task"), expected.at("task"));
  EXPECT_EQ(found.at("profile"), "best");
  EXPECT_EQ(found.at("rows"), Malformed() ? 8164 : 7486);
  EXPECT_EQ(found.at("skipped").at("count"), Malformed() ? 6 : 0);
  EXPECT_EQ(found.at("skipped").at("rows").size(), Malformed() ? 6u : 0u);
  EXPECT_EQ(found.at("profiles").size(), 12u);
  ExpectSame(PairsOf(found.at("chemistry")), PairsOf(expected.at("chemistry")));
  ASSERT_EQ(found.at("synergy").size(), 66u);
  int below = 0;
  for (const json& pair : found.at("synergy")) {
    ASSERT_EQ(pair.size(), 5u);
    EXPECT_LT(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
    const auto cases = pair.at(4).get<int>();
    EXPECT_GE(cases, 0);
    if (cases < 2) continue;
    EXPECT_LE(std::abs(pair.at(2).get<double>()), 2.0);
    EXPECT_GE(pair.at(3).get<double>(), 0.0);
    if (pair.at(2).get<double>() < 0.0) ++below;
  }
  EXPECT_GT(below, 0) << "synergy is signed";
}

TEST_P(ReferenceRunsTest, MalformedRowsAreWarnedOfOnStandardErrorOnly) {
  const CommandResult result = RunConsilium({"chemistry", "--history", History()});
  EXPECT_EQ(result.exit_code, 0);
  ExpectAtMost80Columns(result.out);
  if (Malformed()) {
    EXPECT_EQ(result.err,
              "consilium: warning: " + History() +
                  ": 6 of 8170 rows were left out, lines 181, 199, 202, 224, 278, ...; the first: "
                  "strategy = \"2025-07-11 12:12:55\" is a time, its columns are shifted\n");
    EXPECT_NE(result.out.find("--variant nonempty"), std::string::npos) << result.out;
  } else {
    EXPECT_EQ(result.err, "");
  }
}

TEST_P(ReferenceRunsTest, EveryStrategyRecommendsForEverySize) {
  for (const char* strategy :
       {"chemistry", "utility", "performance", "random", "local", "remote", "single"}) {
    for (const std::size_t size : {3u, 5u, 10u}) {
      SCOPED_TRACE(std::string(strategy) + " " + std::to_string(size));
      const std::vector<std::string> arguments = {"recommend",         "--history", History(),
                                                  "--strategy",        strategy,    "--size",
                                                  std::to_string(size)};
      const json found = JsonOf(arguments);
      const std::size_t count = found.at("models").size();
      EXPECT_GE(count, 1u);
      EXPECT_LE(count, size);
      const std::string name = strategy;
      if (name == "chemistry" || name == "performance" || name == "random") {
        EXPECT_EQ(count, size);
      }
      EXPECT_EQ(found.at("profiles").size(), count);
      EXPECT_FALSE(found.at("reason").get<std::string>().empty());
      EXPECT_GT(found.at("expected").get<double>(), 0.0);
      EXPECT_LE(found.at("expected").get<double>(), 1.0);
      EXPECT_GT(found.at("complementarity").at("hypervolume").get<double>(), 0.9);
      EXPECT_EQ(found.contains("loss"), name == "chemistry");
      EXPECT_EQ(found.contains("utility"), name == "utility");
      ExpectAtMost80Columns(RunConsilium(arguments).out);
    }
  }
}

TEST_P(ReferenceRunsTest, RankMeasuresTheSetsOfTheBest) {
  const json found = JsonOf({"rank", "--history", History(), "-k", "3", "5", "10", "40"});
  ASSERT_EQ(found.at("ranking").size(), 12u);
  double last = 1.0;
  for (const json& model : found.at("ranking")) {
    EXPECT_LE(model.at("accuracy").get<double>(), last);
    last = model.at("accuracy").get<double>();
  }
  ASSERT_EQ(found.at("top").size(), 4u);
  const std::vector<std::size_t> sizes = {3, 5, 10, 12};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(found.at("top").at(i).at("models").size(), sizes[i]);
  }
  const std::string text = RunConsilium({"rank", "--history", History(), "-k", "3", "40"}).out;
  ExpectAtMost80Columns(text);
  EXPECT_NE(text.find("all there are"), std::string::npos) << text;
}

INSTANTIATE_TEST_SUITE_P(Runs, ReferenceRunsTest, testing::Values("runs", "runs2"),
                         [](const auto& test) { return std::string(test.param); });

TEST(ChemistryProfilesTest, BadProfilesAreRefusedWithTheirPlace) {
  const auto refused = [](const std::string& text) {
    return Refusal({"chemistry", "--profiles", "-"}, text);
  };
  EXPECT_EQ(refused(""), "invalid]: standard input: not valid JSON\n");
  EXPECT_EQ(refused(R"([{"model":"a","quality":NaN,"accuracy":1}])"),
            "invalid]: standard input: not valid JSON\n");
  EXPECT_EQ(refused(R"([{"model":"a","quality":1}])"),
            "invalid]: standard input: [0] accuracy: missing\n");
  EXPECT_EQ(refused(R"([{"model":"a","quality":11,"accuracy":1}])"),
            "invalid]: standard input: model 'a': quality = 11, expected 0..10\n");
  EXPECT_EQ(refused(R"([{"model":"a","quality":1,"accuracy":1},
                        {"model":"a","quality":1,"accuracy":1}])"),
            "invalid]: standard input: model 'a' stands more than once, expected once\n");
  EXPECT_EQ(Refusal({"chemistry", "--profiles", "/no/such/file"}),
            "not_found]: /no/such/file: no such file\n");
  EXPECT_EQ(Refusal({"chemistry", "--profiles", "-", "--usage-threshold", "2"}, "[]"),
            "invalid]: usage_threshold = 2, expected 0..1\n");
  EXPECT_EQ(Refusal({"chemistry", "--profiles", "-", "--svg-of", "synergy"}, "[]"),
            "invalid]: svg-of = synergy, but profiles have no recorded trials\n");
  const CommandResult result = RunConsilium({"chemistry", "--profiles", "-", "--json"}, "{}");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out,
            "{\"error\":{\"code\":\"invalid\",\"text\":\"standard input: models: missing\"}}\n");
}

TEST(ChemistryProfilesTest, NobodyAndOneModelAreEmptyMatrices) {
  for (const auto& [text, models] :
       {std::pair{"[]", json::array()},
        std::pair{R"([{"model":"a","quality":1,"accuracy":1}])", json::array({"a"})}}) {
    const json found = JsonOf({"chemistry", "--profiles", "-"}, text);
    EXPECT_EQ(found,
              (json{{"variant", "published"}, {"models", models}, {"chemistry", json::array()}}));
    const CommandResult table = RunConsilium({"chemistry", "--profiles", "-"}, text);
    EXPECT_EQ(table.exit_code, 0);
    EXPECT_NE(table.out.find("none: chemistry is between two models"), std::string::npos);
  }
}

TEST(ChemistryProfilesTest, AllIdenticalModelsGiveFiniteEqualValues) {
  std::string text = "[";
  for (int i = 0; i < 5; ++i) {
    text += std::string(i == 0 ? "" : ",") + R"({"model":"m)" + std::to_string(i) +
            R"(","quality":5,"accuracy":0.75})";
  }
  for (const char* variant : {"published", "nonempty"}) {
    const json found = JsonOf({"chemistry", "--profiles", "-", "--variant", variant}, text + "]");
    EXPECT_EQ(found.at("variant"), variant);
    ASSERT_EQ(found.at("chemistry").size(), 10u);
    for (const json& pair : found.at("chemistry")) {
      EXPECT_TRUE(pair.at(2).is_number());
      EXPECT_GE(pair.at(2).get<double>(), 0.0);
      EXPECT_LE(pair.at(2).get<double>(), 1.0);
    }
  }
}

TEST(ChemistryDrawingTest, TheHeatMapIsWrittenWholeAndItsPathSaid) {
  TestFolder folder;
  const std::string file = folder.File("map.svg");
  const std::string rows = "1,a,fix,5,0.5,x,\n1,b,fix,5,0.5,y,\n1,c,fix,5,0.5,y,\n";
  for (const char* what : {"chemistry", "synergy"}) {
    const CommandResult result = RunConsilium(
        {"chemistry", "--history", "-", "--svg", file, "--svg-of", what}, kHeader + rows);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "consilium: drawn to " + file + "\n");
    const std::string text = FileText(file);
    EXPECT_NE(text.find("<svg"), std::string::npos);
    EXPECT_NE(text.find("</svg>"), std::string::npos);
    EXPECT_FALSE(std::ifstream(file + ".part").good()) << "nothing is left beside it";
  }
  EXPECT_EQ(Refusal({"chemistry", "--profiles", "-", "--svg", folder.File("no/x.svg")}, "[]"),
            "unavailable]: " + folder.File("no/x.svg") +
                ".part: cannot create: No such file or directory\n");
}

TEST(ChemistryHistoryTest, FilesThatAreNoHistoryAreRefused) {
  const auto refused = [](const std::string& text) {
    return Refusal({"chemistry", "--history", "-"}, text);
  };
  EXPECT_EQ(refused(""),
            "invalid]: standard input: empty, expected a first line with the names of the "
            "columns\n");
  EXPECT_EQ(refused("trial,model,accuracy\n1,a,1\n"),
            "invalid]: standard input:1: no column task, quality; needed are trial, model, task, "
            "quality, accuracy\n");
  EXPECT_EQ(refused(std::string(kHeader) + "1,a,fix,nan,0.5,x,\n"),
            "invalid]: standard input: none of the 1 rows can be used; line 2: quality = nan, "
            "expected 0..10\n");
  EXPECT_EQ(Refusal({"chemistry", "--history", "-", "--task", "sort"},
                    std::string(kHeader) + "1,a,fix,5,0.5,x,\n"),
            "not_found]: standard input: task = \"sort\", expected one of \"fix\"\n");
  EXPECT_EQ(Refusal({"rank", "--history", "/no/such/file"}),
            "not_found]: /no/such/file: no such file\n");
}

TEST(ChemistryHistoryTest, ShiftedRowsAreCountedAndNamedInTheJson) {
  const std::string rows =
      "1,a,fix,5,0.5,x,RANDOM\n1,b,fix,6,0.75,y,2025-07-11 12:12:55\n1,c,fix,6,0.75,z,RANDOM\n";
  const json found = JsonOf({"chemistry", "--history", "-"}, kHeader + rows);
  EXPECT_EQ(found.at("models"), (json{"a", "c"}));
  EXPECT_EQ(found.at("rows"), 2);
  EXPECT_EQ(found.at("skipped"),
            (json{{"count", 1},
                  {"rows",
                   {{{"line", 3},
                     {"why",
                      "strategy = \"2025-07-11 12:12:55\" is a time, its columns are "
                      "shifted"}}}}}));
}

TEST(ChemistryHistoryTest, OnlyAHeaderAndOneModelAreAnswered) {
  const json nobody = JsonOf({"chemistry", "--history", "-"}, kHeader);
  EXPECT_EQ(nobody.at("models"), json::array());
  EXPECT_EQ(nobody.at("chemistry"), json::array());
  EXPECT_EQ(nobody.at("synergy"), json::array());
  EXPECT_EQ(nobody.at("rows"), 0);
  const std::string one = std::string(kHeader) + "1,a,fix,5,0.5,x,\n";
  EXPECT_EQ(JsonOf({"chemistry", "--history", "-"}, one).at("models"), json::array({"a"}));
  EXPECT_EQ(JsonOf({"rank", "--history", "-"}, one).at("ranking").size(), 1u);
  EXPECT_EQ(JsonOf({"rank", "--history", "-"}, kHeader).at("ranking").size(), 0u);
  EXPECT_EQ(JsonOf({"recommend", "--history", "-", "--size", "1"}, one).at("models"),
            json::array({"a"}));
  EXPECT_EQ(Refusal({"recommend", "--history", "-", "--size", "1"}, kHeader),
            "invalid]: size = 1, but the history has 0 models with a profile\n");
}

TEST(ChemistryHistoryTest, ByteOrderMarkAndCarriageReturnsChangeNothing) {
  const std::string plain = "trial,model,task,quality,accuracy\n1,a,fix,5,0.6\n1,b,fix,6,0.7\n";
  std::string windows = "\xEF\xBB\xBF";
  for (const char c : plain) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(JsonOf({"chemistry", "--history", "-"}, windows),
            JsonOf({"chemistry", "--history", "-"}, plain));
}

TEST(ChemistryHistoryTest, ATaskOfManyWordsHasSynergyToo) {
  std::string csv = kHeader;
  for (int trial = 0; trial < 4; ++trial) {
    for (const char* model : {"a", "b", "c"}) {
      csv += "T" + std::to_string(trial) + "," + model + "," + std::string(300, 'x') +
             ",5,0.9,same,RANDOM\n";
    }
  }
  const json report = JsonOf({"chemistry", "--history", "-"}, csv);
  EXPECT_EQ(report.at("synergy").size(), 3u);
}

TEST(ChemistryHistoryTest, AllIdenticalRowsGiveNumbersOnly) {
  std::string rows;
  for (int i = 0; i < 50; ++i) {
    for (const char* model : {"a", "b", "c"}) {
      rows += std::to_string(i) + "," + model + ",fix,5,0.75,same,RANDOM\n";
    }
  }
  for (const char* profile : {"best", "mean"}) {
    const json found =
        JsonOf({"chemistry", "--history", "-", "--profile", profile}, kHeader + rows);
    EXPECT_EQ(found.at("profile"), profile);
    for (const json& pair : found.at("chemistry")) EXPECT_TRUE(pair.at(2).is_number());
    for (const json& pair : found.at("synergy")) {
      EXPECT_EQ(pair.at(2), 0.0) << "whoever joins, the council says the same";
      EXPECT_EQ(pair.at(4), 50);
    }
  }
  for (const char* strategy : {"chemistry", "utility", "performance", "random", "single"}) {
    const json found = JsonOf(
        {"recommend", "--history", "-", "--strategy", strategy, "--size", "2"}, kHeader + rows);
    EXPECT_NEAR(found.at("expected").get<double>(), 0.5, 1e-12) << strategy;
  }
}

TEST(RecommendCommandTest, WrongSizesAndFlagsAreRefused) {
  const std::string text = std::string(kHeader) + "1,a,fix,5,0.5,x,\n1,b,fix,6,0.75,y,\n";
  const auto refused = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"recommend", "--history", "-"});
    return Refusal(flags, text);
  };
  EXPECT_EQ(refused({"--size", "3"}),
            "invalid]: size = 3, but the history has 2 models with a profile\n");
  EXPECT_EQ(refused({"--size", "0"}), "invalid]: size = 0, expected 1 or more\n");
  EXPECT_EQ(refused({"--size", "1", "--alpha", "2"}), "invalid]: alpha = 2, expected 0..1\n");
  EXPECT_EQ(refused({"--strategy", "random"}),
            "invalid]: size: missing; strategy random needs it\n");
  EXPECT_EQ(refused({"--size", "1", "--strategy", "local", "--local", "x"}),
            "invalid]: local = \"x\", expected some of a, b\n");
  EXPECT_NE(refused({"--size", "1", "--strategy", "luck"}).find("luck"), std::string::npos);
  EXPECT_NE(refused({"--size", "1", "--strategy", "utility", "--cost-max", "1"}).find("cost"),
            std::string::npos);
  EXPECT_EQ(Refusal({"rank", "--history", "-", "-k", "0"}, text),
            "invalid]: k = 0, expected 1 or more\n");
  EXPECT_EQ(Refusal({"rank", "--history", "-", "-k", "-1"}, text),
            "invalid]: k = -1, expected 1 or more\n");
}

TEST(RecommendCommandTest, TheSameSeedDrawsTheSameSet) {
  std::string rows;
  for (int i = 0; i < 30; ++i) rows += "1,m" + std::to_string(i) + ",fix,5,0.5,x,\n";
  const auto drawn = [&](const std::string& seed) {
    return JsonOf({"recommend", "--history", "-", "--strategy", "random", "--size", "5", "--seed",
                   seed},
                  kHeader + rows)
        .at("models");
  };
  EXPECT_EQ(drawn("7"), drawn("7"));
  EXPECT_NE(drawn("7"), drawn("8"));
}

TEST(ChemistryHelpTest, FlagsThatDoNotGoTogetherAreNamedAndHelpHasAnExample) {
  EXPECT_NE(Refusal({"chemistry", "--profiles", "x", "--history", "y"}).find("excludes"),
            std::string::npos);
  EXPECT_NE(Refusal({"chemistry", "--task", "fix"}).find("--task requires --history"),
            std::string::npos);
  EXPECT_EQ(Refusal({"chemistry", "--variant", "nonempty"}),
            "invalid]: variant: needs --profiles or --history; a running cluster has its own\n");
  EXPECT_NE(Refusal({"chemistry", "--profiles", ""}).find("the file has no name"),
            std::string::npos);
  for (const char* command : {"chemistry", "recommend", "rank"}) {
    const CommandResult help = RunConsilium({command, "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.out.find(std::string("Example:\n  consilium ") + command), std::string::npos);
  }
}

}  // namespace
}  // namespace consilium
