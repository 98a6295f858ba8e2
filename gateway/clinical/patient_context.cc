#include "gateway/clinical/patient_context.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "gateway/clinical/fact_list.h"
#include "gateway/clinical/fold_text.h"
#include "gateway/clinical/iso_time.h"
#include "shared/text.h"

namespace consilium {
namespace {

// Whether they differ where both state something.
bool BirthDatesDiffer(const std::string& a, const std::string& b) {
  const auto one = ParseIsoTime(a);
  const auto two = ParseIsoTime(b);
  if (!one || !two) return false;
  if (one->year != two->year) return true;
  if (one->month == 0 || two->month == 0) return false;
  if (one->month != two->month) return true;
  return one->day != 0 && two->day != 0 && one->day != two->day;
}

bool AreSameFullBirthDate(const std::string& a, const std::string& b) {
  const auto one = ParseIsoTime(a);
  const auto two = ParseIsoTime(b);
  return one && two && one->day != 0 && two->day != 0 && !BirthDatesDiffer(a, b);
}

bool SexesDiffer(const std::string& a, const std::string& b) {
  return (a == "female" && b == "male") || (a == "male" && b == "female");
}

bool FamiliesDiffer(const std::string& a, const std::string& b) {
  const std::string one = FoldText(a);
  const std::string two = FoldText(b);
  return !one.empty() && !two.empty() && one != two;
}

Remark Conflict() {
  return {"context_conflict", "",
          "birth date, sex or family name contradict what was kept under this identifier: nothing "
          "of that was used"};
}

bool IsInTime(const SeenFact& seen, std::int64_t now_ms, std::int64_t limit_ms) {
  return seen.seen_ms >= now_ms - limit_ms;
}

// What is not stated stays.
void TakeDemographics(const Demographics& from, Demographics& to) {
  if (!from.family.empty()) to.family = from.family;
  if (!from.birth_date.empty()) to.birth_date = from.birth_date;
  if (!from.sex.empty()) to.sex = from.sex;
  if (!from.deceased.empty()) to.deceased = from.deceased;
}

void Cut(std::string& text) {
  if (text.size() > kContextTextBytesMax) text = CutUtf8(text, kContextTextBytesMax);
}

Fact Bounded(Fact fact) {
  for (std::string* text : {&fact.text, &fact.code, &fact.system, &fact.detail, &fact.value_text,
                            &fact.unit, &fact.time}) {
    Cut(*text);
  }
  return fact;
}

const Fact& FactOf(const Fact& fact) { return fact; }
const Fact& FactOf(const SeenFact& seen) { return seen.fact; }

// The places of the last `most` of each kind, in their order.
template <class Item>
std::vector<std::size_t> LastOfEachKind(const std::vector<Item>& list, std::size_t most) {
  std::array<std::size_t, std::size(kFactKindNames)> counts{};
  std::vector<std::size_t> places;
  for (std::size_t at = list.size(); at-- > 0;) {
    if (++counts[static_cast<std::size_t>(FactOf(list[at]).kind)] <= most) places.push_back(at);
  }
  std::reverse(places.begin(), places.end());
  return places;
}

// Drops the oldest of each kind that has too many.
bool DropBeyondMax(std::vector<SeenFact>& facts) {
  const std::vector<std::size_t> places = LastOfEachKind(facts, kContextFactsMax);
  if (places.size() == facts.size()) return false;
  std::vector<SeenFact> kept;
  for (const std::size_t at : places) kept.push_back(std::move(facts[at]));
  facts = std::move(kept);
  return true;
}

// The statements of a record that are used.
std::vector<std::size_t> Used(const FeedRecord& record, std::vector<Remark>& remarks) {
  std::vector<std::size_t> places = LastOfEachKind(record.facts, kRecordFactsMax);
  if (places.size() < record.facts.size()) {
    remarks.push_back({"record_full", "",
                       "more than " + std::to_string(kRecordFactsMax) +
                           " statements of a kind: those stated first are not used"});
  }
  return places;
}

}  // namespace

bool Contradicts(const Demographics& a, const Demographics& b) {
  if (BirthDatesDiffer(a.birth_date, b.birth_date) || SexesDiffer(a.sex, b.sex)) return true;
  return FamiliesDiffer(a.family, b.family) && !AreSameFullBirthDate(a.birth_date, b.birth_date);
}

bool AnyConflict(const FeedRecord& record, const std::vector<PatientContext>& contexts) {
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    if (Contradicts(record.patient, contexts[i].patient)) return true;
    // Two numbers of one record that were kept for different people: one of them is wrong.
    for (std::size_t j = 0; j < i; ++j) {
      if (Contradicts(contexts[j].patient, contexts[i].patient)) return true;
    }
  }
  return false;
}

