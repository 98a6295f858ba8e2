#include "gateway/clinical/case_maker.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/clinical/age.h"
#include "gateway/clinical/patient_facts.h"
#include "gateway/clinical/scrub.h"
#include "shared/number_text.h"
#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::size_t kDateBytes = 10;  // "2026-11-28"

bool IsOf(const Fact& fact, FactKind kind, FactStatus status = FactStatus::kActive) {
  return fact.kind == kind && fact.status == status;
}

bool HasNoneKnown(const std::vector<Fact>& facts, FactKind kind) {
  return std::any_of(facts.begin(), facts.end(),
                     [&](const Fact& fact) { return IsOf(fact, kind, FactStatus::kNoneKnown); });
}

// Words on one line.
std::string Line(std::string_view text) {
  std::string line(Trimmed(text));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return line;
}

std::string WithDate(std::string text, const std::string& time) {
  if (!time.empty()) text += " (" + time.substr(0, kDateBytes) + ")";
  return text;
}

std::string Measured(const Fact& fact, const Scrubber& scrubber) {
  std::string text = Line(NameOf(fact));
  if (!fact.instance.empty()) text += " (" + Line(fact.instance) + ")";
  text += ": ";
  text +=
      fact.value_text.empty() && fact.value ? ShortestDecimal(*fact.value) : Line(fact.value_text);
  if (!fact.unit.empty()) text += " " + Line(fact.unit);
  if (!fact.detail.empty()) text += " [" + scrubber.Scrub(Line(fact.detail)) + "]";
  return WithDate(std::move(text), fact.time);
}

std::string Named(const Fact& fact) {
  std::string text = Line(NameOf(fact));
  if (!fact.detail.empty()) text += " (" + Line(fact.detail) + ")";
  return text;
}

// "Name: a; b" of the active facts of a kind; "" when there is none.
template <class Show>
std::string ListLine(const char* name, const std::vector<Fact>& facts, FactKind kind, Show show) {
  std::string line;
  for (const Fact& fact : facts) {
    if (!IsOf(fact, kind) || NameOf(fact).empty()) continue;
    line += (line.empty() ? std::string(name) + ": " : "; ") + show(fact);
  }
  return line;
}

