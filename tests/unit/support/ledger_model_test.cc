#include "tests/support/ledger_model.h"

#include <gtest/gtest.h>

namespace consilium {
namespace {

ExpectedEnd Follow(const std::vector<Fault>& faults) {
  std::vector<FaultEntry> entries;
  for (const Fault fault : faults) {
    FaultEntry entry;
    entry.fault = fault;
    entries.push_back(entry);
  }
  return FollowLedger(entries, 3);
}

TEST(LedgerModelTest, UsableReplyEndsTheTask) {
  const ExpectedEnd end = Follow({Fault::kNone});
  EXPECT_EQ(end.problem, "");
  EXPECT_EQ(end.line, "ok");
  EXPECT_EQ(end.requests, 1);
  EXPECT_FALSE(end.dead);
}

TEST(LedgerModelTest, FailuresAreTriedAgainUntilTheAttemptsAreUsedUp) {
  EXPECT_EQ(Follow({Fault::kHttp500, Fault::kCut, Fault::kNone}).line, "ok");
  EXPECT_EQ(Follow({Fault::kHttp500, Fault::kCut, Fault::kNone}).retries, 2);
  const ExpectedEnd dead = Follow({Fault::kHttp500, Fault::kCut, Fault::kStall});
  EXPECT_EQ(dead.line, "timed_out stalled");
  EXPECT_TRUE(dead.dead);
  EXPECT_EQ(dead.retries, 2);
}

TEST(LedgerModelTest, UnusableReplyIsQuestionedOnceInEachAttempt) {
  const ExpectedEnd good = Follow({Fault::kSchemaIgnored, Fault::kNone});
  EXPECT_EQ(good.line, "ok");
  EXPECT_EQ(good.requests, 2);
  EXPECT_EQ(good.retries, 0);
  EXPECT_EQ(Follow({Fault::kSchemaIgnored, Fault::kTruncated}).line, "malformed truncated");
  EXPECT_FALSE(Follow({Fault::kSchemaIgnored, Fault::kTruncated}).dead);
  const ExpectedEnd again =
      Follow({Fault::kTruncated, Fault::kHttp500, Fault::kTruncated, Fault::kNone});
  EXPECT_EQ(again.line, "ok");
  EXPECT_EQ(again.retries, 1);
  EXPECT_EQ(again.requests, 2);
}

TEST(LedgerModelTest, WhatCannotBeOneTaskIsSaid) {
  EXPECT_EQ(Follow({}).problem, "no request");
  EXPECT_EQ(Follow({Fault::kHttp500}).problem, "no attempt followed error http_500");
  EXPECT_EQ(Follow({Fault::kTruncated}).problem, "an unusable reply was not questioned");
  EXPECT_EQ(Follow({Fault::kNone, Fault::kNone}).problem, "1 requests after the end: ok");
  EXPECT_EQ(Follow({Fault::kRefused, Fault::kNone}).problem,
            "1 requests after the end: refused refusal");
}

}  // namespace
}  // namespace consilium
