#include "gateway/clinical/fact_list.h"

#include <algorithm>
#include <string>

#include "gateway/clinical/code_system.h"
#include "gateway/clinical/fold_text.h"
#include "gateway/clinical/iso_time.h"

namespace consilium {
namespace {

bool IsNone(const Fact& fact) { return fact.status == FactStatus::kNoneKnown; }

const char* KindName(FactKind kind) { return kFactKindNames[static_cast<std::size_t>(kind)]; }

void RemarkContradiction(FactKind kind, const char* text, std::vector<Remark>& remarks) {
  const Remark remark{"fact_contradiction", KindName(kind), text};
  if (std::find(remarks.begin(), remarks.end(), remark) == remarks.end()) remarks.push_back(remark);
}

// Whether `a` was measured before `b`, as far as both say.
bool IsEarlier(const Fact& a, const Fact& b) {
  const auto time_a = ParseIsoTime(a.time);
  const auto time_b = ParseIsoTime(b.time);
  return time_a && time_b && time_a->begin_ms < time_b->begin_ms;
}

template <class Which>
bool Remove(std::vector<SeenFact>& facts, Which which) {
  const auto end = std::remove_if(facts.begin(), facts.end(),
                                  [&](const SeenFact& seen) { return which(seen.fact); });
  const bool removed = end != facts.end();
  facts.erase(end, facts.end());
  return removed;
}

}  // namespace

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

void ApplyFact(std::vector<SeenFact>& facts, const Fact& fact, std::int64_t seen_ms,
               std::vector<Remark>& remarks) {
  const auto is_same = [&](const Fact& other) { return SameThing(other, fact); };
  if (fact.status == FactStatus::kWithdrawn || fact.status == FactStatus::kInactive) {
    Remove(facts, is_same);
    return;
  }
  const auto is_contrary = [&](const Fact& other) {
    return other.kind == fact.kind && IsNone(other) != IsNone(fact);
  };
  if (!IsNone(fact)) {
    if (Remove(facts, is_contrary)) {
      RemarkContradiction(fact.kind, "stated after it was stated that there is none", remarks);
    }
    if (fact.kind == FactKind::kMeasurement &&
        std::any_of(facts.begin(), facts.end(), [&](const SeenFact& seen) {
          return is_same(seen.fact) && IsEarlier(fact, seen.fact);
        })) {
      return;
    }
  } else if (fact.kind == FactKind::kAllergy) {
    if (std::any_of(facts.begin(), facts.end(),
                    [&](const SeenFact& seen) { return is_contrary(seen.fact); })) {
      RemarkContradiction(fact.kind, "none known was stated beside one that was not withdrawn",
                          remarks);
    }
  } else if (Remove(facts, is_contrary)) {
    RemarkContradiction(fact.kind, "none known was stated after one that was not withdrawn",
                        remarks);
  }
  Remove(facts, is_same);
  facts.push_back({fact, seen_ms});
}

}  // namespace consilium