// What is coded beside the notes, a line each.
class Lines {
 public:
  void Add(std::string line) {
    if (!line.empty()) text_ += std::move(line) + "\n";
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

void AddAllergies(const std::vector<Fact>& facts, Lines& lines) {
  std::string stated = ListLine("Allergies", facts, FactKind::kAllergy, Named);
  const bool none = HasNoneKnown(facts, FactKind::kAllergy);
  if (stated.empty()) {
    lines.Add(none ? "No known allergies (stated)." : "Allergies: not stated.");
  } else {
    if (none) stated += ". No known allergies was stated too; the two contradict each other.";
    lines.Add(std::move(stated));
  }
}

void AddMedications(const std::vector<Fact>& facts, const Patient& patient, Lines& lines) {
  if (!patient.medications.empty()) return;  // they are listed with the patient
  lines.Add(HasNoneKnown(facts, FactKind::kMedication) ? "No current medications (stated)."
                                                       : "Current medications: not stated.");
}

void AddDiagnoses(const std::vector<Fact>& facts, Lines& lines) {
  const auto show = [](const Fact& fact) { return WithDate(Named(fact), fact.time); };
  lines.Add(ListLine("Diagnoses", facts, FactKind::kDiagnosis, show));
  if (HasNoneKnown(facts, FactKind::kDiagnosis)) lines.Add("No known problems (stated).");
}

void AddMeasurements(const std::vector<Fact>& facts, const Scrubber& scrubber, Lines& lines) {
  bool first = true;
  for (const Fact& fact : facts) {
    if (!IsOf(fact, FactKind::kMeasurement) || NameOf(fact).empty()) continue;
    if (!fact.value && fact.value_text.empty()) continue;
    if (std::exchange(first, false)) lines.Add("Measurements:");
    lines.Add("- " + Measured(fact, scrubber));
  }
}

void AddAge(const Demographics& patient, const std::vector<Note>& notes, std::int64_t now_ms,
            Lines& lines, std::vector<Remark>& remarks) {
  const auto age = AgeAt(patient.birth_date, now_ms);
  if (age && !age->exact)
    lines.Add("Age: about " + age->text + ", the birth date is not complete.");
  for (const Note& note : notes) {
    const auto stated = StatedAge(note.text);
    if (!stated || !age) continue;
    // Completed years: 44 years and 11 months is called 45 as well.
    if (std::fabs(*stated - age->years) <= 1 + (age->exact ? 0 : 1)) continue;
    lines.Add("Age: " + age->text + " by the birth date of the record, " + std::to_string(*stated) +
              " years in a note; which one is right is not known.");
    remarks.push_back({"age_conflict", "birth_date",
                       "the age by it and the age in a note differ by more than a year"});
    return;
  }
}

std::string NotesText(const std::vector<Note>& notes, const Scrubber& scrubber) {
  std::string text;
  for (const Note& note : notes) {
    const std::string_view body = Trimmed(note.text);
    if (body.empty()) continue;
    if (!text.empty()) text += "\n\n";
    std::string title = scrubber.Scrub(Line(note.title));
    if (note.action == NoteAction::kAddendum)
      title = title.empty() ? "Addendum" : "Addendum: " + title;
    if (!title.empty()) text += title + "\n";
    text += scrubber.Scrub(body);
  }
  return text;
}

Error WhyUnread(Unread unread) {
  if (unread == Unread::kLength) {
    return {ErrorCode::kTooLarge,
            "notes: one is longer than a case may be (broker.case_bytes_max): a human has to look"};
  }
  return {ErrorCode::kUnsupported,
          unread == Unread::kForm
              ? "notes: one came in a form that is not read here (PDF, RTF, image, a reference), "
                "expected text: a human has to look"
              : "notes: one was changed or added to, and its text was not sent: a human has to "
                "look"};
}

bool IsSomethingToAsk(const FeedRecord& record, const std::string& notes,
                      const std::vector<Fact>& facts) {
  return !notes.empty() || !Trimmed(record.reason).empty() ||
         std::any_of(facts.begin(), facts.end(), [](const Fact& fact) {
           return IsOf(fact, FactKind::kDiagnosis) && !NameOf(fact).empty();
         });
}

}  // namespace

Result<CaseText> MakeVignette(const FeedRecord& record, const JoinedContext& joined,
                              std::int64_t now_ms) {
  for (const Note& note : record.notes) {
    if (note.unread != Unread::kNothing) return WhyUnread(note.unread);
  }
  const Scrubber scrubber(record);
  std::string notes = NotesText(record.notes, scrubber);
  if (!IsSomethingToAsk(record, notes, joined.facts)) {
    return Invalid("nothing to ask about: expected a note, a reason or an active diagnosis");
  }
  CaseText made;
  auto patient = MakePatient(joined.patient, joined.facts, now_ms, made.remarks);
  if (!patient) return patient.error();

  Lines lines;
  if (joined.conflict) {
    lines.Add(
        "Earlier statements under this patient's number are not used: birth date, sex or family "
        "name do not agree. There may be allergies and medications that are not listed here.");
  }
  if (!Trimmed(record.reason).empty()) {
    lines.Add("Reason: " + scrubber.Scrub(Line(record.reason)));
  }
  AddAge(joined.patient, record.notes, now_ms, lines, made.remarks);
  AddDiagnoses(joined.facts, lines);
  AddAllergies(joined.facts, lines);
  AddMedications(joined.facts, *patient, lines);
  AddMeasurements(joined.facts, scrubber, lines);
  lines.Add(ListLine("Immunizations", joined.facts, FactKind::kImmunization,
                     [](const Fact& fact) { return WithDate(Named(fact), fact.time); }));

  made.vignette.text = std::move(notes);
  if (!made.vignette.text.empty()) made.vignette.text += "\n\nStated beside the notes:\n";
  made.vignette.text += lines.text();
  if (!record.question.empty()) made.vignette.question = scrubber.Scrub(record.question);
  made.vignette.patient = *std::move(patient);
  return made;
}

}  // namespace consilium
