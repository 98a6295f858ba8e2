#include "gateway/hooks/request.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "gateway/fhir/json.h"
#include "gateway/hooks/draft_reader.h"
#include "gateway/hooks/uuid.h"
#include "shared/text.h"

namespace consilium {
namespace {

using Kind = FhirValue::Kind;

constexpr std::size_t kFhirIdBytesMax = 64;
constexpr std::size_t kUserBytesMax = 256;
constexpr std::size_t kUrlBytesMax = 2048;
constexpr std::size_t kTokenBytesMax = 16384;
constexpr std::size_t kSelectionsMax = 256;

bool IsIdCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.';
}

bool IsFhirId(std::string_view id) {
  return !id.empty() && id.size() <= kFhirIdBytesMax &&
         std::all_of(id.begin(), id.end(), IsIdCharacter);
}

FhirValue* Member(FhirValue& object, std::string_view name) {
  for (std::size_t i = 0; i < object.names.size(); ++i) {
    if (object.names[i] == name) return &object.items[i];
  }
  return nullptr;
}

// Null for a member that is not there or null, which the specification forbids and clients write.
const FhirValue* Stated(const FhirValue& object, std::string_view name) {
  const FhirValue* const found = object.Find(name);
  return found == nullptr || found->kind == Kind::kNull ? nullptr : found;
}

// "123", or "Patient/123", as some clients write it.
Result<std::string> ReadId(const FhirValue& context, const char* field, std::string_view type) {
  const FhirValue* const found = Stated(context, field);
  if (found == nullptr) return std::string();
  std::string_view id = found->kind == Kind::kText ? std::string_view(found->text) : "";
  const std::string prefix = std::string(type) + "/";
  if (id.substr(0, prefix.size()) == prefix) id.remove_prefix(prefix.size());
  if (IsFhirId(id)) return std::string(id);
  return Invalid("context." + std::string(field) +
                 ": expected a FHIR id, 1..64 letters, digits, '-' and '.'");
}

// Absolute, http or https, a host, and nothing that a path put behind it would change.
bool IsServerUrl(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (url.substr(0, scheme.size()) != scheme) continue;
    const std::string_view rest = url.substr(scheme.size());
    const std::string_view host = rest.substr(0, rest.find('/'));
    return url.size() <= kUrlBytesMax && !host.empty() &&
           host.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") ==
               host.npos &&
           std::all_of(rest.begin(), rest.end(), [](char c) {
             return c > ' ' && c < 127 && c != '?' && c != '#' && c != '"' && c != '<' &&
                    c != '>' && c != '\\' && c != '@';
           });
  }
  return false;
}

Status ReadServer(const FhirValue& body, HookRequest& request) {
  const FhirValue* const server = Stated(body, "fhirServer");
  if (server == nullptr) return Ok();
  request.fhir_server = server->text;
  while (!request.fhir_server.empty() && request.fhir_server.back() == '/') {
    request.fhir_server.pop_back();
  }
  if (server->kind == Kind::kText && IsServerUrl(request.fhir_server)) return Ok();
  return Invalid("fhirServer: expected an absolute http or https URL without query and fragment");
}

