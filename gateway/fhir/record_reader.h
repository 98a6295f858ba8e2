// The record of one patient from resources and Bundles that came one by one, as CDS Hooks sends
// them: for a patient whose id is known, some of it twice, some of it missing.
//
// Only what is about that patient is taken: `subject` must be "Patient/<id>", relative or at
// `base`, or an identifier of the Patient that came. The rest is left out with a remark. A resource
// that is not as R4 wants it is left out with its issues; the others stay.
// Threads: one. Memory: what was taken is kept until Finish, at most kFhirTakenMax resources.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/issue.h"
#include "gateway/fhir/scope.h"
#include "gateway/fhir/value.h"

namespace consilium {

inline constexpr std::size_t kFhirTakenMax = 16384;

struct FhirRecordReading {
  FeedRecord record;         // `reference` is always set: "Patient/<id>"
  bool has_patient = false;  // its Patient came
  std::vector<Remark> remarks;
  std::vector<FhirIssue> issues;
};

class FhirRecordReader {
 public:
  // `patient`: "123" or "Patient/123"; `base`: of the server that the resources are from, without a
  // slash at its end, or "" when that is not known.
  FhirRecordReader(std::string_view patient, std::string_view base);

  // A resource, or a Bundle of type searchset or collection, whose entries are taken (an
  // OperationOutcome among them, or alone, is a remark). `where` begins the places in issues:
  // "prefetch.conditions". What was taken before is not taken again.
  void Take(FhirValue resource, const std::string& where);
  // The same of JSON text; what is no FHIR JSON is an issue.
  void TakeJson(std::string_view json, const std::string& where);

  // Once, after the last Take.
  FhirRecordReading Finish();

 private:
  void TakeBundle(const FhirValue& bundle, const std::string& where);
  void TakeOne(const FhirValue& resource, std::string_view full_url, const std::string& where);
  bool IsOurPatient(const FhirEntry& entry) const;
  void LeaveOutNotes(std::vector<Note>& notes);

  std::string id_;
  std::string base_;
  std::deque<FhirValue> values_;  // stay where they are
  FhirIndex index_;
  FhirRecordReading reading_;
};

}  // namespace consilium
