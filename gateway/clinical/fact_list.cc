#include "gateway/clinical/fact_list.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "gateway/clinical/code_system.h"
#include "gateway/clinical/fold_text.h"
#include "gateway/clinical/iso_time.h"

namespace consilium {
namespace {

bool IsNone(const Fact& fact) { return fact.status == FactStatus::kNoneKnown; }

std::size_t IndexOf(FactKind kind) { return static_cast<std::size_t>(kind); }

void RemarkContradiction(FactKind kind, const char* text, std::vector<Remark>& remarks) {
  const Remark remark{"fact_contradiction", kFactKindNames[IndexOf(kind)], text};
  if (std::find(remarks.begin(), remarks.end(), remark) == remarks.end()) remarks.push_back(remark);
}

std::optional<std::int64_t> BeginOf(const Fact& fact) {
  if (fact.kind != FactKind::kMeasurement) return std::nullopt;
  const auto time = ParseIsoTime(fact.time);
  return time ? std::optional<std::int64_t>(time->begin_ms) : std::nullopt;
}

// With its length, so that what follows cannot be taken for a part of it.
void AddPart(std::string_view part, std::string& key) {
  key += std::to_string(part.size());
  key += ':';
  key += part;
}

}  // namespace

FactList::FactList(std::vector<SeenFact> facts) {
  for (const SeenFact& seen : facts) Add(seen, KeysOf(seen.fact));
}

FactList::Keys FactList::KeysOf(const Fact& fact) {
  Keys keys;
  keys.none = IsNone(fact);
  if (keys.none) return keys;
  std::string start = kFactKindNames[IndexOf(fact.kind)];
  AddPart(fact.instance, start);
  AddPart(fact.kind == FactKind::kImmunization ? fact.time : "", start);
  if (!fact.code.empty()) {
    keys.system = "of " + CodeSystemKey(fact.system);
    keys.code = start;
    AddPart(keys.system, keys.code);
    keys.code += fact.code;
  }
  const std::string text = FoldText(fact.text);
  if (!text.empty()) keys.text = start + text;
  return keys;
}

// The lists of what is the same thing; nothing that is gone is in them.
std::vector<FactList::Places*> FactList::SameAs(const Fact& fact, const Keys& keys) {
  std::vector<Places*> same;
  if (keys.none) {
    same.push_back(&kinds_[IndexOf(fact.kind)].none);
  } else if (const auto found = by_code_.find(keys.code); found != by_code_.end()) {
    same.push_back(&found->second);
  }
  for (Places* places : same) Tidy(*places);
  const auto found = by_text_.find(keys.text);
  if (found == by_text_.end()) return same;
  auto& systems = found->second;
  for (auto at = systems.begin(); at != systems.end();) {
    // Within one system the code decides.
    if (!keys.code.empty() && at->first == keys.system) {
      ++at;
      continue;
    }
    Tidy(at->second);
    if (at->second.empty()) {
      at = systems.erase(at);
    } else {
      same.push_back(&(at++)->second);
    }
  }
  return same;
}

void FactList::Tidy(Places& places) {
  std::erase_if(places, [&](std::size_t at) { return entries_[at].gone; });
}

// Whether there was any.
bool FactList::Remove(Places& places) {
  Tidy(places);
  for (const std::size_t at : places) entries_[at].gone = true;
  return !std::exchange(places, {}).empty();
}

bool FactList::HasLater(const std::vector<Places*>& same, std::int64_t begin_ms) const {
  return std::any_of(same.begin(), same.end(), [&](const Places* places) {
    return std::any_of(places->begin(), places->end(), [&](std::size_t at) {
      return entries_[at].begin_ms && *entries_[at].begin_ms > begin_ms;
    });
  });
}

void FactList::Add(const SeenFact& seen, const Keys& keys) {
  const std::size_t at = entries_.size();
  OfKind& kind = kinds_[IndexOf(seen.fact.kind)];
  (keys.none ? kind.none : kind.stated).push_back(at);
  if (!keys.code.empty()) by_code_[keys.code].push_back(at);
  if (!keys.text.empty()) by_text_[keys.text][keys.system].push_back(at);
  entries_.push_back({seen, BeginOf(seen.fact)});
}

void FactList::Apply(const Fact& fact, std::int64_t seen_ms, std::vector<Remark>& remarks) {
  const Keys keys = KeysOf(fact);
  const std::vector<Places*> same = SameAs(fact, keys);
  OfKind& kind = kinds_[IndexOf(fact.kind)];
  const bool removes =
      fact.status == FactStatus::kWithdrawn || fact.status == FactStatus::kInactive;
  if (!removes && !keys.none) {
    if (Remove(kind.none)) {
      RemarkContradiction(fact.kind, "stated after it was stated that there is none", remarks);
    }
    const auto begin_ms = BeginOf(fact);
    if (begin_ms && HasLater(same, *begin_ms)) return;
  } else if (!removes && fact.kind == FactKind::kAllergy) {
    while (!kind.stated.empty() && entries_[kind.stated.back()].gone) kind.stated.pop_back();
    if (!kind.stated.empty()) {
      RemarkContradiction(fact.kind, "none known was stated beside one that was not withdrawn",
                          remarks);
    }
  } else if (!removes && Remove(kind.stated)) {
    RemarkContradiction(fact.kind, "none known was stated after one that was not withdrawn",
                        remarks);
  }
  for (Places* places : same) Remove(*places);
  if (!removes) Add({fact, seen_ms}, keys);
}

std::vector<SeenFact> FactList::Take() && {
  std::vector<SeenFact> facts;
  for (Entry& entry : entries_) {
    if (!entry.gone) facts.push_back(std::move(entry.seen));
  }
  return facts;
}

}  // namespace consilium
