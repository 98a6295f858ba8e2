// Who a message is about: PID, MRG. Threads: functions without state.
#pragma once

#include <string_view>

#include "gateway/clinical/record.h"
#include "gateway/hl7/feed_remarks.h"
#include "gateway/hl7/message.h"

namespace consilium {

// PID-3, -2, -4 (ids), -19, -20 (register and licence numbers, as ids of that type), -5, -7, -8,
// -18. Remark: "sex_code" (not of table 0001).
void ReadPid(const Hl7Segment& pid, FeedRecord& record, FeedRemarks& remarks);

// MRG-1, -4: ids that end. Only of the events that merge patients; those that move an account or a
// visit leave both patients as they are.
void ReadMrg(const Hl7Segment& mrg, std::string_view event, FeedRecord& record);

// Names and numbers that are only to be taken out of free text: attending, referring and consulting
// doctors (PV1-7, -8, -9), relatives (NK1-2, -5).
void ReadStaffNames(const Hl7Segment& pv1, FeedRecord& record);
void ReadRelativeNames(const Hl7Segment& nk1, FeedRecord& record);

}  // namespace consilium
