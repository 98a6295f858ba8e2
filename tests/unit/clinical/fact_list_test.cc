#include "gateway/clinical/fact_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "gateway/clinical/code_system.h"
#include "gateway/clinical/fold_text.h"
#include "gateway/clinical/iso_time.h"

namespace consilium {
namespace {

bool IsNone(const Fact& fact) { return fact.status == FactStatus::kNoneKnown; }

// The rules as the header states them, each statement compared with each.
bool SameThing(const Fact& a, const Fact& b) {
  if (a.kind != b.kind || IsNone(a) != IsNone(b)) return false;
  if (IsNone(a)) return true;
  if (a.instance != b.instance) return false;
  if (a.kind == FactKind::kImmunization && a.time != b.time) return false;
  if (!a.code.empty() && !b.code.empty() && CodeSystemKey(a.system) == CodeSystemKey(b.system)) {
    return a.code == b.code;
  }
  const std::string text = FoldText(a.text);
  return !text.empty() && text == FoldText(b.text);
}

bool IsEarlier(const Fact& a, const Fact& b) {
  const auto time_a = ParseIsoTime(a.time);
  const auto time_b = ParseIsoTime(b.time);
  return time_a && time_b && time_a->begin_ms < time_b->begin_ms;
}

void Say(FactKind kind, const char* text, std::vector<Remark>& remarks) {
  const Remark remark{"fact_contradiction", kFactKindNames[static_cast<std::size_t>(kind)], text};
  if (std::find(remarks.begin(), remarks.end(), remark) == remarks.end()) remarks.push_back(remark);
}

void ApplyPlainly(std::vector<SeenFact>& facts, const Fact& fact, std::int64_t seen_ms,
                  std::vector<Remark>& remarks) {
  const auto is_same = [&](const SeenFact& seen) { return SameThing(seen.fact, fact); };
  const auto is_contrary = [&](const SeenFact& seen) {
    return seen.fact.kind == fact.kind && IsNone(seen.fact) != IsNone(fact);
  };
  if (fact.status == FactStatus::kActive) {
    if (std::erase_if(facts, is_contrary) > 0) {
      Say(fact.kind, "stated after it was stated that there is none", remarks);
    }
    if (fact.kind == FactKind::kMeasurement &&
        std::any_of(facts.begin(), facts.end(), [&](const SeenFact& seen) {
          return is_same(seen) && IsEarlier(fact, seen.fact);
        })) {
      return;
    }
  } else if (IsNone(fact) && fact.kind == FactKind::kAllergy) {
    if (std::any_of(facts.begin(), facts.end(), is_contrary)) {
      Say(fact.kind, "none known was stated beside one that was not withdrawn", remarks);
    }
  } else if (IsNone(fact) && std::erase_if(facts, is_contrary) > 0) {
    Say(fact.kind, "none known was stated after one that was not withdrawn", remarks);
  }
  std::erase_if(facts, is_same);
  if (fact.status == FactStatus::kActive || IsNone(fact)) facts.push_back({fact, seen_ms});
}

class Draw {
 public:
  explicit Draw(unsigned seed) : engine_(seed) {}
  std::size_t Below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(engine_);
  }
  template <std::size_t N>
  const char* OneOf(const char* const (&words)[N]) {
    return words[Below(N)];
  }

 private:
  std::mt19937 engine_;
};

// Few words, so that statements meet in every way.
Fact AnyFact(Draw& draw, std::size_t kinds) {
  Fact fact;
  fact.kind = static_cast<FactKind>(draw.Below(kinds));
  const std::size_t status = draw.Below(16);
  if (status < 2) fact.status = FactStatus::kWithdrawn;
  if (status == 2) fact.status = FactStatus::kInactive;
  if (status == 3) fact.status = FactStatus::kNoneKnown;
  fact.text =
      draw.OneOf({"", "Aspirin", "ASPIRIN ", "Glucose", "gluc\xC3\xB3se", "1:3", "-", "A B"});
  fact.code = draw.OneOf({"", "", "1", "2", "3", "12"});
  fact.system = draw.OneOf({"", "LN", "http://loinc.org", "SCT", "L", "of "});
  fact.instance = draw.OneOf({"", "", "", "1", "2"});
  fact.time = draw.OneOf({"", "2026", "2026-11", "2026-11-27", "2026-11-27T10:15:00+01:00", "?"});
  fact.value_text = std::to_string(draw.Below(1000));
  return fact;
}

TEST(FactListTest, IsAsIfEachStatementWereComparedWithEach) {
  for (unsigned seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Draw draw(seed);
    const std::size_t kinds = 1 + draw.Below(5);
    const std::size_t count = 1 + draw.Below(60);
    std::vector<SeenFact> plain;
    std::vector<Remark> plain_remarks;
    std::vector<Remark> remarks;
    FactList list;
    for (std::size_t i = 0; i < count; ++i) {
      // As it goes on with what was kept.
      if (draw.Below(20) == 0) list = FactList(std::move(list).Take());
      const Fact fact = AnyFact(draw, kinds);
      ApplyPlainly(plain, fact, static_cast<std::int64_t>(i), plain_remarks);
      list.Apply(fact, static_cast<std::int64_t>(i), remarks);
    }
    ASSERT_EQ(remarks, plain_remarks);
    ASSERT_EQ(std::move(list).Take(), plain);
  }
}

TEST(FactListTest, OneTextUnderManyCodesIsManyThingsAndOneWithoutCodeReplacesAll) {
  FactList list;
  std::vector<Remark> remarks;
  Fact fact;
  fact.kind = FactKind::kDiagnosis;
  fact.text = "Pain";
  fact.system = "I10";
  for (int i = 0; i < 100; ++i) {
    fact.code = std::to_string(i);
    list.Apply(fact, i, remarks);
    list.Apply(fact, i, remarks);
  }
  FactList all = list;
  EXPECT_EQ(std::move(all).Take().size(), 100u);
  fact.code.clear();
  list.Apply(fact, 100, remarks);
  EXPECT_EQ(std::move(list).Take(), (std::vector<SeenFact>{{fact, 100}}));
}

}  // namespace
}  // namespace consilium
