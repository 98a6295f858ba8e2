// A ledger as fields: what is written reads back bit for bit, however often it goes through them;
// what nobody wrote is refused by name.
#include "aggregator/chemistry/ledger_fields.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/chemistry/evidence_builder.h"

namespace consilium {
namespace {

using Fields = std::map<std::string, std::string>;

Fields AsMap(const std::vector<std::pair<std::string, std::string>>& fields) {
  return {fields.begin(), fields.end()};
}

// Five hundred lines: three kinds, eight models whose versions change, every fourth a revision of
// one of the last lines, times in a random order over three years.
std::vector<EvidenceLine> RandomLines(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<EvidenceLine> lines;
  for (std::size_t i = 0; i < 500; ++i) {
    std::string id = "case-";
    id += std::to_string(i);
    EvidenceBuilder builder(id, random() % 3 == 0 ? "dose" : "medication");
    builder.At((19000 + static_cast<std::int64_t>(random() % 1095)) * kDayMs +
               static_cast<std::int64_t>(random() % 86400000));
    const bool gold = random() % 2 == 0;
    for (char model = 'a'; model <= 'h'; ++model) {
      if (random() % 3 == 0) continue;
      EvidenceAnswer answer;
      answer.model = std::string(1, model);
      answer.version = "v ";
      answer.version += std::to_string(random() % (1 + i / 40));
      answer.key = std::string(1, static_cast<char>('p' + random() % 3));
      answer.weight = static_cast<double>(random() % 1000) / 999;
      if (random() % 8 != 0) answer.grade = static_cast<double>(random() % 1000) / 999;
      if (gold) answer.right = answer.key == "p";
      if (random() % 2 == 0) answer.reliability = static_cast<double>(random() % 1000) / 999;
      answer.latency_ms = static_cast<double>(random() % 100000) / 7;
      builder.Add(answer);
    }
    EvidenceLine line = builder.Line();
    if (i > 10 && random() % 4 == 0) line.replaces = lines[i - 1 - random() % 10].evidence;
    lines.push_back(line);
  }
  return lines;
}

TEST(LedgerFieldsTest, InterruptedFoldsComeToTheSameBits) {
  const LedgerRules rules{1, 0.25};
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const auto lines = RandomLines(seed);
    Ledger whole(rules);
    Ledger parts(rules);
    Fields stored;  // what a hash would hold
    std::mt19937_64 random(seed + 100);
    std::int64_t first_epoch = -1;
    for (const EvidenceLine& line : lines) {
      whole.Learn(line);
      parts.Learn(line);
      if (first_epoch < 0) first_epoch = UnpackMeta(AsMap(whole.AllFields()).at("meta"))->epoch;
      if (random() % 5 == 0) {
        for (auto& [field, value] : parts.TakeChanges()) stored[field] = value;
        ASSERT_EQ(stored, AsMap(parts.AllFields())) << "seed " << seed;
      }
      if (random() % 20 != 0) continue;
      for (auto& [field, value] : parts.TakeChanges()) stored[field] = value;
      auto again = Ledger::FromFields(rules, stored);
      ASSERT_TRUE(again.ok()) << again.error().text;
      parts = *std::move(again);
    }
    EXPECT_EQ(parts.AllFields(), whole.AllFields()) << "seed " << seed;
    const auto meta = UnpackMeta(AsMap(whole.AllFields()).at("meta"));
    EXPECT_GT(meta->epoch, first_epoch) << "the landmark moves in this test";
  }
}

TEST(LedgerFieldsTest, OnlyWhatALineTouchesChanges) {
  Ledger ledger(LedgerRules{});
  EXPECT_TRUE(ledger.TakeChanges().empty());
  EXPECT_TRUE(ledger.AllFields().empty());
  const auto names = [&] {
    std::vector<std::string> fields;
    for (const auto& [field, value] : ledger.TakeChanges()) fields.push_back(field);
    return fields;
  };
  ledger.Learn(EvidenceBuilder("1").Graded("a", "x", 0.5).Graded("b", "x", 0.5).Seat("c").Line());
  EXPECT_EQ(names(),
            (std::vector<std::string>{"k|medication", "meta", "m|medication|a", "m|medication|b",
                                      "m|medication|c", "p|medication|a|b"}));
  ledger.Learn(EvidenceBuilder("2").Graded("c", "x", 0.5).Line());
  EXPECT_EQ(names(), (std::vector<std::string>{"k|medication", "m|medication|c"}));
  EXPECT_TRUE(names().empty());
  auto again = Ledger::FromFields(LedgerRules{}, AsMap(ledger.AllFields()));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->TakeChanges().empty());
}

