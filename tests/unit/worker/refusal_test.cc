#include "worker/refusal.h"

#include <gtest/gtest.h>

#include <string>

namespace consilium {
namespace {

TEST(RefusalTest, ShortRefusalsInProseAreSeen) {
  for (const char* text : {
           "I'm sorry, but I can't help with that.",
           "I’m sorry, but I can’t assist with that request.",
           "I cannot provide medical advice. Please see a doctor.",
           "I am unable to recommend a treatment for this patient.",
           "Sorry, I can not answer this.",
           "As an AI language model, I am not able to prescribe medication.",
           "Hello! Unfortunately, I must decline to answer.",
           "I apologize, but I won't be able to give a recommendation.",
           "<think>Should I { answer }?</think>\nI'm sorry, I can't help with that.",
       }) {
    EXPECT_TRUE(LooksLikeRefusal(text)) << text;
  }
}

TEST(RefusalTest, WhatGoesOnToRecommendIsNoRefusal) {
  for (const char* text : {
           "I can't recommend anything other than amoxicillin-clavulanate for this patient.",
           "I'm not able to find a reason to withhold: give ceftriaxone IV.",
           "I can't recommend warfarin; start apixaban.",
           "I cannot recommend metformin. Instead, insulin glargine.",
           "I can't give metoprolol; use diltiazem.",
           "I can only recommend amoxicillin.",
           "I'm not comfortable with anything except vancomycin.",
           "I can't recommend an ACE inhibitor here. Prescribe labetalol.",
           "I can't recommend surgery yet; administer piperacillin-tazobactam.",
           "I'm unable to fault amoxicillin: continue it.",
           "<think>I can't help with that, so",
       }) {
    EXPECT_FALSE(LooksLikeRefusal(text)) << text;
  }
  EXPECT_TRUE(LooksLikeRefusal("I won't be able to give a recommendation."));
  EXPECT_TRUE(LooksLikeRefusal("I'm not able to prescribe for patients."));
}

TEST(RefusalTest, AnswersAreNotRefusals) {
  for (const char* text : {
           "",
           "Amoxicillin 500 mg",
           "The patient should not get metoprolol. I can't recommend it.",
           "I'm sorry to hear that the patient is ill. Amoxicillin.",
           "I'm not able to examine the patient, but I would give amoxicillin.",
           "I can't recommend warfarin; apixaban 5 mg is the first-line choice.",
           "I cannot help with that. {\"medications\": []}",
           "I can't helpfully",
           "Es tut mir leid, dabei kann ich nicht helfen.",
       }) {
    EXPECT_FALSE(LooksLikeRefusal(text)) << text;
  }
  EXPECT_FALSE(LooksLikeRefusal("I can't help. " + std::string(600, 'x'))) << "long";
}

}  // namespace
}  // namespace consilium
