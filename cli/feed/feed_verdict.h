// What the answers of a gateway mean for what was sent. Pure. Threads: functions without state.
#pragma once

#include <string_view>

#include "cli/feed/feed_item.h"
#include "shared/http/http_client.h"

namespace consilium {

// An acknowledgement of HL7 v2. AA, CA: accepted. AE, CE, AR, CR: refused, but for ERR-3 207 (an
// application internal error), which says nothing about the message and may pass: a gateway has it
// where nothing was stored, others also beside AR (HL7 v2.5, 2.9.2.2). What cannot be read, or is
// about another message, is no answer.
FeedVerdict JudgeAck(const FeedItem& item, std::string_view payload);

// A response of HTTP. 2xx: accepted, a case when its line says so. 429, 503: wait, as Retry-After
// says. 408, 500, 502, 504 and no whole response: again. What is not about the message but about
// the token (401, 403) or the place (3xx, 404, 405, ...): stop. Everything else: refused, as is a
// 403 that names a place of the message (a sender for whom the token does not speak).
FeedVerdict JudgeHttp(const FeedItem& item, const HttpReply& reply);

}  // namespace consilium
