#include "gateway/hl7/read_medications.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "gateway/clinical/code_system.h"
#include "gateway/clinical/fold_text.h"
#include "gateway/clinical/patient_context.h"
#include "gateway/hl7/feed_values.h"
#include "shared/text.h"

namespace consilium {
namespace {

// Where a segment has what; 0 = nowhere. Source: HL7 v2.5 chapter 4. In the order of preference.
struct Layout {
  std::string_view name;
  std::size_t code;
  std::size_t amount;
  std::size_t amount_max;
  std::size_t unit;
  std::size_t form;
  std::size_t instructions;
  std::size_t time;
  const char* amount_word;  // what the amount is, where it is not a dose
};
constexpr Layout kLayouts[] = {
    {"RXE", 2, 3, 4, 5, 6, 7, 0, ""}, {"RXD", 2, 4, 0, 5, 6, 9, 3, "dispensed "},
    {"RXG", 4, 5, 6, 7, 8, 9, 0, ""}, {"RXA", 5, 6, 0, 7, 8, 0, 3, "given "},
    {"RXO", 1, 2, 3, 4, 5, 7, 0, ""},
};

const Layout& LayoutOf(const Hl7Segment& segment) {
  const auto* const found =
      std::find_if(std::begin(kLayouts), std::end(kLayouts),
                   [&](const Layout& layout) { return layout.name == segment.name(); });
  return found == std::end(kLayouts) ? kLayouts[0] : *found;
}

bool IsMain(std::string_view name) {
  return std::any_of(std::begin(kLayouts), std::end(kLayouts),
                     [&](const Layout& layout) { return layout.name == name; });
}

std::string Trim(const std::string& text) { return std::string(Trimmed(text)); }

// "1-2 TAB"
std::string AmountOf(const Hl7Segment& segment, const Layout& layout) {
  std::string amount = Trim(segment.Get(layout.amount));
  // 999: "the amount is not known" (RXA-6).
  if (amount.empty() || amount == "0" || amount == "999") return "";
  if (layout.amount_max != 0) {
    const std::string most = Trim(segment.Get(layout.amount_max));
    if (!most.empty() && most != amount && most != "0") amount += "-" + most;
  }
  Append(amount, " ", ReadCoded(segment, layout.unit).text);
  return layout.amount_word + amount;
}

// RPT (TQ1-3): "BID", "Post (after), every 180 min".
std::string RepeatPattern(const Hl7Repetition& one) {
  std::string pattern = Trim(one.Get(1, 2));
  if (pattern.empty()) pattern = Trim(one.Get(1));
  const std::string period = Trim(one.Get(5));
  if (!period.empty()) {
    Append(pattern, ", ", "every " + period + " " + Trim(one.Get(6)));
  }
  return pattern;
}

std::string DetailOf(const Hl7Segment& segment, const Layout& layout, const std::string& route,
                     const std::string& timing) {
  std::string detail = AmountOf(segment, layout);
  Append(detail, ", ", ReadCoded(segment, layout.form).text);
  Append(detail, ", ", route);
  Append(detail, ", ", timing);
  if (layout.instructions != 0) Append(detail, "; ", CodedTexts(segment, layout.instructions));
  return detail;
}

}  // namespace

MedicationReader::Part& MedicationReader::Current() {
  if (parts_.empty()) parts_.emplace_back();
  return parts_.back();
}

const MedicationReader::Part* MedicationReader::Best() const {
  const Part* best = nullptr;
  for (const Part& part : parts_) {
    if (part.main == nullptr) continue;
    if (best == nullptr || &LayoutOf(*part.main) < &LayoutOf(*best->main)) best = &part;
  }
  return best;
}

bool MedicationReader::is_immunization() const {
  const Part* best = Best();
  return best != nullptr && best->main->name() == "RXA" && (is_vaccination_ || best->is_vaccine);
}

bool MedicationReader::IsEnded() const {
  static constexpr std::array<std::string_view, 11> kControls = {"CA", "OC", "CR", "DC", "DR", "OD",
                                                                 "RP", "RQ", "RU", "UA", "DE"};
  static constexpr std::array<std::string_view, 4> kStatuses = {"CA", "DC", "ER", "RP"};
  return std::find(kControls.begin(), kControls.end(), control_) != kControls.end() ||
         std::find(kStatuses.begin(), kStatuses.end(), status_) != kStatuses.end();
}

void MedicationReader::Take(const Hl7Segment& segment, std::vector<Fact>& facts) {
  const std::string_view name = segment.name();
  if (name == "ORC") {
    Flush(facts);
    control_ = UpperCase(Trimmed(segment.Get(1)));
    status_ = UpperCase(Trimmed(segment.Get(5)));
    time_ = TimeOf(segment, 15, remarks_);
    if (time_.empty()) time_ = TimeOf(segment, 9, remarks_);
  } else if (IsMain(name)) {
    // Several of a name without ORC between them: each is an order, or a dose of it.
    if (std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
          return part.main != nullptr && part.main->name() == name;
        })) {
      Flush(facts);
    }
    parts_.emplace_back().main = &segment;
    // Asked of every observation that follows.
    parts_.back().is_vaccine =
        name == "RXA" && CodeSystemKey(ReadCoded(segment, 5, "cvx").system) == "cvx";
    // RXE-1 of v2.2 to v2.4: TQ with the interval in its second component.
    if (name == "RXE") parts_.back().timing = Trim(segment.Get(1, 2));
  } else if (name == "RXR") {
    Append(Current().route, ", ", ReadCoded(segment, 1).text);
  } else if (name == "RXC") {
    Current().components.push_back(&segment);
  } else if (name == "TQ1") {
    std::string& timing = Current().timing;
    for (const Hl7Repetition one : segment.Each(3)) Append(timing, ", ", RepeatPattern(one));
    const std::string end = TimeOf(segment, 8, remarks_);
    if (!end.empty()) Append(timing, ", ", "until " + end.substr(0, 10));
  }
}

