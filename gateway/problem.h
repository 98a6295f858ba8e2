// What went wrong, as HTTP says it: status codes and RFC 9457 problem documents.
// Threads: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/net/http.h"
#include "shared/result.h"

namespace consilium {

// Of an error of the cluster. What a client may try again is 429 or 503; kForbidden is 502, as it
// is the gateway's key that the brokers refuse.
int StatusOf(ErrorCode code);

// {"type", "title", "status", "detail", "code"}; `retry_after_ms` rounded up to Retry-After.
HttpResponse Problem(int status, const Error& error,
                     std::optional<std::int64_t> retry_after_ms = {});
HttpResponse Problem(const Error& error, std::optional<std::int64_t> retry_after_ms = {});

// Of its Content-Type, in lower case and without parameters.
std::string MediaType(const HttpRequest& request);
// What a body of that type is told.
Error NotThisMedia(const std::string& type, const std::string& expected);
HttpResponse NotThisType(const std::string& type, const std::string& expected);

HttpResponse JsonResponse(int status, std::string json);

}  // namespace consilium