// Takes the token out of `body` and overwrites it there.
Status ReadAccess(FhirValue& body, HookRequest& request) {
  FhirValue* const stated = Member(body, "fhirAuthorization");
  if (stated == nullptr || stated->kind == Kind::kNull) return Ok();
  if (stated->kind != Kind::kObject) return Invalid("fhirAuthorization: expected an object");
  FhirValue* const token = Member(*stated, "access_token");
  if (token == nullptr || token->kind != Kind::kText) {
    return Invalid("fhirAuthorization.access_token: expected a text");
  }
  AccessToken secret(token->text);
  WipeBytes(token->text.data(), token->text.size());
  token->text.clear();
  const std::string_view bytes = secret.Reveal();
  if (bytes.empty() || bytes.size() > kTokenBytesMax ||
      !std::all_of(bytes.begin(), bytes.end(), [](char c) { return c > ' ' && c < 127; })) {
    return Invalid("fhirAuthorization.access_token: expected 1.." + std::to_string(kTokenBytesMax) +
                   " visible ASCII characters");
  }
  const std::string_view type = stated->TextOf("token_type");
  if (type != "Bearer" && type != "bearer") {
    return Invalid("fhirAuthorization.token_type: expected Bearer");
  }
  if (request.fhir_server.empty()) {
    return Invalid("fhirServer: missing, expected with fhirAuthorization");
  }
  FhirAccess access{std::move(secret), 0};
  const FhirValue* const expires = Stated(*stated, "expires_in");
  if (expires != nullptr && expires->kind == Kind::kNumber) {
    const double seconds = std::strtod(expires->text.c_str(), nullptr);
    if (seconds >= 1 && seconds <= 1e9) access.expires_in_s = static_cast<std::int64_t>(seconds);
  }
  for (const char* field : {"expires_in", "scope", "subject"}) {
    if (Stated(*stated, field) != nullptr) continue;
    request.remarks.push_back({"authorization_incomplete", "fhirAuthorization",
                               std::string(field) + ": missing, expected by the specification"});
  }
  request.access = std::move(access);
  return Ok();
}

Status ReadUser(const FhirValue& context, HookRequest& request) {
  const FhirValue* const user = Stated(context, "userId");
  if (user == nullptr || user->kind != Kind::kText || user->text.empty() ||
      user->text.size() > kUserBytesMax ||
      std::any_of(user->text.begin(), user->text.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 32 || c == 127; })) {
    return Invalid("context.userId: expected a text like Practitioner/abc");
  }
  request.user = user->text;
  const std::size_t slash = request.user.find('/');
  const std::string_view type = std::string_view(request.user).substr(0, slash);
  const bool known = type == "Practitioner" || type == "PractitionerRole" || type == "Patient" ||
                     type == "RelatedPerson";
  if (!known || slash == std::string::npos || !IsFhirId(request.user.substr(slash + 1))) {
    request.remarks.push_back({"user_form", "context.userId",
                               "expected Practitioner, PractitionerRole, Patient or RelatedPerson "
                               "with an id"});
  }
  return Ok();
}

Result<std::vector<std::string>> ReadSelections(const FhirValue& context) {
  const FhirValue* const stated = Stated(context, "selections");
  const Error expected = Invalid("context.selections: expected an array of at most " +
                                 std::to_string(kSelectionsMax) + " texts");
  if (stated == nullptr || stated->kind != Kind::kArray || stated->items.size() > kSelectionsMax) {
    return expected;
  }
  std::vector<std::string> selections;
  for (const FhirValue& one : stated->items) {
    if (one.kind != Kind::kText) return expected;
    selections.push_back(one.text);
  }
  return selections;
}

Status ReadDrafts(const FhirValue& context, HookRequest& request) {
  if (request.hook == "patient-view") return Ok();
  std::vector<std::string> selections;
  const bool is_select = request.hook == "order-select";
  if (is_select) {
    auto read = ReadSelections(context);
    if (!read) return read.error();
    selections = *std::move(read);
  }
  const FhirValue* const bundle = Stated(context, "draftOrders");
  if (bundle == nullptr || bundle->TextOf("resourceType") != "Bundle") {
    return Invalid("context.draftOrders: expected a Bundle");
  }
  request.drafts = ReadDraftOrders(*bundle, is_select ? &selections : nullptr, request.patient,
                                   request.fhir_server, request.remarks);
  return Ok();
}

