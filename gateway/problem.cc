#include "gateway/problem.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "shared/text.h"

namespace consilium {
namespace {

constexpr std::int64_t kRetryAfterMs = 1000;

const char* TitleOf(int status) {
  switch (status) {
    case 400:
      return "The request is wrong";
    case 401:
      return "Who asks is not known";
    case 403:
      return "Not allowed";
    case 404:
      return "Not found";
    case 405:
      return "Not this method";
    case 408:
      return "Too slow";
    case 409:
      return "Conflict";
    case 413:
      return "Too large";
    case 415:
      return "Not this media type";
    case 421:
      return "Not this host";
    case 429:
      return "The queue is full";
    case 431:
      return "The head is too large";
    case 501:
      return "Not supported";
    case 502:
      return "The cluster refuses the gateway";
    case 503:
      return "Not available";
    case 504:
      return "No answer in time";
    default:
      return status < 500 ? "Refused" : "A fault of the service";
  }
}

}  // namespace

int StatusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kQueueFull:
      return 429;
    case ErrorCode::kDraining:
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kForbidden:
      return 502;
    case ErrorCode::kUnsupported:
      return 501;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kTimeout:
      return 504;
    case ErrorCode::kInternal:
      return 500;
  }
  return 500;
}

HttpResponse Problem(int status, const Error& error, std::optional<std::int64_t> retry_after_ms) {
  const nlohmann::ordered_json body = {{"type", "about:blank"},
                                       {"title", TitleOf(status)},
                                       {"status", status},
                                       {"detail", error.text},
                                       {"code", std::string(ErrorName(error.code))}};
  HttpResponse response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body =
      body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  if (status == 429 || status == 503) {
    const std::int64_t ms = retry_after_ms.value_or(kRetryAfterMs);
    response.fields.emplace_back("Retry-After", std::to_string((ms + 999) / 1000));
  }
  if (status == 401) response.fields.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

HttpResponse Problem(const Error& error, std::optional<std::int64_t> retry_after_ms) {
  return Problem(StatusOf(error.code), error, retry_after_ms);
}

std::string MediaType(const HttpRequest& request) {
  const std::string_view type = request.Field("content-type");
  return LowerAscii(Trimmed(type.substr(0, type.find(';'))));
}

Error NotThisMedia(const std::string& type, const std::string& expected) {
  const std::string came = type.empty() ? "no Content-Type" : "Content-Type " + Quoted(type);
  return {ErrorCode::kUnsupported, came + ", expected " + expected};
}

HttpResponse NotThisType(const std::string& type, const std::string& expected) {
  return Problem(415, NotThisMedia(type, expected));
}

HttpResponse JsonResponse(int status, std::string json) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(json);
  response.body += '\n';
  return response;
}

}  // namespace consilium
