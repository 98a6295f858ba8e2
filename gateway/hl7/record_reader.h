// The segments of one patient, in their order, read into a FeedRecord.
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/hl7/feed_remarks.h"
#include "gateway/hl7/message.h"
#include "gateway/hl7/note_draft.h"
#include "gateway/hl7/read_medications.h"

namespace consilium {

class RecordReader {
 public:
  // `segments`: those of one patient, PID among them or not. All must outlive the reader.
  RecordReader(std::string_view type, std::string_view event,
               std::vector<const Hl7Segment*> segments, FeedRemarks& remarks);
  FeedRecord Read() &&;

 private:
  // What a comment (NTE) belongs to: that which was read last.
  enum class Target { kNone, kFact, kNote, kOrder, kIgnored };

  void Take(std::size_t at);
  void TakeObr(const Hl7Segment& obr);
  void TakeOrc(const Hl7Segment& orc);
  void TakeObx(std::size_t at);
  void TakeNte(const Hl7Segment& nte);
  void AddFact(Fact* fact);  // nullptr: the segment says nothing
  void AddReason(std::string_view reason);
  void SetNumbers(const Hl7Segment& segment);
  NoteDraft& Draft();
  void FinishNote();
  void EnterGroup(std::size_t at);
  bool IsLine(std::size_t at);

  const std::string event_;
  const bool is_document_message_;
  const bool is_vaccination_;
  const bool is_deletion_;
  const std::vector<const Hl7Segment*> segments_;
  FeedRemarks& remarks_;
  FeedRecord record_;
  MedicationReader medications_;
  std::optional<NoteDraft> note_;
  std::string observed_;  // OBR-7: the time of observations that state none
  std::string filler_;    // of the order that is read
  EntityId filler_entity_;
  Target target_ = Target::kNone;
  std::string comments_;  // before a document
  std::set<std::string> reasons_;
  // How often each OBX-3 stands in the group that is read, and where that ends.
  std::map<std::string, std::size_t> names_;
  std::size_t group_end_ = 0;
};

}  // namespace consilium