void MedicationReader::Comment(std::string_view text) { Append(comments_, "; ", Trimmed(text)); }

bool MedicationReader::IsGiven(const Hl7Segment& main, const Fact& fact) {
  if (main.name() != "RXA") return true;
  const std::string completion = UpperCase(Trimmed(main.Get(20)));
  const bool none = fact.kind == FactKind::kImmunization && fact.code == "998";  // CVX: none given
  if (!none && completion != "RE" && completion != "NA" && completion != "RA" &&
      completion != "NG") {
    return true;
  }
  remarks_.Add("not_given", main.Where(20), "refused or not given: no fact");
  return false;
}

void MedicationReader::AddComponents(const Part& part, const Fact& fact,
                                     std::vector<Fact>& facts) const {
  const std::string folded = FoldText(fact.text);
  const std::string whole(CutUtf8(fact.text, kContextTextBytesMax));  // it stands in each
  for (const Hl7Segment* component : part.components) {
    Coded coded = ReadCoded(*component, 2, "rxnorm");
    // What is a component of itself says nothing.
    if (coded.text.empty() || FoldText(coded.text) == folded) continue;
    if (!coded.code.empty() && coded.code == fact.code) continue;
    Fact of;
    of.kind = fact.kind;
    of.status = fact.status;
    of.time = fact.time;
    of.text = std::move(coded.text);
    of.code = std::move(coded.code);
    of.system = std::move(coded.system);
    of.detail = Trim(component->Get(3));
    if (!of.detail.empty()) Append(of.detail, " ", ReadCoded(*component, 4).text);
    if (!fact.text.empty()) Append(of.detail, ", ", "in " + whole);
    facts.push_back(std::move(of));
  }
}

void MedicationReader::Flush(std::vector<Fact>& facts) {
  const bool immunization = is_immunization();
  const Part* best = Best();
  const Part part = best == nullptr ? Part() : *best;
  std::string route = part.route;
  std::string timing = part.timing;
  for (const Part& other : parts_) {
    if (route.empty()) route = other.route;
    if (timing.empty()) timing = other.timing;
  }
  parts_.clear();
  const std::string comments = std::exchange(comments_, "");
  if (part.main == nullptr) return;

  const Layout& layout = LayoutOf(*part.main);
  Coded coded = ReadCoded(*part.main, layout.code, immunization ? "cvx" : "rxnorm");
  Fact fact;
  fact.kind = immunization ? FactKind::kImmunization : FactKind::kMedication;
  fact.text = std::move(coded.text);
  fact.code = std::move(coded.code);
  fact.system = std::move(coded.system);
  fact.detail = DetailOf(*part.main, layout, route, timing);
  if (control_ == "HD" || status_ == "HD") Append(fact.detail, "; ", "on hold");
  Append(fact.detail, "; ", comments);
  if (layout.time != 0) fact.time = TimeOf(*part.main, layout.time, remarks_);
  if (fact.time.empty()) fact.time = time_;
  if (IsEnded()) fact.status = FactStatus::kInactive;
  if (!IsGiven(*part.main, fact)) return;
  if (part.main->name() == "RXA" && UpperCase(Trimmed(part.main->Get(21))) == "D") {
    fact.status = FactStatus::kWithdrawn;
  }
  if (!fact.text.empty()) facts.push_back(fact);
  AddComponents(part, fact, facts);
}

}  // namespace consilium
