// `consilium eval --report`: the page as a file that is sent around.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "shared/file.h"
#include "shared/ids.h"
#include "tests/support/cluster_process.h"
#include "tests/support/xml_check.h"

namespace consilium {
namespace {

struct Given {
  std::vector<std::string> models;
  int questions = 120;
  double skill = 0.75;
  bool latencies = true;
};

std::string Matrix(const Given& given) {
  SeededRandom random(7, "page");
  std::string text = "dataset,item,gold";
  for (const std::string& model : given.models) text += "," + model;
  for (const std::string& model : given.models) {
    if (given.latencies) text += ",latency_s:" + model;
  }
  for (int i = 0; i < given.questions; ++i) {
    const auto gold = random.Below(4);
    text += "\nset,q" + std::to_string(i) + "," + static_cast<char>('A' + gold);
    for (std::size_t m = 0; m < given.models.size(); ++m) {
      const bool right = random.Unit() < given.skill;
      const auto wrong = (gold + 1 + random.Below(3)) % 4;
      text += std::string(",") + static_cast<char>('A' + (right ? gold : wrong));
    }
    for (std::size_t m = 0; m < given.models.size(); ++m) {
      if (given.latencies) text += "," + std::to_string(random.Below(20));
    }
  }
  return text + "\n";
}

class Page {
 public:
  // Of the matrix as it is written to a file of this name.
  explicit Page(const std::string& matrix, const std::string& name = "m.csv",
                const std::vector<std::string>& more = {}) {
    const TestFolder folder;
    std::vector<std::string> arguments = {
        "eval", "--matrix", folder.Write(name, matrix), "--repeats",
        "1",    "--report", folder.File("page.html")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    RunningCommand command("consilium", arguments);
    const CommandResult result = command.Wait(std::chrono::seconds(60));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    struct stat found {};
    EXPECT_NE(::stat(folder.File("page.html.part").c_str(), &found), 0);
    const auto read = ReadFile(folder.File("page.html"), 16 << 20);
    EXPECT_TRUE(read.ok());
    if (!read.ok()) return;
    text = *read;
    // The folder has another name each time.
    for (std::size_t at; (at = text.find(folder.path())) != std::string::npos;) {
      text.erase(at, folder.path().size());
    }
    const auto parsed = ReadXml(text);
    EXPECT_TRUE(parsed.ok()) << parsed.error().text;
    if (parsed.ok()) root = *parsed;
  }

  // Pictures by the heading of their section: each is there for wide and for narrow screens.
  std::vector<std::string> Pictures() const {
    std::vector<std::string> headings;
    for (const XmlElement* section : Named(root, "section")) {
      const auto pictures = Named(*section, "svg");
      if (pictures.empty()) continue;
      EXPECT_EQ(pictures.size(), 2u);
      headings.push_back(Named(*section, "h2").at(0)->text);
    }
    return headings;
  }

  std::string text;
  XmlElement root;
};

// Nothing is fetched, nothing runs.
void ExpectSelfContained(std::string text) {
  const std::string name_space = "xmlns=\"http://www.w3.org/2000/svg\"";  // a name, no address
  for (std::size_t at; (at = text.find(name_space)) != std::string::npos;) {
    text.erase(at, name_space.size());
  }
  for (const char* part : {"http://", "https://", "src=", "@import", "<script", "<iframe",
                           "<object", "<embed", "javascript:", " onload", " onclick"}) {
    EXPECT_EQ(text.find(part), std::string::npos) << part;
  }
  for (std::size_t at = 0; (at = text.find("url(", at)) != std::string::npos; ++at) {
    EXPECT_EQ(text.compare(at, 9, "url(data:"), 0);
  }
  for (std::size_t at = 0; (at = text.find("href=\"", at)) != std::string::npos; ++at) {
    EXPECT_TRUE(text.compare(at + 6, 5, "data:") == 0 || text[at + 6] == '#') << at;
  }
  EXPECT_EQ(text.find(">nan"), std::string::npos);
  EXPECT_EQ(text.find("\"nan"), std::string::npos);
}

const std::vector<std::string> kPlain = {"Policies", "Against the best single model",
                                         "Risk and coverage",
                                         "Does the confidence mean what it says?"};

std::vector<std::string> And(std::vector<std::string> pictures,
                             const std::vector<std::string>& more) {
  pictures.insert(pictures.end(), more.begin(), more.end());
  return pictures;
}

TEST(EvalReportTest, EveryPictureIsThereAndNothingIsFetched) {
  const Page page(Matrix({{"a", "b", "c"}}));
  EXPECT_EQ(page.Pictures(), And(kPlain, {"Accuracy and latency", "At a deadline", "Chemistry"}));
  ExpectSelfContained(page.text);
}

TEST(EvalReportTest, TheSameSeedGivesTheSameBytesAndAnotherOneOthers) {
  const std::string matrix = Matrix({{"a", "b", "c"}});
  const Page first(matrix);
  EXPECT_TRUE(Page(matrix).text == first.text);
  EXPECT_FALSE(Page(matrix, "m.csv", {"--seed", "2"}).text == first.text);
}

TEST(EvalReportTest, CostsAreDrawnWhereTheyAreKnown) {
  const TestFolder folder;
  std::string vignettes, answers;
  for (int i = 0; i < 60; ++i) {
    const std::string id = "\"v" + std::to_string(i) + "\"";
    vignettes += "{\"id\":" + id + ",\"options\":{\"A\":\"\",\"B\":\"\"},\"gold_option\":\"A\"}\n";
    for (const std::string model : {"a", "b"}) {
      answers += "{\"vignette\":" + id + ",\"model\":\"" + model + "\",\"option\":\"" +
                 (i % 7 == 0 ? "B" : "A") + "\",\"prompt_tokens\":100,\"completion_tokens\":50}\n";
    }
  }
  const std::string page = folder.File("page.html");
  RunningCommand command(
      "consilium",
      {"eval", "--vignettes", folder.Write("v", vignettes), "--answers", folder.Write("a", answers),
       "--models",
       folder.Write("m",
                    "model,usd_per_million_prompt,usd_per_million_completion,placement\n"
                    "a,1,2,local\nb,10,20,remote\n"),
       "--report", page});
  const CommandResult result = command.Wait(std::chrono::seconds(60));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string text = ReadFile(page, 16 << 20).value();
  const auto root = ReadXml(text);
  ASSERT_TRUE(root.ok()) << root.error().text;
  EXPECT_NE(text.find("<h2>Accuracy and cost</h2>"), std::string::npos);
  EXPECT_NE(text.find("local"), std::string::npos);
  ExpectSelfContained(text);
}

TEST(EvalReportTest, FewModelsFewCasesAndOneSidedAnswersHaveAPage) {
  const struct {
    const char* name;
    Given given;
    std::vector<std::string> pictures;
  } pages[] = {
      {"two models",
       {{"a", "b"}},
       And(kPlain, {"Accuracy and latency", "At a deadline", "Chemistry"})},
      {"one model", {{"a"}}, And(kPlain, {"Accuracy and latency", "At a deadline", "Chemistry"})},
      {"no latencies", {{"a", "b", "c"}, 120, 0.75, false}, And(kPlain, {"Chemistry"})},
      {"all right", {{"a", "b", "c"}, 120, 1.0, false}, And(kPlain, {"Chemistry"})},
      {"all wrong", {{"a", "b", "c"}, 120, 0.0, false}, And(kPlain, {"Chemistry"})},
      {"too few cases to state a confidence from",
       {{"a", "b", "c"}, 20, 0.75, false},
       And(kPlain, {"Chemistry"})},
  };
  for (const auto& one : pages) {
    SCOPED_TRACE(one.name);
    const Page page(Matrix(one.given));
    EXPECT_EQ(page.Pictures(), one.pictures);
    ExpectSelfContained(page.text);
  }
}

TEST(EvalReportTest, LongNamesAndAHostileFileNameStayText) {
  const std::string longest(128, 'x');
  const Page page(Matrix({{"org/model:70b@2025+instruct-v1", longest, "..//::@@"}}),
                  "<b>&\"m' \xC3\xA9\xE6\x96\x87 \xFF<script>alert(1)<");
  EXPECT_NE(page.text.find(longest), std::string::npos);
  EXPECT_NE(page.text.find("&lt;b&gt;&amp;&quot;m&#39; \xC3\xA9\xE6\x96\x87"), std::string::npos);
  EXPECT_TRUE(Named(page.root, "b").empty());
  ExpectSelfContained(page.text);
}

}  // namespace
}  // namespace consilium