TEST(LedgerFieldsTest, NumbersAndVersionsAreWrittenInFull) {
  PairSums pair;
  pair.together = 3;
  pair.synergy = {2, 1.5, 0.1, -0.0, 1e-310};
  EXPECT_EQ(PackPair(pair),
            "3 2 1.8p+0 1.999999999999ap-4 -0p+0 0.012688b70e62bp-1022 0 0p+0 0p+0 0p+0 0p+0 0p+0");
  const auto read = UnpackPair(PackPair(pair));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->synergy.w2, 0.1);
  EXPECT_EQ(read->synergy.wx2, 1e-310);
  ModelSums model;
  model.versions = {"", "4:a 7", "|\n"};
  EXPECT_EQ(UnpackModel(PackModel(model))->versions, model.versions);
  EXPECT_TRUE(PackModel(model).ends_with(" 3 0: 5:4:a 7 2:|\n")) << PackModel(model);
}

Fields SomeFields() {
  Ledger ledger(LedgerRules{});
  ledger.Learn(EvidenceBuilder("1").Graded("a", "x", 0.5).Version("v").Graded("b", "y", 1).Line());
  return AsMap(ledger.AllFields());
}

std::string ErrorOf(const Fields& fields, LedgerRules rules = {},
                    ErrorCode code = ErrorCode::kInternal) {
  const auto ledger = Ledger::FromFields(rules, fields);
  if (ledger.ok()) return "no error";
  EXPECT_EQ(ledger.error().code, code);
  return ledger.error().text;
}

TEST(LedgerFieldsTest, UnknownFieldsAreIgnored) {
  Fields fields = SomeFields();
  fields["cursor"] = "12-0";
  fields["unreadable"] = "3";
  fields["x|y"] = "z";
  const auto ledger = Ledger::FromFields(LedgerRules{}, fields);
  ASSERT_TRUE(ledger.ok());
  EXPECT_EQ(AsMap(ledger->AllFields()), SomeFields());
  EXPECT_TRUE(Ledger::FromFields(LedgerRules{}, {{"cursor", "0"}})->AllFields().empty());
}

TEST(LedgerFieldsTest, OtherRulesAreAConflict) {
  EXPECT_EQ(ErrorOf(SomeFields(), {30, 0.25}, ErrorCode::kConflict),
            "chemistry matrix: made with half_life_d = 90.000000, version_weight = 0.250000, "
            "expected half_life_d = 30.000000, version_weight = 0.250000; rebuild it");
  Fields newer = SomeFields();
  newer["meta"][0] = '2';
  EXPECT_EQ(ErrorOf(newer, {}, ErrorCode::kConflict),
            "chemistry matrix: format = 2, expected 1; rebuild it");
}

TEST(LedgerFieldsTest, DamagedFieldsAreNamed) {
  const auto with = [](const std::string& field, const std::string& value) {
    Fields fields = SomeFields();
    fields[field] = value;
    return ErrorOf(fields);
  };
  EXPECT_EQ(with("meta", "1 x"),
            "chemistry matrix: field \"meta\" = \"1 x\", expected format, rules and epoch");
  EXPECT_EQ(with("meta", "1 1.68p+6 1p-2 9999999"),
            "chemistry matrix: field \"meta\" = \"1 1.68p+6 1p-2 9999999\", expected format, rules "
            "and epoch");
  for (const char* value : {"", "1", "1 0 0 ", " 1 0 0", "1 0 0 0", "01 0 0", "-1 0 0", "+1 0 0",
                            "1  0 0", "99999999999999999999 0 0", "1 0 0x"}) {
    std::string expected = "chemistry matrix: field \"k|medication\" = \"";
    expected += value;
    expected += "\", expected the counts of a kind";
    EXPECT_EQ(with("k|medication", value), expected);
  }
  EXPECT_EQ(with("m|medication|a", "12"),
            "chemistry matrix: field \"m|medication|a\" = \"12\", expected the sums of a model");
  EXPECT_EQ(with("p|medication|a|b", "1 0 nan 0p+0 0p+0 0p+0 0 0p+0 0p+0 0p+0 0p+0 0p+0"),
            "chemistry matrix: field \"p|medication|a|b\" = \"1 0 nan 0p+0 0p+0 0p+0 0 0p+0 0p+0 "
            "0p+0 0p+0 0p+0\", expected the sums of a pair");
  EXPECT_EQ(with("p|medication|a|c", PackPair({})),
            "chemistry matrix: field \"p|medication|a|c\" is of a model without a field");
  EXPECT_EQ(with("m|dose|a", PackModel({})),
            "chemistry matrix: field \"m|dose|a\" is of a kind without a field");
  for (const char* field : {"k|", "k|a|b", "m|medication", "m|medication|a b", "m|medication|a|b",
                            "p|medication|b|a", "p|medication|a|a", "p|medication|a"}) {
    std::string expected = "chemistry matrix: field \"";
    expected += field;
    expected += "\" has no name of a kind, a model or a pair";
    EXPECT_EQ(with(field, "0 0 0"), expected);
  }
  Fields headless = SomeFields();
  headless.erase("meta");
  EXPECT_EQ(ErrorOf(headless),
            "chemistry matrix: field \"k|medication\" stands without the field \"meta\"");
}

