// What is in a file of a feed, message by message. Pure. Threads: functions without state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/feed/feed_format.h"
#include "cli/feed/feed_item.h"
#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kFeedFileBytesMax = 256u << 20;
// As much as a gateway takes, unless it is told otherwise (gateway.body_bytes_max).
inline constexpr std::size_t kFeedMessageBytesMax = 16u << 20;

struct FeedMessages {
  std::vector<FeedItem> items;  // in their order; `number` counts the bad ones, too
  std::vector<Error> problems;  // "a.hl7, message 3: ..." : what is not sent, and why
  std::vector<std::string> notes;
};

// `mdm`: cases become messages of HL7 v2 (mdm_message.h). Bytes are sent as they are: HL7 keeps its
// line ends and its character set; only blanks around a message are left out.
//
// Not sent are: what is empty or too large; an acknowledgement; a case whose text is an HL7
// message, as whoever it is about would be read as part of a vignette.
FeedMessages ReadFeedFile(const std::string& file, FeedFormat format, std::string_view text,
                          bool mdm);

// A case as a line for POST /v1/cases: what was stated, without where it comes from, which the
// gateway says.
std::string CaseLine(const CaseRequest& request);

}  // namespace consilium
