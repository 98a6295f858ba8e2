#include "gateway/hl7/read_patient.h"

#include <algorithm>
#include <array>
#include <string>

#include "gateway/hl7/feed_values.h"
#include "shared/text.h"

namespace consilium {
namespace {

// Table 0001, and the words that stand for its codes.
std::string SexOf(const Hl7Segment& pid, FeedRemarks& remarks) {
  const std::string code = UpperCase(Trimmed(pid.Get(8)));
  if (code.empty()) return "";
  if (code == "F" || code == "FEMALE") return "female";
  if (code == "M" || code == "MALE") return "male";
  if (code == "O" || code == "A" || code == "OTHER" || code == "X") return "other";
  if (code == "U" || code == "N" || code == "UNKNOWN" || code == "UN" || code == "UNK") {
    return "unknown";
  }
  remarks.Add("sex_code", pid.Where(8), "not of table 0001: left out");
  return "";
}

// PID-30 (table 0136), else whether PID-29 has a time of death. What is deleted was wrong.
std::string DeceasedOf(const Hl7Segment& pid, FeedRemarks& remarks) {
  const std::string code = UpperCase(Trimmed(pid.Get(30)));
  if (code == "Y" || code == "YES") return "yes";
  if (code == "N" || code == "NO" || pid.IsNull(30)) return "no";
  if (pid.IsNull(29)) return "no";
  return TimeOf(pid, 29, remarks).empty() ? "" : "yes";
}

void AddOnce(std::string text, std::vector<std::string>& texts) {
  constexpr std::size_t kMax = 64;
  if (text.empty() || texts.size() >= kMax) return;
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
}

// The legal name, else the first.
Hl7Repetition LegalName(const Hl7Segment& pid) {
  for (const Hl7Repetition name : pid.Each(5)) {
    if (name.Get(7) == "L") return name;
  }
  return pid.Repetition(5);
}

void AddIds(const Hl7Segment& segment, std::size_t field, std::vector<PatientId>& ids) {
  for (PatientId& id : ReadIds(segment, field)) ids.push_back(std::move(id));
}

// Names of people: XPN has the family name in its first component, XCN in its second.
void AddNames(const Hl7Segment& segment, std::size_t field, std::size_t family,
              std::vector<std::string>& names) {
  for (const Hl7Repetition one : segment.Each(field)) {
    std::string name(Trimmed(one.Get(family)));
    Append(name, " ", Trimmed(one.Get(family, 5)));  // FN: the partner's
    Append(name, " ", Trimmed(one.Get(family + 1)));
    Append(name, " ", Trimmed(one.Get(family + 2)));
    AddOnce(std::move(name), names);
  }
}

// XTN: the number in its first component, or its parts.
void AddPhones(const Hl7Segment& segment, std::size_t field, std::vector<std::string>& numbers) {
  for (const Hl7Repetition one : segment.Each(field)) {
    for (const std::size_t part : {std::size_t{1}, std::size_t{7}, std::size_t{12}}) {
      AddOnce(std::string(Trimmed(one.Get(part))), numbers);
    }
  }
}

}  // namespace

void ReadPid(const Hl7Segment& pid, FeedRecord& record, FeedRemarks& remarks) {
  Demographics& patient = record.patient;
  for (const std::size_t field : {std::size_t{3}, std::size_t{2}, std::size_t{4}})
    AddIds(pid, field, patient.ids);
  DropRepeated(patient.ids);
  for (const std::size_t field : {std::size_t{19}, std::size_t{20}}) {
    const std::string number(Trimmed(pid.Get(field)));
    if (!number.empty()) patient.ids.push_back({"", number, field == 19 ? "SS" : "DL"});
  }
  const Hl7Repetition name = LegalName(pid);
  patient.family = Trimmed(name.Get(1));
  patient.given = Trimmed(name.Get(2));
  Append(patient.given, " ", Trimmed(name.Get(3)));
  patient.birth_date = TimeOf(pid, 7, remarks);
  patient.sex = SexOf(pid, remarks);
  patient.deceased = DeceasedOf(pid, remarks);
  record.account = NumberOf(pid, 18);
  for (const std::size_t field : {std::size_t{5}, std::size_t{6}, std::size_t{9}}) {
    AddNames(pid, field, 1, record.names);
  }
  for (const std::size_t field : {std::size_t{13}, std::size_t{14}}) {
    AddPhones(pid, field, record.numbers);
  }
}

void ReadStaffNames(const Hl7Segment& pv1, FeedRecord& record) {
  for (const std::size_t field : {std::size_t{7}, std::size_t{8}, std::size_t{9}}) {
    AddNames(pv1, field, 2, record.names);
  }
}

void ReadRelativeNames(const Hl7Segment& nk1, FeedRecord& record) {
  AddNames(nk1, 2, 1, record.names);
  AddPhones(nk1, 5, record.numbers);
}

void ReadMrg(const Hl7Segment& mrg, std::string_view event, FeedRecord& record) {
  // Source: HL7 v2.5 chapter 3: merge of patients and persons, change of an identifier.
  static constexpr std::array<std::string_view, 8> kMerges = {"A18", "A30", "A34", "A36",
                                                              "A39", "A40", "A46", "A47"};
  if (std::find(kMerges.begin(), kMerges.end(), event) == kMerges.end()) return;
  for (const std::size_t field : {std::size_t{1}, std::size_t{4}})
    AddIds(mrg, field, record.merged);
}

}  // namespace consilium