JoinedContext JoinContext(const FeedRecord& record, const std::vector<PatientContext>& contexts,
                          std::int64_t now_ms, std::int64_t limit_ms) {
  JoinedContext joined;
  joined.patient = record.patient;
  FactList facts;
  if (AnyConflict(record, contexts)) {
    joined.conflict = true;
    joined.remarks.push_back(Conflict());
  } else {
    std::vector<SeenFact> kept;
    for (const PatientContext& context : contexts) {
      for (const SeenFact& seen : context.facts) {
        if (IsInTime(seen, now_ms, limit_ms)) kept.push_back(seen);
      }
      if (context.patient_seen_ms < now_ms - limit_ms) continue;
      if (joined.patient.birth_date.empty()) joined.patient.birth_date = context.patient.birth_date;
      if (joined.patient.sex.empty()) joined.patient.sex = context.patient.sex;
      if (joined.patient.deceased.empty()) joined.patient.deceased = context.patient.deceased;
    }
    // Several keys of one patient: in the order in which they were stated.
    std::stable_sort(kept.begin(), kept.end(),
                     [](const SeenFact& a, const SeenFact& b) { return a.seen_ms < b.seen_ms; });
    for (const SeenFact& seen : kept) facts.Apply(seen.fact, seen.seen_ms, joined.remarks);
  }
  for (const std::size_t at : Used(record, joined.remarks)) {
    facts.Apply(record.facts[at], now_ms, joined.remarks);
  }
  for (SeenFact& seen : std::move(facts).Take()) joined.facts.push_back(std::move(seen.fact));
  return joined;
}

Remembered Remember(const std::optional<PatientContext>& context, const FeedRecord& record,
                    std::int64_t now_ms, std::int64_t limit_ms) {
  Remembered result;
  if (context && Contradicts(record.patient, context->patient)) {
    return {true, *context, {Conflict()}};
  }
  if (context) {
    if (context->patient_seen_ms >= now_ms - limit_ms) {
      TakeDemographics(context->patient, result.context.patient);
      result.context.visit = context->visit;
    }
    for (const SeenFact& seen : context->facts) {
      if (IsInTime(seen, now_ms, limit_ms)) result.context.facts.push_back(seen);
    }
    for (const ContextCase& one : context->cases) {
      if (one.started_ms >= now_ms - limit_ms) result.context.cases.push_back(one);
    }
  }
  TakeDemographics(record.patient, result.context.patient);
  if (!record.visit.empty()) result.context.visit = record.visit;
  Cut(result.context.visit);
  result.context.patient_seen_ms = now_ms;
  FactList facts(std::move(result.context.facts));
  for (const std::size_t at : Used(record, result.remarks)) {
    facts.Apply(Bounded(record.facts[at]), now_ms, result.remarks);
  }
  result.context.facts = std::move(facts).Take();
  if (DropBeyondMax(result.context.facts)) {
    result.remarks.push_back({"context_full", "",
                              "more than " + std::to_string(kContextFactsMax) +
                                  " facts of a kind: those stated longest ago are not kept"});
  }
  return result;
}

}  // namespace consilium
