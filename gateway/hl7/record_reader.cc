#include "gateway/hl7/record_reader.h"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

#include "gateway/hl7/feed_values.h"
#include "gateway/hl7/read_observation.h"
#include "gateway/hl7/read_patient.h"
#include "gateway/hl7/read_statements.h"
#include "shared/text.h"

namespace consilium {
namespace {

// A reason that is part of those before it is not said again; in longer ones it is not looked for.
constexpr std::size_t kReasonSearchedBytes = 4096;

template <std::size_t N>
bool IsOneOf(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsRx(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kNames = {"RXO", "RXE", "RXD", "RXG",
                                                             "RXA", "RXR", "RXC", "TQ1"};
  return IsOneOf(name, kNames);
}

// Segments with which another group of observations begins.
bool BeginsGroup(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kNames = {"PID", "ORC", "OBR", "TXA",
                                                             "RXO", "RXE", "RXA", "SPM"};
  return IsOneOf(name, kNames);
}

// Segments that stand between another one and the comments on it.
bool IsBeside(std::string_view name) {
  static constexpr std::array<std::string_view, 7> kNames = {"PD1", "PRT", "ROL", "CTD",
                                                             "EVN", "SFT", "ARV"};
  return IsOneOf(name, kNames);
}

// Of several measurements under one name and time each stays: OBX-4 tells them apart, or where they
// came. Where there is one, OBX-4 says nothing.
void TellApart(std::vector<Fact>& facts) {
  std::map<std::tuple<std::string, std::string, std::string, std::string>, std::vector<Fact*>> same;
  for (Fact& fact : facts) {
    if (fact.kind != FactKind::kMeasurement) continue;
    same[{fact.system, fact.code, fact.text, fact.time}].push_back(&fact);
  }
  for (const auto& [name, list] : same) {
    std::set<std::string> stated;
    for (const Fact* fact : list) stated.insert(fact->instance);
    const bool apart = stated.size() == list.size() && stated.count("") == 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list.size() == 1) list[i]->instance.clear();
      if (list.size() > 1 && !apart) list[i]->instance = std::to_string(i + 1);
    }
  }
}

// What an immunization registry is told beside a vaccination and is of the patient, not of the
// dose: a contraindication, a reaction, a disease with presumed immunity (LOINC).
bool IsOfPatient(const Fact& fact) {
  static constexpr std::array<std::string_view, 3> kCodes = {"30945-0", "31044-1", "59784-9"};
  return IsOneOf(fact.code, kCodes);
}

}  // namespace

RecordReader::RecordReader(std::string_view type, std::string_view event,
                           std::vector<const Hl7Segment*> segments, FeedRemarks& remarks)
    : event_(event),
      is_document_message_(type == "MDM"),
      is_vaccination_(type == "VXU"),
      is_deletion_(type == "ADT" && (event == "A23" || event == "A29")),
      segments_(std::move(segments)),
      remarks_(remarks),
      medications_(is_vaccination_, remarks) {}

FeedRecord RecordReader::Read() && {
  for (std::size_t i = 0; i < segments_.size(); ++i) Take(i);
  medications_.Flush(record_.facts);
  FinishNote();
  TellApart(record_.facts);
  DropRepeated(record_.merged);
  if (is_deletion_) {
    // Whatever is in it is what was deleted: with A23 that of the visit, with A29 all of the
    // person.
    FeedRecord deleted;
    deleted.patient = record_.patient;
    if (event_ == "A23") deleted.visit = record_.visit;
    deleted.deleted = event_ == "A29" || !deleted.visit.empty();
    if (!deleted.deleted) {
      remarks_.Add("visit_missing", "PV1-19", "no visit is named: nothing was deleted");
    }
    return deleted;
  }
  return std::move(record_);
}

void RecordReader::AddFact(Fact* fact) {
  target_ = fact != nullptr ? Target::kFact : Target::kNone;
  if (fact != nullptr) record_.facts.push_back(std::move(*fact));
}

void RecordReader::AddReason(std::string_view reason) {
  reason = Trimmed(reason);
  if (reason.empty() || !reasons_.emplace(reason).second) return;
  const bool is_long = record_.reason.size() > kReasonSearchedBytes;
  if (!is_long && record_.reason.find(reason) != std::string::npos) return;
  Append(record_.reason, "; ", reason);
}

void RecordReader::SetNumbers(const Hl7Segment& segment) {
  if (record_.placer.empty()) record_.placer = EntityOf(segment, 2);
  if (record_.filler.empty()) record_.filler = EntityOf(segment, 3);
}

NoteDraft& RecordReader::Draft() {
  if (!note_) note_.emplace();
  return *note_;
}

void RecordReader::FinishNote() {
  if (!note_) return;
  NoteDraft draft = *std::exchange(note_, std::nullopt);
  auto note = std::move(draft).Finish(remarks_);
  if (note) record_.notes.push_back(*std::move(note));
}

void RecordReader::TakeOrc(const Hl7Segment& orc) {
  medications_.Take(orc, record_.facts);
  filler_ = NumberInSystem(orc, 3);
  filler_entity_ = EntityOf(orc, 3);
  SetNumbers(orc);
  if (note_ && !note_->is_document()) FinishNote();
  target_ = Target::kOrder;
}

