// What is stated about a patient outside of orders and observations: DG1, AL1, IAM, PRB.
// Each reads one segment into one fact; false where it says nothing. Threads: functions without
// state.
#pragma once

#include "gateway/clinical/record.h"
#include "gateway/hl7/feed_remarks.h"
#include "gateway/hl7/message.h"

namespace consilium {

bool ReadDg1(const Hl7Segment& dg1, Fact& fact, FeedRemarks& remarks);
bool ReadPrb(const Hl7Segment& prb, Fact& fact, FeedRemarks& remarks);
// "No known (drug) allergies" in its codes and words is kNoneKnown; "unknown" says nothing (remark
// "allergy_unknown"), as does "no known food allergies" (remark "allergy_partly_none").
bool ReadAl1(const Hl7Segment& al1, Fact& fact, FeedRemarks& remarks);
bool ReadIam(const Hl7Segment& iam, Fact& fact, FeedRemarks& remarks);

}  // namespace consilium
