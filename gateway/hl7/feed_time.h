// Times of HL7 v2 (DT, DTM, TS) as record.h has them. Threads: functions without state.
#pragma once

#include <string>
#include <string_view>

namespace consilium {

struct FeedTime {
  std::string iso;   // as precise as stated, with its zone; "" = nothing stated, or not readable
  bool odd = false;  // not in the form of the standard; `iso` may still be what was meant
};

// YYYY[MM[DD[HH[MM[SS[.S...]]]]]][+-ZZZZ], of which only the first component is given here. Read
// too, as odd: ISO 8601, and zeros in the place of an unknown month or day ("19700000"). Anything
// else and dates that do not exist are odd and "".
FeedTime ReadFeedTime(std::string_view text);

}  // namespace consilium