TEST(LedgerFieldsTest, RepeatedAndOverlongVersionsAreDamage) {
  ModelSums model;
  model.versions = {"v", "v"};
  Fields fields = SomeFields();
  fields["m|medication|a"] = PackModel(model);
  EXPECT_NE(ErrorOf(fields).find("expected each version once"), std::string::npos);
  model.versions = {std::string(kVersionBytesMax + 1, 'v')};
  EXPECT_FALSE(UnpackModel(PackModel(model)).has_value());
  model.versions.assign(kVersionsMax + 1, "");
  EXPECT_FALSE(UnpackModel(PackModel(model)).has_value());
}

TEST(LedgerFieldsTest, EveryCutAndEveryChangedByteIsSurvived) {
  const Fields fields = SomeFields();
  std::mt19937_64 random(21);
  for (const auto& [field, value] : fields) {
    for (std::size_t cut = 0; cut < value.size(); ++cut) {
      Fields damaged = fields;
      damaged[field] = value.substr(0, cut);
      EXPECT_NE(ErrorOf(damaged), "no error") << field << " cut at " << cut;
      damaged[field] = value;
      damaged[field][cut] = static_cast<char>(random() % 256);
      const auto ledger = Ledger::FromFields(LedgerRules{}, damaged);
      if (ledger.ok()) {
        EXPECT_EQ(AsMap(ledger->AllFields()), damaged) << "seed 21";
      }
    }
  }
}

// Everything in it may be absurd.
EvidenceLine AbsurdLine(std::mt19937_64& random) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const double numbers[] = {0.0,   -0.0,   0.5,       1.0,        7.0, -3.0,
                            1e308, 1e-320, kInfinity, -kInfinity, kNan};
  const char* names[] = {"", "a", "b", "c", "d", "e", "f|g", "\xff\x01", "a"};
  const char* kinds[] = {"medication", "medication", "medication", "", "a|b", "dose"};
  const std::int64_t times[] = {
      std::numeric_limits<std::int64_t>::min(), -1, 0, 19000 * kDayMs, 19400 * kDayMs,
      std::numeric_limits<std::int64_t>::max()};
  const auto build = [&] {
    EvidenceBuilder builder(names[random() % 9], kinds[random() % 6]);
    builder.At(times[random() % 6]).Seat(names[random() % 9]);
    for (std::size_t i = random() % 9; i > 0; --i) {
      EvidenceAnswer answer;
      answer.model = names[random() % 9];
      answer.version = names[random() % 9];
      answer.key = names[random() % 9];
      answer.weight = numbers[random() % 11];
      if (random() % 4 != 0) answer.grade = numbers[random() % 11];
      if (random() % 2 != 0) answer.right = random() % 2 != 0;
      if (random() % 2 != 0) answer.reliability = numbers[random() % 11];
      if (random() % 2 != 0) answer.latency_ms = numbers[random() % 11];
      if (random() % 2 != 0) answer.cost_usd = numbers[random() % 11];
      builder.Add(answer);
    }
    return builder.Build();
  };
  EvidenceLine line{build(), std::nullopt};
  if (random() % 4 == 0) line.replaces = build();
  return line;
}

TEST(LedgerFieldsTest, AbsurdEvidenceLeavesFiniteSumsThatReadBack) {
  std::mt19937_64 random(99);
  for (int round = 0; round < 20; ++round) {
    const LedgerRules rules{round % 2 == 0 ? 1.0 : 90.0, round % 3 == 0 ? 1e-3 : 0.25};
    Ledger ledger(rules);
    for (int i = 0; i < 200; ++i) ledger.Learn(AbsurdLine(random));
    // Fields with a number that is not finite do not read back.
    const auto fields = ledger.AllFields();
    const auto again = Ledger::FromFields(rules, {fields.begin(), fields.end()});
    ASSERT_TRUE(again.ok()) << "seed 99, round " << round << ": " << again.error().text;
    EXPECT_EQ(again->AllFields(), fields) << "seed 99, round " << round;
  }
}

}  // namespace
}  // namespace consilium