void RecordReader::TakeObr(const Hl7Segment& obr) {
  SetNumbers(obr);
  AddReason(CodedTexts(obr, 31));
  observed_ = TimeOf(obr, 7, remarks_);
  target_ = Target::kNote;
  if (is_document_message_ || (note_ && note_->is_document()))
    return;  // the OBX are the document's
  FinishNote();
  std::string filler = NumberInSystem(obr, 3);
  EntityId entity = EntityOf(obr, 3);
  if (filler.empty()) {
    filler = filler_;
    entity = filler_entity_;
  }
  note_ = NoteDraft::OfObr(obr, filler, entity, remarks_);
}

// Counts the names of the group that begins at `at`.
void RecordReader::EnterGroup(std::size_t at) {
  if (at < group_end_) return;
  names_.clear();
  group_end_ = at;
  while (group_end_ < segments_.size() && !BeginsGroup(segments_[group_end_]->name())) {
    const Hl7Segment& other = *segments_[group_end_++];
    if (other.name() == "OBX") ++names_[std::string(other.Raw(3))];
  }
}

// In a document every OBX of text is a line of it; in a report those that share a name are.
bool RecordReader::IsLine(std::size_t at) {
  const Hl7Segment& obx = *segments_[at];
  if (is_document_message_ || (note_ && note_->is_document())) return true;
  if (!IsTextType(obx)) return false;
  const bool repeated = names_[std::string(obx.Raw(3))] > 1;
  const bool has_unit = !Trimmed(obx.Get(6)).empty();
  return !IsSingleResult(obx) || (repeated && !has_unit);
}

void RecordReader::TakeObx(std::size_t at) {
  const Hl7Segment& obx = *segments_[at];
  EnterGroup(at);
  Observation seen = ReadObservation(obx, IsLine(at), remarks_);
  if (note_ || seen.kind == Observation::Kind::kText ||
      seen.kind == Observation::Kind::kUnreadable) {
    Draft().Add(seen);
  }
  switch (seen.kind) {
    case Observation::Kind::kNothing:
    case Observation::Kind::kText:
    case Observation::Kind::kUnreadable:
      target_ = Target::kNote;
      return;
    case Observation::Kind::kFact:
      break;
  }
  if (medications_.is_immunization() && !IsOfPatient(seen.fact)) {
    target_ = Target::kIgnored;
    return;
  }
  seen.fact.instance = Trimmed(obx.Get(4));
  if (seen.fact.time.empty()) seen.fact.time = observed_;
  AddFact(&seen.fact);
}

void RecordReader::TakeNte(const Hl7Segment& nte) {
  const std::string text = nte.Text(3);
  if (Trimmed(text).empty()) return;
  switch (target_) {
    case Target::kFact:
      Append(record_.facts.back().detail, "; ", Trimmed(text));
      return;
    case Target::kOrder:
      if (medications_.open()) return medications_.Comment(text);
      [[fallthrough]];
    case Target::kNone:
    case Target::kNote:
      // Before a document: about its order. After it: it is part of it.
      if (is_document_message_ && !note_) return Append(comments_, "\n", Trimmed(text));
      Draft().AddLines(is_document_message_ ? "" : "Comment", text);
      return;
    case Target::kIgnored:
      return;
  }
}

void RecordReader::Take(std::size_t at) {
  const Hl7Segment& segment = *segments_[at];
  const std::string_view name = segment.name();
  Fact fact;
  if (name == "OBX") {
    TakeObx(at);
  } else if (name == "NTE") {
    TakeNte(segment);
  } else if (name == "OBR") {
    TakeObr(segment);
  } else if (name == "ORC") {
    TakeOrc(segment);
  } else if (IsRx(name)) {
    medications_.Take(segment, record_.facts);
    target_ = Target::kOrder;
  } else if (name == "TXA") {
    FinishNote();
    note_ = NoteDraft::OfTxa(segment, is_document_message_ ? event_ : "", remarks_);
    note_->AddComment(std::exchange(comments_, ""));
    if (record_.placer.empty()) record_.placer = EntityOf(segment, 14);
    if (record_.filler.empty()) record_.filler = EntityOf(segment, 15);
    target_ = Target::kNote;
  } else if (name == "PID") {
    ReadPid(segment, record_, remarks_);
    target_ = Target::kNone;
  } else if (name == "MRG") {
    ReadMrg(segment, event_, record_);
    target_ = Target::kNone;
  } else if (name == "PV1") {
    record_.visit = NumberOf(segment, 19);
    ReadStaffNames(segment, record_);
    target_ = Target::kNone;
  } else if (name == "NK1") {
    ReadRelativeNames(segment, record_);
    target_ = Target::kIgnored;
  } else if (name == "PV2") {
    AddReason(CodedTexts(segment, 3));
  } else if (name == "RF1") {
    AddReason(CodedTexts(segment, 10));
    target_ = Target::kNone;
  } else if (name == "DG1") {
    AddFact(ReadDg1(segment, fact, remarks_) ? &fact : nullptr);
  } else if (name == "AL1") {
    AddFact(ReadAl1(segment, fact, remarks_) ? &fact : nullptr);
  } else if (name == "IAM") {
    AddFact(ReadIam(segment, fact, remarks_) ? &fact : nullptr);
  } else if (name == "PRB") {
    AddFact(ReadPrb(segment, fact, remarks_) ? &fact : nullptr);
  } else if (name == "SPM") {
    target_ = Target::kNote;
  } else if (!IsBeside(name)) {
    target_ = Target::kIgnored;
  }
}

}  // namespace consilium
