#include "gateway/case_json.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(CaseJsonTest, ACaseWithoutAnIdGetsTheOneThatIsOffered) {
  const auto read = ReadCaseJson(R"( {"text":"A cough.","patient":{"age":40}} )", "http-1");
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_EQ(read->id, "http-1");
  EXPECT_EQ(read->vignette.text, "A cough.");
  EXPECT_EQ(read->vignette.patient.age, 40);
  const auto own = ReadCaseJson(R"({"id":"mine","text":"A cough."})", "http-1");
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(own->id, "mine");
}

TEST(CaseJsonTest, WhatIsNotKnownIsRefusedSinceItWouldBeLost) {
  EXPECT_EQ(ReadCaseJson(R"({"text":"a","source":"x"})", "i").error().text,
            "source: unknown field, expected one of id, text, question, options, patient, kind, "
            "deadline_s, strategy, ensemble_size, models, gold_medications");
  EXPECT_EQ(ReadCaseJson(R"({"text":"a","patient":{"alergies":[]}})", "i").error().text,
            "patient.alergies: unknown field, expected one of age, sex, allergies, medications, "
            "pregnant, egfr, weight_kg");
  EXPECT_EQ(ReadCaseJson("{}", "i").error().text, "text: missing");
  EXPECT_EQ(ReadCaseJson(R"({"id":"..","text":"a"})", "i").error().text,
            "id = \"..\", expected another one than . and ..");
  EXPECT_TRUE(ReadCaseJson(R"({"id":"a..","text":"a"})", "i").ok());
  EXPECT_EQ(ReadCaseJson("[1]", "i").error().text, "expected a JSON object");
  EXPECT_FALSE(ReadCaseJson("", "i").ok());
}

TEST(CaseJsonTest, AnIdempotencyKeyIsTheSameIdForTheSameClientOnly) {
  const auto first = IdFromKey("abc", "amy");
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->size(), 5u + 24u);
  EXPECT_EQ(*IdFromKey("abc", "amy"), *first);
  EXPECT_NE(*IdFromKey("abc", "bob"), *first);
  EXPECT_NE(*IdFromKey("abd", "amy"), *first);
  for (const std::string& bad :
       {std::string(), std::string("a b"), std::string("\xc3\xa4"), std::string(256, 'x')}) {
    EXPECT_EQ(IdFromKey(bad, "amy").error().text,
              "Idempotency-Key: expected 1..255 printable ASCII characters without spaces");
  }
}

}  // namespace
}  // namespace consilium
