#include "gateway/fhir/write_outcome.h"

#include <utility>

#include "gateway/fhir/write_parts.h"

namespace consilium {
namespace {

FhirJson IssueJson(const FhirIssue& issue) {
  FhirJson json = {{"severity", issue.severity}, {"code", issue.code}};
  SetText(json, "diagnostics", issue.diagnostics);
  if (!issue.expression.empty()) {
    json["expression"] = FhirJson::array({FhirText(issue.expression)});
  }
  return json;
}

const char* IssueCode(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kNotFound:
      return "not-found";
    case ErrorCode::kQueueFull:
      return "throttled";
    case ErrorCode::kDraining:
    case ErrorCode::kUnavailable:
      return "transient";
    case ErrorCode::kForbidden:
      return "forbidden";
    case ErrorCode::kUnsupported:
      return "not-supported";
    case ErrorCode::kTooLarge:
      return "too-long";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kInternal:
      break;
  }
  return "exception";
}

}  // namespace

FhirIssue IssueOf(const Error& error) { return {"error", IssueCode(error.code), "", error.text}; }

std::string WriteOutcome(const std::vector<FhirIssue>& issues, const std::vector<Remark>& remarks) {
  FhirJson list = FhirJson::array();
  for (const FhirIssue& issue : issues) list.push_back(IssueJson(issue));
  for (const Remark& remark : remarks) {
    FhirJson json = IssueJson({"warning", "informational", remark.where, remark.text});
    json["details"] = ConceptOfText(remark.code);
    list.push_back(std::move(json));
  }
  if (list.empty()) {
    list.push_back(IssueJson({"information", "informational", "", "All is well."}));
  }
  const FhirJson outcome = {{"resourceType", "OperationOutcome"}, {"issue", std::move(list)}};
  return outcome.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace consilium
