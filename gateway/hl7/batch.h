// Batches and files of HL7 v2 messages: FHS BHS MSH.. MSH.. BTS FTS, also several messages without
// any of these, in one payload. Source: HL7 v2.5 chapter 2.10.3; clinical.md 1.7.
// Threads: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/hl7/charset.h"
#include "gateway/hl7/message.h"
#include "shared/result.h"

namespace consilium {

struct Hl7Batch {
  // Each from its MSH to the next header or trailer; views of the payload. Each has delimiters and
  // a character set of its own (BHS and FHS have no field for one).
  std::vector<std::string_view> messages;
  bool has_headers = false;  // there was a BHS or FHS
  std::string id;            // BHS-11, else FHS-11, as it came; "" = none
  // What the sender's character set is known to be from a byte order mark before the first header;
  // nullptr = not known. For ParseHl7, which does not see that mark.
  const Hl7Charset* charset = nullptr;
  // batch_count            BTS-1 or FTS-1 states another number than came
  // batch_trailer_missing  a batch or file ended without BTS or FTS
  // batch_header_missing   BTS or FTS came without its header
  // stray_lines            lines outside of any message, which are not read
  std::vector<Remark> remarks;
};

// Splits a payload. One without a header line is one message (what is wrong with it, ParseHl7
// says); so is UTF-16 and UTF-32. Errors: kTooLarge, more than `messages_max` messages.
Result<Hl7Batch> SplitBatch(std::string_view payload, std::size_t messages_max = 10'000);

}  // namespace consilium
