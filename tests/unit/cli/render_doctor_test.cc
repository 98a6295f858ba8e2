#include "cli/render_doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace consilium {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Look kPlain{false, 80};

CheckedModel Model(const std::string& name, Finding finding, const std::string& text) {
  CheckedModel model;
  model.finding = finding;
  model.text = text;
  model.advice = finding == Finding::kOk ? "" : "mend it";
  model.report.model = name;
  model.report.model_served = name + "-2026";
  if (finding == Finding::kProblem) model.report.code = "unauthorised";
  model.report.status = finding == Finding::kProblem ? "error" : kCheckOk;
  model.report.latency_ms = 1234;
  model.report.parameters.structured = "schema";
  model.report.parameters.repaired = finding == Finding::kNote;
  model.report.usage = {812, 64, std::nullopt};
  return model;
}

Diagnosis Mixed() {
  Diagnosis diagnosis;
  diagnosis.file = "c.toml";
  diagnosis.checks = {
      {Finding::kOk, "redis", "version 7", ""},
      {Finding::kProblem, "redis appendfsync", "found no, expected always", "set it"},
      {Finding::kNote, "broker", "no cluster runs", "start one"}};
  diagnosis.models = {Model("a", Finding::kOk, "a-2026"),
                      Model("b", Finding::kNote, "the first reply was asked again"),
                      Model("c", Finding::kProblem, "unauthorised: HTTP 401")};
  diagnosis.models[0].report.usage.cost_usd = 0.00123;
  return diagnosis;
}

TEST(RenderDiagnosisTest, OneLinePerCheckThenWhatToDo) {
  EXPECT_EQ(RenderDiagnosis(Mixed(), kPlain),
            "  result   checked            found\n"
            "  ok       redis              version 7\n"
            "  PROBLEM  redis appendfsync  found no, expected always\n"
            "  note     broker             no cluster runs\n"
            "\nModels\n"
            "  result   model  level     took  tokens      USD  served as\n"
            "  ok       a      schema   1.2 s  812+64  0.00123  a-2026\n"
            "  note     b      schema*  1.2 s  812+64  unknown  b-2026\n"
            "  PROBLEM  c      -        1.2 s  812+64        -  unauthorised\n"
            "\nWhat to do\n"
            "  1. redis appendfsync: found no, expected always\n"
            "     -> set it\n"
            "  2. c: unauthorised: HTTP 401\n"
            "     -> mend it\n"
            "  3. broker: no cluster runs\n"
            "     -> start one\n"
            "  4. b: the first reply was asked again\n"
            "     -> mend it\n"
            "\n2 problems, 2 notes\n");
}

TEST(RenderDiagnosisTest, NothingToDoIsNotSaid) {
  Diagnosis diagnosis;
  diagnosis.checks = {{Finding::kOk, "redis", "version 7", ""}};
  EXPECT_EQ(RenderDiagnosis(diagnosis, kPlain),
            "  result  checked  found\n"
            "  ok      redis    version 7\n"
            "\nno problems, no notes\n");
}

TEST(RenderDiagnosisTest, LongNamesAndTextsStayInEightyColumns) {
  Diagnosis diagnosis = Mixed();
  for (CheckedModel& model : diagnosis.models) {
    model.report.model = std::string(128, 'x') + model.report.model;
    model.text = std::string(300, 'y');
    model.report.model_served = std::string(128, 'y');
    model.advice = "set " + std::string(200, 'z');
  }
  for (Checked& check : diagnosis.checks) check.text = std::string(300, 'w');
  std::istringstream lines(RenderDiagnosis(diagnosis, kPlain));
  bool cut = false;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(DisplayWidth(line), 80u) << line;
    cut = cut || line.find("xx..") != line.npos;
  }
  EXPECT_TRUE(cut);
}

TEST(RenderDiagnosisTest, ColoursOnlyWhereTheyAreAskedFor) {
  EXPECT_THAT(RenderDiagnosis(Mixed(), kPlain), Not(HasSubstr("\x1b")));
  const std::string coloured = RenderDiagnosis(Mixed(), {true, 80});
  EXPECT_THAT(coloured, HasSubstr("  \x1b[31mPROBLEM\x1b[0m  redis appendfsync"));
  EXPECT_THAT(coloured, HasSubstr("  \x1b[32mok\x1b[0m       redis"));
  EXPECT_THAT(coloured, HasSubstr("  \x1b[33mnote\x1b[0m     broker"));
}

TEST(RenderDiagnosisTest, ControlSequencesOfAServerDoNotReachTheTerminal) {
  Diagnosis diagnosis;
  diagnosis.models = {Model("a", Finding::kProblem, "no\x1b[2Jthing\n at all")};
  diagnosis.models[0].report.code = "co\x1b[2Jde";
  EXPECT_THAT(RenderDiagnosis(diagnosis, kPlain), Not(HasSubstr("\x1b")));
}

TEST(DiagnosisToJsonTest, IsOneObjectWithEverything) {
  const auto json = nlohmann::json::parse(DiagnosisToJson(Mixed()));
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["file"], "c.toml");
  EXPECT_EQ(json["problems"], 2);
  EXPECT_EQ(json["notes"], 2);
  EXPECT_EQ(json["checks"][1]["result"], "problem");
  EXPECT_EQ(json["checks"][1]["advice"], "set it");
  EXPECT_EQ(json["backends"][0]["result"], "ok");
  EXPECT_EQ(json["backends"][0]["usage"]["prompt_tokens"], 812);
  EXPECT_TRUE(json["backends"][1]["usage"]["cost_usd"].is_null());
  EXPECT_EQ(json["what_to_do"].size(), 4u);
}

}  // namespace
}  // namespace consilium