// What came for one template; with a remark when it is not what was asked for.
PrefetchItem ReadItem(const PrefetchTemplate& prefetch, FhirValue* stated,
                      std::vector<Remark>& remarks) {
  PrefetchItem item;
  item.prefetch = &prefetch;
  if (stated == nullptr) return item;
  const std::string where = "prefetch." + std::string(prefetch.key);
  const std::string_view type = stated->TextOf("resourceType");
  if (stated->kind == Kind::kNull) {
    item.state = PrefetchState::kNoData;
  } else if (type == "OperationOutcome") {
    item.state = PrefetchState::kFailed;
    remarks.push_back({"prefetch_failed", where, "an OperationOutcome in the place of data"});
  } else if (type == prefetch.type || type == "Bundle") {
    item.state = PrefetchState::kGiven;
    item.value = std::move(*stated);
  } else {
    remarks.push_back({"prefetch_type", where,
                       "expected " + std::string(prefetch.type) + " or a Bundle: not read"});
  }
  return item;
}

Status ReadPrefetch(FhirValue& body, HookRequest& request) {
  FhirValue none;
  FhirValue* stated = Member(body, "prefetch");
  if (stated == nullptr || stated->kind == Kind::kNull) stated = &none;
  if (stated != &none && stated->kind != Kind::kObject) {
    return Invalid("prefetch: expected an object");
  }
  std::size_t known = 0;
  for (const PrefetchTemplate& prefetch : PrefetchTemplates()) {
    FhirValue* const value = Member(*stated, prefetch.key);
    if (value != nullptr) ++known;
    request.prefetch.push_back(ReadItem(prefetch, value, request.remarks));
  }
  if (known < stated->names.size()) {
    request.remarks.push_back(
        {"prefetch_unknown", "prefetch",
         std::to_string(stated->names.size() - known) + " keys that were not asked for: not read"});
  }
  return Ok();
}

Status ReadContext(FhirValue& body, HookRequest& request) {
  const FhirValue* const context = Stated(body, "context");
  if (context == nullptr || context->kind != Kind::kObject) {
    return Invalid("context: expected an object");
  }
  if (const Status user = ReadUser(*context, request); !user) return user.error();
  auto patient = ReadId(*context, "patientId", "Patient");
  if (!patient) return patient.error();
  if (patient->empty()) return Invalid("context.patientId: missing");
  request.patient = *std::move(patient);
  auto encounter = ReadId(*context, "encounterId", "Encounter");
  if (!encounter) return encounter.error();
  request.encounter = *std::move(encounter);
  return ReadDrafts(*context, request);
}

}  // namespace

Result<HookRequest> ReadHookRequest(std::string_view body, const HookService& service) {
  FhirJsonLimits bounds;
  bounds.bytes_max = kHookBodyBytesMax;
  FhirJsonResult parsed = ReadJsonTree(body, bounds);
  if (const FhirIssue* const issue = std::get_if<FhirIssue>(&parsed)) {
    const bool large = issue->code == "too-long" || issue->code == "too-costly";
    return Error{large ? ErrorCode::kTooLarge : ErrorCode::kInvalid, "body: " + issue->diagnostics};
  }
  FhirValue& tree = std::get<FhirValue>(parsed);
  if (tree.kind != Kind::kObject) return Invalid("body: expected a JSON object");
  HookRequest request;
  request.hook = tree.TextOf("hook");
  if (request.hook != service.hook) {
    return Invalid("hook = " + Quoted(request.hook, 32) + ", expected " +
                   std::string(service.hook));
  }
  const std::string_view instance = tree.TextOf("hookInstance");
  if (!IsUuid(instance)) return Invalid("hookInstance: expected a UUID");
  request.instance = LowerUuid(instance);
  if (const Status server = ReadServer(tree, request); !server) return server.error();
  // First of all: it also takes the token out of the tree.
  const Status access = ReadAccess(tree, request);
  if (!access) return access.error();
  if (const Status context = ReadContext(tree, request); !context) return context.error();
  if (const Status prefetch = ReadPrefetch(tree, request); !prefetch) return prefetch.error();
  return request;
}

int HookHttpStatus(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kNotFound:
      return 412;
    case ErrorCode::kTooLarge:
      return 413;
    default:
      return 500;
  }
}

}  // namespace consilium
