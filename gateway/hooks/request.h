// The call of a CDS service: POST {base}/cds-services/{id}.
//
// Strict where something hangs on it (who the patient is, where data comes from), lenient where a
// field is not used. Prefetch may have holes: a key that is missing (ask the FHIR server), null
// (there is nothing), an OperationOutcome (the client could not get it: asking again is of no use),
// a Bundle with more pages (a remark). Keys that were not asked for are not read.
// Threads: plain data, functions without state. Nothing of a patient is in an error or a remark.
// Source: CDS Hooks 2.0, "Calling a CDS Service"; the hooks patient-view 1.1, order-select 1.0 and
// order-sign 1.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/value.h"
#include "gateway/hooks/access_token.h"
#include "gateway/hooks/draft_order.h"
#include "gateway/hooks/services.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kHookBodyBytesMax = 16u << 20;
inline constexpr std::size_t kDraftOrdersMax = 64;

enum class PrefetchState { kGiven, kNoData, kFailed, kMissing };

struct PrefetchItem {
  const PrefetchTemplate* prefetch = nullptr;  // lives as long as the program
  PrefetchState state = PrefetchState::kMissing;
  FhirValue value;  // of kGiven: a resource of that type, or a Bundle
};

// fhirAuthorization. The scopes are the client's matter: what they do not cover is not got.
struct FhirAccess {
  AccessToken token;
  std::int64_t expires_in_s = 0;  // 0 = not stated
};

struct HookRequest {
  std::string hook;
  std::string instance;   // UUID, in lower case; new with every call
  std::string user;       // "Practitioner/abc", as stated
  std::string patient;    // FHIR ids: 1..64 of [A-Za-z0-9.-]
  std::string encounter;  // "" = none
  // Absolute, http or https, without a slash at its end; "" = none. Whether it may be asked is for
  // the caller to decide, by an allow list.
  std::string fhir_server;
  std::optional<FhirAccess> access;
  std::vector<DraftOrder> drafts;      // of this patient, medications only
  std::vector<PrefetchItem> prefetch;  // one for each of PrefetchTemplates(), in their order
  std::vector<Remark> remarks;
};

// Errors: kTooLarge over a limit; kInvalid with path, what is wrong and what was allowed.
// Remarks: user_form, authorization_incomplete, prefetch_unknown, prefetch_type, prefetch_failed,
// draft_unreadable, other_patient, subject_missing, and what the FHIR readers say about a draft.
Result<HookRequest> ReadHookRequest(std::string_view body, const HookService& service);

// What a client is answered: 400 kInvalid, 412 kNotFound (data that is needed could not be had),
// 413 kTooLarge, 500 else.
int HookHttpStatus(ErrorCode code);

}  // namespace consilium
