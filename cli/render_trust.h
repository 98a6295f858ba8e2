// What people read of what the council's confidence rests on; at most 80 columns. Pure.
#pragma once

#include <string>

#include "cli/screen.h"
#include "shared/messages.h"
#include "shared/result.h"

namespace consilium {

// Those of a kind; "" = all. kNotFound, with the kinds that there are.
Result<TrackRecords> RecordsOf(const std::string& kind, TrackRecords records);

// One part for each kind of task: what is known, whether it is calibrated, whether the risk target
// is kept, and what the vote of each model is worth.
std::string RenderTrust(const TrackRecords& records, const Look& look);

// "multiplies the odds by 12": what a vote of this weight (log odds, at least 0)
// does for its answer.
std::string VoteText(double weight);

// "at most 0.05 may be wrong: kept from 0.87 on; of 212 known outcomes 130 were at least so sure, 2
// of these wrong".
std::string RiskText(const TrackRecord& record);

}  // namespace consilium
