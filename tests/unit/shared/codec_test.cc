#include "shared/codec.h"

#include <gtest/gtest.h>

#include <limits>

#include "shared/limits.h"
#include "shared/messages.h"

namespace consilium {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace)

std::string WhyNot(const std::string& json) { return FromJson<CaseRequest>(json).error().text; }
std::string WhyNotPacked(const std::string& bytes) {
  return Unpack<std::vector<std::string>>(bytes).error().text;
}
// MessagePack written by hand: a list with one more thing in it, `depth` times.
std::string Nested(std::size_t depth) { return std::string(depth, '\x91') + "\xA1x"; }

CaseRequest FullCase() {
  CaseRequest request;
  request.id = "c-1";
  request.vignette.text = "A 57-year-old with \"fever\".\nNo allergies.";
  request.vignette.question = "Which drug?";
  request.vignette.options = {{"A", "amoxicillin"}, {"B", "none"}};
  request.vignette.patient.age = 57.5;
  request.vignette.patient.sex = "female";
  request.vignette.patient.allergies = {"penicillin"};
  request.vignette.patient.medications = {"warfarin", "metformin"};
  request.vignette.patient.pregnant = false;
  request.vignette.patient.egfr = 45;
  request.vignette.patient.weight_kg = 71.25;
  request.source = "cli";
  request.kind = "medication";
  request.deadline_s = 30;
  request.strategy = "named";
  request.ensemble_size = 2;
  request.models = {"a", "b"};
  request.gold_medications = {"doxycycline"};
  return request;
}

TEST(JsonCaseTest, IsFlatAndInTheOrderPeopleReadIt) {
  EXPECT_EQ(
      ToJson(FullCase()),
      R"({"id":"c-1","text":"A 57-year-old with \"fever\".\nNo allergies.",)"
      R"("question":"Which drug?","options":{"A":"amoxicillin","B":"none"},)"
      R"("patient":{"age":57.5,"sex":"female","allergies":["penicillin"],)"
      R"("medications":["warfarin","metformin"],"pregnant":false,"egfr":45.0,)"
      R"("weight_kg":71.25},"source":"cli","kind":"medication","deadline_s":30.0,"strategy":"named",)"
      R"("ensemble_size":2,"models":["a","b"],"gold_medications":["doxycycline"]})");
  EXPECT_EQ(ToJson(FromJson<CaseRequest>(ToJson(FullCase(), 2)).value()), ToJson(FullCase()));
}

TEST(JsonCaseTest, NeedsOnlyItsText) {
  const CaseRequest request = FromJson<CaseRequest>(R"({"text": "fever"})").value();
  EXPECT_EQ(request.vignette.text, "fever");
  EXPECT_EQ(request.id, "");
  EXPECT_FALSE(request.deadline_s);
  EXPECT_FALSE(request.gold_medications);
  EXPECT_EQ(WhyNot("{}"), "text: missing");
}

TEST(JsonCaseTest, AnEmptyGoldListIsKnownAndNullIsNot) {
  EXPECT_TRUE(FromJson<CaseRequest>(R"({"text":"x","gold_medications":[]})")->gold_medications);
  EXPECT_FALSE(FromJson<CaseRequest>(R"({"text":"x","gold_medications":null})")->gold_medications);
}

TEST(JsonCaseTest, IgnoresFieldsItDoesNotKnow) {
  EXPECT_TRUE(FromJson<CaseRequest>(R"({"text":"x","newer":{"a":[1]},"patient":{"bmi":3}})"));
}

TEST(JsonCaseTest, WrongFieldsAreNamedWithValueAndWhatIsAllowed) {
  EXPECT_EQ(WhyNot(R"({"text":5})"), "text = 5, expected a string");
  EXPECT_EQ(WhyNot(R"({"text":null})"), "text = null, expected a string");
  EXPECT_EQ(WhyNot(R"({"text":"x","deadline_s":"x"})"), "deadline_s = \"x\", expected a number");
  EXPECT_EQ(WhyNot(R"({"text":"x","patient":{"allergies":["a",4]}})"),
            "patient.allergies[1] = 4, expected a string");
  EXPECT_EQ(WhyNot(R"({"text":"x","patient":{"pregnant":"no"}})"),
            "patient.pregnant = \"no\", expected true or false");
  EXPECT_EQ(WhyNot(R"({"text":"x","options":{"A":[]}})"), "options.A = a list, expected a string");
  EXPECT_EQ(WhyNot(R"({"text":"x","options":["A"]})"), "options = a list, expected a map");
  EXPECT_EQ(WhyNot(R"({"text":"x","models":"a"})"), "models = \"a\", expected a list");
  EXPECT_EQ(WhyNot("[]"), "body = a list, expected a map");
}

TEST(JsonCaseTest, LongValuesAreNotRepeatedInErrors) {
  EXPECT_EQ(WhyNot(R"({"text":"x","deadline_s":")" + std::string(40, 'p') + "\"}"),
            "deadline_s = a string of 40 bytes, expected a number");
}

