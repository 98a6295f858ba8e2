#include "broker/outcome_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "shared/limits.h"

namespace consilium {
namespace {

Outcome Good() {
  Outcome outcome;
  outcome.status = OutcomeStatus::kOk;
  outcome.answer.emplace();
  outcome.latency_ms = 12;
  return outcome;
}

TEST(SanitisedTest, AGoodOutcomeStaysAsItIs) {
  EXPECT_EQ(Sanitised(Stage::kGenerate, Good()).status, OutcomeStatus::kOk);
  EXPECT_TRUE(Sanitised(Stage::kGenerate, Good()).answer.has_value());
  Outcome review = Good();
  review.grades.push_back({"A", 1.0, "", false});
  const Outcome kept = Sanitised(Stage::kReview, review);
  EXPECT_EQ(kept.status, OutcomeStatus::kOk);
  EXPECT_EQ(kept.grades.size(), 1U);
  EXPECT_FALSE(kept.answer.has_value());
}

TEST(SanitisedTest, OkWithoutWhatTheStageAsksForIsMalformed) {
  Outcome outcome = Good();
  outcome.answer.reset();
  outcome = Sanitised(Stage::kGenerate, outcome);
  EXPECT_EQ(outcome.status, OutcomeStatus::kMalformed);
  EXPECT_EQ(outcome.code, "bad_result");
  EXPECT_EQ(outcome.text, "ok without an answer");
  EXPECT_FALSE(outcome.retryable) << "who sent it decides about another attempt";

  EXPECT_EQ(Sanitised(Stage::kReview, Good()).text, "ok without a grade");
  Outcome many = Good();
  many.answer->medications.resize(65);
  EXPECT_EQ(Sanitised(Stage::kGenerate, many).text,
            "answer with 65 medications, expected at most 64");
  for (const double grade : {-0.1, 1.1, std::nan("")}) {
    Outcome review = Good();
    review.grades.push_back({"A", grade, "", false});
    review = Sanitised(Stage::kReview, review);
    EXPECT_EQ(review.text, "grade outside 0..1");
    EXPECT_TRUE(review.grades.empty());
  }
}

TEST(SanitisedTest, AFailureCarriesNoAnswerAndABoundedText) {
  Outcome outcome = Good();
  outcome.status = OutcomeStatus::kError;
  outcome.text = std::string(limits::kTaskTextBytesMax - 1, 'x') + "\xC3\xA4";
  outcome.latency_ms = std::nan("");
  outcome = Sanitised(Stage::kGenerate, outcome);
  EXPECT_FALSE(outcome.answer.has_value());
  EXPECT_EQ(outcome.text, std::string(limits::kTaskTextBytesMax - 1, 'x'));
  EXPECT_EQ(outcome.latency_ms, 0);
}

}  // namespace
}  // namespace consilium
