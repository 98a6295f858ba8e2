// The ladder of structured output and the parameters that a server may not know: what to ask next
// when a request was refused. Pure.
#pragma once

#include <optional>

#include "worker/http.h"
#include "worker/llm/chat.h"
#include "worker/llm/provider.h"

namespace consilium {

// How to ask again, when `reply` refuses the form of a request that `used` wrote: without the
// parameter that the refusal names, or, for a server of which nothing is known yet (`known` is
// false), one rung lower. Empty: the refusal is about something else, or nothing is left to leave
// out.
std::optional<Dialect> AfterRefusal(const Provider& provider, const HttpReply& reply,
                                    const Dialect& used, bool known);

// What both know; calls that ran side by side learn different things.
Dialect Merged(const Dialect& a, const Dialect& b);

}  // namespace consilium