TEST(JsonNumberTest, WholeNumbersAcceptIntegralDoublesAndNothingLossy) {
  const auto size = [](const std::string& number) {
    return FromJson<CaseRequest>(R"({"text":"x","ensemble_size":)" + number + "}");
  };
  EXPECT_EQ(size("3")->ensemble_size, 3);
  EXPECT_EQ(size("3.0")->ensemble_size, 3);
  EXPECT_EQ(size("1e3")->ensemble_size, 1000);
  EXPECT_EQ(size("-9223372036854775808")->ensemble_size, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(size("3.5").error().text, "ensemble_size = 3.5, expected a whole number");
  EXPECT_EQ(size("1e17").error().text, "ensemble_size = 1e+17, expected a whole number");
  EXPECT_EQ(size("9223372036854775808").error().text,
            "ensemble_size = 9223372036854775808, expected a whole number");
  EXPECT_EQ(size("true").error().text, "ensemble_size = true, expected a whole number");
}

TEST(JsonNumberTest, NumbersAcceptWholeOnesAndRefuseWhatIsTooLarge) {
  EXPECT_EQ(FromJson<CaseRequest>(R"({"text":"x","deadline_s":30})")->deadline_s, 30.0);
  EXPECT_EQ(WhyNot(R"({"text":"x","deadline_s":1e999})"),
            "not JSON: line 1, column 30: a number out of range");
  EXPECT_EQ(WhyNot(R"({"text":"x","deadline_s":NaN})"),
            "not JSON: line 1, column 26: unexpected character");
}

TEST(JsonTextTest, SaysWhereTheTextIsWrongAndNeverRepeatsIt) {
  EXPECT_EQ(WhyNot(""), "not JSON: line 1, column 1: the text ends too early");
  EXPECT_EQ(WhyNot("{\n  \"text\": secret\n}"),
            "not JSON: line 2, column 11: unexpected character");
  EXPECT_EQ(WhyNot(R"({"text":"x"} x)"), "not JSON: line 1, column 14: unexpected character");
  EXPECT_EQ(WhyNot("{\"text\":\"\xFF\"}"), "not UTF-8: line 1, column 10");
  EXPECT_EQ(WhyNot(R"({"text":"\ud800"})"), "not JSON: line 1, column 16: unexpected character");
  EXPECT_EQ(WhyNot(R"({"text":"a","text":"b"})"), "not JSON: the key \"text\" stands twice");
}

TEST(JsonTextTest, LimitsDepthLengthAndSize) {
  EXPECT_EQ(WhyNot(std::string(1000000, '[')), "not JSON: nested too deep, at most 24");
  EXPECT_EQ(WhyNot(R"({"text":"x","models":[)" + std::string(100000, '1')),
            "not JSON: line 1, column 100022: a number out of range");
  std::string items = "[1";
  for (std::size_t i = 0; i < limits::kArrayItemsMax; ++i) items += ",1";
  EXPECT_EQ(WhyNot(items + "]"), "not JSON: a list is too long, at most 4096");
  std::string fields = "{\"0\":1";
  for (std::size_t i = 1; i <= limits::kMapItemsMax; ++i)
    fields += ",\"" + std::to_string(i) + "\":1";
  EXPECT_EQ(WhyNot(fields + "}"), "not JSON: a map is too long, at most 1024");
  EXPECT_EQ(WhyNot("{\"text\":\"" + std::string(limits::kStringBytesMax + 1, 'x') + "\"}"),
            "not JSON: a string of 1048577 bytes, at most 1048576");
  EXPECT_EQ(FromJson<CaseRequest>(std::string(limits::kMessageBytesMax + 1, ' ')).error(),
            (Error{ErrorCode::kTooLarge, "JSON of 4194305 bytes, at most 4194304"}));
}

TEST(JsonTextTest, WritesAbsentOptionalsAsNullAndRepairsText) {
  EXPECT_EQ(ToJson(Usage{}), R"({"prompt_tokens":null,"completion_tokens":null,"cost_usd":null})");
  EXPECT_EQ(ToJson(std::vector<std::string>{"a\xFF"}), "[\"a\xEF\xBF\xBD\"]");
}

TEST(PackTest, OmitsAbsentOptionals) { EXPECT_EQ(Pack(Usage{}), "\x80"s); }

TEST(PackTest, WritesTheShortFormsOfMessagePack) {
  Usage usage;
  usage.prompt_tokens = 5;
  EXPECT_EQ(Pack(usage), "\x81\xADprompt_tokens\x05"s);
  EXPECT_EQ(Pack(std::vector<std::string>{"a", ""}), "\x92\xA1\x61\xA0"s);
}

TEST(PackTest, RepairsWhatNobodyCouldRead) {
  EXPECT_EQ(Unpack<std::vector<std::string>>(Pack(std::vector<std::string>{"\xC3("})).value(),
            std::vector<std::string>{"\xEF\xBF\xBD("});
  Usage usage;
  usage.cost_usd = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(Unpack<Usage>(Pack(usage))->cost_usd);
}

TEST(UnpackTest, RefusesWhatIsNotOneWholeValueOfOurKinds) {
  EXPECT_EQ(WhyNotPacked(""), "malformed message: it ends too early");
  EXPECT_EQ(WhyNotPacked("\x92\xA1\x61"s), "malformed message: it ends too early");
  EXPECT_EQ(WhyNotPacked("\xC1"s), "malformed message: not MessagePack");
  EXPECT_EQ(WhyNotPacked("\x90\x90"s), "malformed message: bytes after the end");
  EXPECT_EQ(WhyNotPacked("\x91\xC4\x01x"s), "malformed message: binary data");
  EXPECT_EQ(WhyNotPacked("\x91\xD4\x01x"s), "malformed message: extension data");
  EXPECT_EQ(WhyNotPacked("\x91\xA1\xFF"s), "malformed message: a string is not UTF-8");
  EXPECT_EQ(WhyNotPacked("\x91\xCA\x7F\xC0\x00\x00"s),
            "malformed message: a number that is not finite");
  EXPECT_EQ(WhyNotPacked("\x91\xCB\x7F\xF0\x00\x00\x00\x00\x00\x00"s),
            "malformed message: a number that is not finite");
}

TEST(UnpackTest, RefusesKeysThatAreNoStringsOrStandTwice) {
  EXPECT_EQ(Unpack<Usage>("\x81\x01\x01"s).error().text,
            "malformed message: a key is not a string");
  EXPECT_EQ(Unpack<Usage>("\x81\xC0\x01"s).error().text,
            "malformed message: a key is not a string");
  EXPECT_EQ(Unpack<Usage>("\x81\x91\x01\x01"s).error().text,
            "malformed message: a key is not a string");
  EXPECT_EQ(Unpack<Usage>("\x81\xA1\xFF\x01"s).error().text,
            "malformed message: a key is not UTF-8");
  EXPECT_EQ(Unpack<Usage>("\x82\xA1\x61\x01\xA1\x61\x02"s).error().text,
            "malformed message: the key \"a\" stands twice");
}

TEST(UnpackTest, LimitsAreOurOwn) {
  EXPECT_EQ(WhyNotPacked(Nested(limits::kDepthMax + 1)),
            "malformed message: nested too deep, at most 24");
  EXPECT_EQ(WhyNotPacked(Nested(limits::kDepthMax)), "body[0] = a list, expected a string");
  EXPECT_EQ(WhyNotPacked(Nested(1000000)), "malformed message: nested too deep, at most 24");
  EXPECT_EQ(WhyNotPacked("\xDD\xFF\xFF\xFF\xFF"s),
            "malformed message: a list is too long, at most 4096");
  EXPECT_EQ(WhyNotPacked("\xDF\xFF\xFF\xFF\xFF"s),
            "malformed message: a map is too long, at most 1024");
  EXPECT_EQ(WhyNotPacked("\xDB\xFF\xFF\xFF\xFF"s), "malformed message: it ends too early");
  EXPECT_EQ(
      WhyNotPacked("\x91\xDB\x00\x10\x00\x01"s + std::string(limits::kStringBytesMax + 1, 'x')),
      "malformed message: a string of 1048577 bytes, at most 1048576");
  EXPECT_EQ(Unpack<Usage>(std::string(limits::kMessageBytesMax + 1, '\x80')).error(),
            (Error{ErrorCode::kTooLarge, "a message of 4194305 bytes, at most 4194304"}));
}

TEST(UnpackTest, LimitsTheNumberOfValues) {
  std::string lists = "\xDC\x0F\xFF"s;  // 4095 lists ...
  for (int i = 0; i < 4095; ++i) lists += "\xDC\x03\xE8"s + std::string(1000, '\x01');
  EXPECT_EQ(WhyNotPacked(lists), "malformed message: too many values, at most 524288");
}

TEST(UnpackTest, NamesMissingAndWrongFields) {
  EXPECT_EQ(Unpack<SubmitRequest>("\x80"s).error(), Invalid("request: missing"));
  EXPECT_EQ(Unpack<SubmitRequest>("\x81\xA7request\x80"s).error().text, "request.text: missing");
  EXPECT_EQ(Unpack<TaskId>("\x81\xA7"
                           "case_id\xA1"
                           "c"s)
                .error()
                .text,
            "stage: missing");
  EXPECT_EQ(Unpack<TaskId>("\x82\xA7"
                           "case_id\xA1"
                           "c\xA5stage\xA5judge"s)
                .error()
                .text,
            "stage = \"judge\", expected one of generate, review");
}

TEST(UnpackTest, FindsFieldsInAnyOrder) {
  const std::string bytes =
      "\x84\xA5model\xA1m\xA5round\x02\xA5stage\xA6review\xA7"
      "case_id\xA1"
      "c"s;
  EXPECT_EQ(Unpack<TaskId>(bytes).value(), (TaskId{"c", Stage::kReview, 2, "m"}));
}

TEST(UnpackTest, EveryTruncationOfAMessageIsAnErrorAndNoCrash) {
  SubmitRequest message;
  message.request = FullCase();
  const std::string bytes = Pack(message);
  ASSERT_TRUE(Unpack<SubmitRequest>(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Unpack<SubmitRequest>(bytes.substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace consilium
