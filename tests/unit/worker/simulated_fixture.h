// One case that simulated models know, and questions about it; every other id asks it too.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/unit/worker/temp_file.h"
#include "worker/simulated.h"

namespace consilium {

inline constexpr char kCase[] =
    R"({"id":"c1","specialty":"cardiology","text":"Chest pain.","gold_medications":["Aspirin"],
"acceptable":[["clopidogrel"]],"must_not":["sildenafil"],
"distractors":[["ibuprofen"],["sildenafil"],["heparin","ibuprofen"]],
"regimen":{"dose":"300","unit":"mg","route":"oral","frequency":"once","duration":"","indication":"ACS"},
"rationale":"Platelets.","cautions":"Bleeding."})";

inline std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text + "\n";
}

class SimulatedTest : public testing::Test {
 protected:
  SimulatedTest() {
    config.model = "sim-a";
    config.provider = "simulated";
    config.stall_ms = 30000;
    config.simulated.knowledge = knowledge.path();
    config.simulated.skill = {{"default", 1.0}};
    config.simulated.latency_ms_median = 0;
    config.simulated.grading_noise = 0;
    config.simulated.seed = 7;
  }
  SimulatedModel Load() {
    Result<SimulatedModel> model = SimulatedModel::Load(config, warnings);
    EXPECT_TRUE(model) << model.error().text;
    return std::move(*model);
  }
  std::string LoadError() {
    const Result<SimulatedModel> model = SimulatedModel::Load(config, warnings);
    return model ? "ok" : model.error().text;
  }
  static BackendCall Ask(const std::string& id, std::int64_t fence = 1) {
    BackendCall call;
    call.task = {id, Stage::kGenerate, 1, "sim-a"};
    call.fence = fence;
    // By its text every id is this case.
    call.vignette.text = "Chest pain.";
    return call;
  }
  static BackendCall Review(const std::string& id,
                            const std::vector<std::vector<std::string>>& answers) {
    BackendCall call = Ask(id);
    call.task.stage = Stage::kReview;
    call.review.emplace();
    for (const auto& ingredients : answers) {
      LabelledAnswer shown;
      shown.label = std::string(1, static_cast<char>('A' + call.review->answers.size()));
      for (const std::string& ingredient : ingredients) {
        shown.answer.medications.push_back({ingredient, "", "", "", "", "", ""});
      }
      call.review->answers.push_back(shown);
    }
    return call;
  }
  static std::vector<double> GradesOf(const PlannedOutcome& planned) {
    std::vector<double> grades;
    for (const Grade& grade : planned.outcome.grades) grades.push_back(grade.grade);
    return grades;
  }

  TempFile knowledge{OneLine(kCase)};
  BackendConfig config;
  std::vector<std::string> warnings;
};

}  // namespace consilium
