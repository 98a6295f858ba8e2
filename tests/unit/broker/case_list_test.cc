#include "broker/case_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace consilium {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CaseSlice::Seen Seen(std::int64_t ms, const std::string& id, CaseState state = CaseState::kComplete,
                     const std::string& source = "", const std::string& kind = "medication") {
  CaseSummary summary;
  summary.id = id;
  summary.state = state;
  summary.source = source;
  summary.kind = kind;
  summary.accepted_ms = ms;
  return {{ms, id}, summary};
}
CaseSlice::Seen Expired(std::int64_t ms, const std::string& id) { return {{ms, id}, std::nullopt}; }

CaseSlice Slice(std::vector<CaseSlice::Seen> seen, bool end = false) {
  return {std::move(seen), end};
}

CaseListRequest AtMost(std::int64_t max) {
  CaseListRequest request;
  request.max = max;
  return request;
}

std::vector<std::string> IdsOf(const CaseListReply& reply) {
  std::vector<std::string> ids;
  for (const CaseSummary& item : reply.items) ids.push_back(item.id);
  return ids;
}

TEST(ReadCasePlacesTest, OnePlaceIsThatOfEveryShard) {
  EXPECT_THAT(*ReadCasePlaces("", 2), ElementsAre(std::nullopt, std::nullopt));
  EXPECT_THAT(*ReadCasePlaces("17:a:b", 2),
              ElementsAre(CasePlace{17, "a:b"}, CasePlace{17, "a:b"}));
  EXPECT_THAT(*ReadCasePlaces("17:a,,9:b", 3),
              ElementsAre(CasePlace{17, "a"}, std::nullopt, CasePlace{9, "b"}));
}

TEST(ReadCasePlacesTest, RefusesWhatIsNoCursorOfSoManyShards) {
  for (const char* text : {"17", "17:", ":a", "-1:a", "17:a b", "x:a", "17:a,9:b", "17:a,9:b,8:c,",
                           "$", "17:a,9:b,8:c,7:d", "99999999999999999999:a", ",,,"}) {
    EXPECT_EQ(ReadCasePlaces(text, 3).error(),
              Invalid("after = \"" + std::string(text) +
                      "\", expected \"\" or a cursor of an earlier reply"));
  }
}

TEST(MergeCasesTest, TheNewestOfAllShardsComesFirstAndEqualTimesById) {
  const CaseListReply reply = MergeCases(
      AtMost(10), CasePlaces(2),
      {Slice({Seen(9, "d"), Seen(5, "b")}, true), Slice({Seen(9, "e"), Seen(5, "a")}, true)});
  EXPECT_THAT(IdsOf(reply), ElementsAre("e", "d", "b", "a"));
  EXPECT_EQ(reply.cursor, "5:a");
  EXPECT_TRUE(reply.end);
  EXPECT_FALSE(reply.partly);
}

TEST(MergeCasesTest, GoesOnInEveryShardAfterTheLastOneThatWasTaken) {
  const CaseListReply reply = MergeCases(
      AtMost(2), CasePlaces(2), {Slice({Seen(9, "d"), Seen(8, "c")}), Slice({Seen(5, "a")}, true)});
  EXPECT_THAT(IdsOf(reply), ElementsAre("d", "c"));
  EXPECT_EQ(reply.cursor, "8:c") << "also where nothing was taken: what comes there is newer";
  EXPECT_FALSE(reply.end);
}

TEST(MergeCasesTest, TheFiltersLeaveOutButTheirCasesWereLookedAt) {
  CaseListRequest request = AtMost(4);
  request.state = CaseState::kFailed;
  request.source = "hl7";
  request.kind = "medication";
  const CaseListReply reply = MergeCases(
      request, CasePlaces(1),
      {Slice({Seen(9, "e", CaseState::kFailed, "hl7"), Seen(8, "d", CaseState::kComplete, "hl7"),
              Seen(7, "c", CaseState::kFailed, "hl7x"),
              Seen(6, "b", CaseState::kFailed, "hl7", "x")})});
  EXPECT_THAT(IdsOf(reply), ElementsAre("e"));
  EXPECT_EQ(reply.cursor, "6:b");
  EXPECT_FALSE(reply.end) << "as many as asked for were looked at";
}

