// GET /cases/{id}: the page of a case, for people. What goes wrong is a page, too, below /cases/.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/bus_link.h"
#include "gateway/net/http_server.h"

namespace consilium {

void AddCasePages(HttpServer& server, BusLink& bus);

// Whether a refusal of this request is read by a person.
bool IsCasePage(const HttpRequest& request);
HttpResponse PageRefusal(int status, const Error& error,
                         std::optional<std::int64_t> retry_after_ms = {});

}  // namespace consilium
