#include "worker/json_repair.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "worker/json_object.h"
#include "worker/reply_shape.h"

namespace consilium {
namespace {

using Json = nlohmann::json;

std::string Mended(std::string_view text, bool may_close = false) {
  return RepairJson(text, may_close).json.value_or("no");
}

TEST(JsonRepairTest, WhatModelsWriteInsteadOfJsonIsMended) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({'a': 'b'})", R"({"a":"b"})"},
      {R"({'a': 'the patient's "risk"', 'b': 1})", R"({"a":"the patient's \"risk\"","b":1})"},
      {R"({'a': 'it\'s'})", R"({"a":"it's"})"},
      {R"({a: 1, b_2: [True, False, None]})", R"({"a":1,"b_2":[true,false,null]})"},
      {"{\"a\": 1, // why\n \"b\": /* so */ 2}", R"({"a":1,"b":2})"},
      {R"({"url": "http://x/*y*/"})", R"({"url":"http://x/*y*/"})"},
      {"{“a”: “b \"c\"”, ‘d’: ‘e’s’}", R"({"a":"b \"c\"","d":"e’s"})"},
      {"{\"a\": \"x\ny\tz\"}", "{\"a\":\"x\\u000ay\\u0009z\"}"},
      {R"({"a": [1, 2,], })", R"({"a":[1,2]})"},
      {R"({"a": .5, "b": +3, "c": -.5})", R"({"a":0.5,"b":3,"c":-0.5})"},
      {R"([{"a": 1},] and more)", R"([{"a":1}])"},
  };
  for (const auto& [written, mended] : cases) EXPECT_EQ(Mended(written), mended) << written;
}

TEST(JsonRepairTest, WhatCouldBeReadInTwoWaysIsNotMended) {
  for (const char* text : {R"({a: yes})", R"({"a" "b"})", R"({"a": 1 "b": 2})",
                           R"({"a": 1,, "b": 2})", R"({"a": [1, 2})", R"({"a": "b)",
                           R"({"a": /* })", R"({"a": })", R"({: 1})", R"({,})", "{", "[", ""}) {
    EXPECT_EQ(Mended(text, true), "no") << text;
  }
}

TEST(JsonRepairTest, OneMissingBracketIsAddedOnlyAfterAWholeValueOfACompleteText) {
  const char* whole[] = {R"({"a": "b")",      R"({"a": [1])",       R"({"a": null )",
                         R"({"a": {"b": 1})", "{\"a\": \"b\"\n```", R"([{"a": 1})"};
  for (const char* text : whole) {
    EXPECT_EQ(Mended(text, false), "no") << text;
    EXPECT_NE(Mended(text, true), "no") << text;
  }
  for (const char* cut :
       {R"({"a": "b)", R"({"a": 1)", R"({"a": tru)", R"({"a":)", R"({"a")", R"({"a": "b",)",
        R"({"a": [{"b": 1})", R"({"a": [1)", R"({"a": "b" and)", "{"}) {
    EXPECT_EQ(Mended(cut, true), "no") << cut;
  }
}

TEST(JsonRepairTest, DepthBombIsNotMended) {
  EXPECT_EQ(Mended(std::string(1000, '[') + std::string(1000, ']')), "no");
}

// A random value; strings hold what else has a meaning in a reply.
Json Random(std::mt19937& random, int depth) {
  const auto pick = [&random](std::size_t n) { return static_cast<unsigned>(random() % n); };
  const char* const texts[] = {"",   "a",    "'",     "\"", "it's, ok", "{",   "}]",     "//",
                               "/*", "True", "“x”",   "\n", "\\",       ",}",  "é",      "```",
                               ": ", "500",  "a\tb'", "’,", "null",     "<b>", "[{\"a\""};
  switch (pick(depth > 0 ? 7 : 5)) {
    case 0:
      return texts[pick(std::size(texts))];
    case 1:
      return static_cast<int>(pick(2000)) - 1000;
    case 2:
      return pick(1000) / 8.0;
    case 3:
      return pick(2) == 0;
    case 4:
      return nullptr;
    case 5: {
      Json list = Json::array();
      for (unsigned n = pick(4); n > 0; --n) list.push_back(Random(random, depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (unsigned n = pick(4); n > 0; --n) {
        object[texts[pick(std::size(texts))]] = Random(random, depth - 1);
      }
      return object;
    }
  }
}

TEST(JsonRepairTest, ValidJsonIsReadAsItIs) {
  std::mt19937 random(1);  // NOLINT: the same cases every time
  for (int i = 0; i < 3000; ++i) {
    Json object = Json::object();
    object["first"] = Random(random, 4);
    object["second"] = Random(random, 4);
    for (const int indent : {-1, 2}) {
      const std::string text = object.dump(indent);
      for (const bool complete : {false, true}) {
        const JsonInText found = FindJson("Here: " + text + "\nDone.", complete);
        ASSERT_EQ(found.values.size(), 1u) << text;
        ASSERT_EQ(found.values[0], object) << text;
      }
      // The mender agrees where it is not needed.
      const RepairedJson repaired = RepairJson(text, false);
      ASSERT_TRUE(repaired.json) << text;
      ASSERT_EQ(Json::parse(*repaired.json), object) << text;
      ASSERT_EQ(repaired.end, text.size());
    }
  }
}

TEST(JsonRepairTest, NoPrefixOfAnAnswerIsTakenForTheWhole) {
  const std::string text =
      R"({"medications": [{"ingredient": "aspirin", "dose": "81"}], "rationale": "x", "confidence": 0.95})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_TRUE(FindJson(text.substr(0, size), false).values.empty()) << text.substr(0, size);
  }
}

TEST(JsonRepairTest, HostileTextCostsWorkInProportionToItsSize) {
  const auto repeated = [](std::string_view piece, std::size_t size) {
    std::string text;
    while (text.size() + piece.size() <= size) text += piece;
    return text;
  };
  constexpr std::size_t kSize = 256u << 10;
  for (const char* piece : {"{",
                            "[",
                            "}",
                            "{\"",
                            "{'",
                            "'",
                            "\"",
                            ",",
                            "{a:",
                            "[{",
                            "{ ",
                            "[ ",
                            "{}",
                            "{x}",
                            "[{}",
                            "{'a': 'b",
                            "{\"a\":[",
                            "//",
                            "{/*",
                            "'   ",
                            "{\"answer\":",
                            "{\"answer\":\"{",
                            "{\"answer\":{}} ",
                            "“",
                            "{“a",
                            "```{",
                            "{'':'',",
                            "{x {\"a\":1} "}) {
    const std::string half = repeated(piece, kSize / 2);
    const std::string full = repeated(piece, kSize);
    const std::size_t small = FindReply(half, ReplyKind::kAnswer, true).bytes_read;
    const std::size_t large = FindReply(full, ReplyKind::kAnswer, true).bytes_read;
    EXPECT_LE(large, 2 * small + 16384) << piece;
    EXPECT_LE(large, 256 * full.size()) << piece;
  }
}

}  // namespace
}  // namespace consilium