TEST(MergeCasesTest, ASourceIsMeantWithAllWhoComeThatWay) {
  const auto from = [](const std::string& source) {
    CaseListRequest request = AtMost(8);
    request.source = source;
    return IdsOf(MergeCases(
        request, CasePlaces(1),
        {Slice(
            {Seen(9, "g", CaseState::kFailed, "fhir https://ehr/out"),
             Seen(9, "f", CaseState::kFailed, "http:ehr"), Seen(9, "e", CaseState::kFailed, "http"),
             Seen(9, "d", CaseState::kFailed, "hl7 WARD|HIS"),
             Seen(8, "c", CaseState::kFailed, "hl7 WARD|X"),
             Seen(7, "b", CaseState::kFailed, "hl7"), Seen(6, "a", CaseState::kFailed, "hl70")})}));
  };
  EXPECT_THAT(from("hl7"), ElementsAre("d", "c", "b"));
  EXPECT_THAT(from("hl7 WARD|HIS"), ElementsAre("d"));
  EXPECT_THAT(from("hl7 WARD"), IsEmpty());
  EXPECT_THAT(from("hl"), IsEmpty());
  EXPECT_THAT(from("http"), ElementsAre("f", "e"));
  EXPECT_THAT(from("http:ehr"), ElementsAre("f"));
  EXPECT_THAT(from("fhir https"), IsEmpty()) << "a kind is one word";
}

TEST(MergeCasesTest, TheExpiredAreLookedAtAndNotListed) {
  const CaseListReply reply =
      MergeCases(AtMost(2), CasePlaces(1), {Slice({Expired(9, "e"), Expired(8, "d")})});
  EXPECT_THAT(reply.items, IsEmpty());
  EXPECT_EQ(reply.cursor, "8:d");
  EXPECT_FALSE(reply.end);
}

TEST(MergeCasesTest, AShardThatDoesNotAnswerKeepsItsPlaceAndComesLater) {
  const CaseListReply first =
      MergeCases(AtMost(2), CasePlaces(2), {Slice({Seen(9, "e"), Seen(7, "c")}), std::nullopt});
  EXPECT_THAT(IdsOf(first), ElementsAre("e", "c"));
  EXPECT_TRUE(first.partly);
  EXPECT_EQ(first.cursor, "7:c,");

  // It is there again: first what it missed, and the other one stays where it is meanwhile.
  const auto places = ReadCasePlaces(first.cursor, 2);
  const CaseListReply second =
      MergeCases(AtMost(2), *places,
                 {Slice({Seen(6, "b"), Seen(5, "a")}, true), Slice({Seen(9, "d"), Seen(8, "x")})});
  EXPECT_THAT(IdsOf(second), ElementsAre("d", "x"));
  EXPECT_FALSE(second.partly);
  EXPECT_EQ(second.cursor, "7:c,8:x");
  const CaseListReply third =
      MergeCases(AtMost(3), *ReadCasePlaces(second.cursor, 2),
                 {Slice({Seen(6, "b"), Seen(5, "a")}, true), Slice({}, true)});
  EXPECT_THAT(IdsOf(third), ElementsAre("b", "a"));
  EXPECT_EQ(third.cursor, "5:a");
  EXPECT_TRUE(third.end);
}

TEST(MergeCasesTest, WithoutAnyCaseTheCursorStays) {
  const CaseListReply none = MergeCases(AtMost(2), CasePlaces(2), {Slice({}, true), std::nullopt});
  EXPECT_EQ(none.cursor, "");
  EXPECT_TRUE(none.end);
  EXPECT_TRUE(none.partly);
}

}  // namespace
}  // namespace consilium
