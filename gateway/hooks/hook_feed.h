// From the call of a CDS service to a FeedMessage: what lacks, and what is known when it was got.
// Threads: plain data, functions without state.
#pragma once

#include <string>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/hooks/request.h"
#include "shared/result.h"

namespace consilium {

// A read or search to make at `fhir_server` + "/" + `url`.
struct FhirRead {
  std::string key;      // of the prefetch template
  std::string url;      // relative
  bool needed = false;  // without it there may be no case: worth more of the time that is left

  friend bool operator==(const FhirRead&, const FhirRead&) = default;
};
// For the keys that are missing, the needed ones first; none without a FHIR server, and none for
// what the client said it could not get or does not have.
std::vector<FhirRead> ReadsToMake(const HookRequest& request);

// What such a read brought: a resource or a Bundle. Reads that failed are left out.
struct FhirFetched {
  std::string key;
  std::string json;
};

struct HookFeed {
  // One record, of the patient of the context. `id` is empty and `digest` is of what was read, not
  // of the bytes: each call has a new hookInstance, and searches new ids and times, yet the same
  // patient with the same data about to be ordered the same is the same case, and its answer is
  // there already. Draft orders are in the digest and never among the facts.
  FeedMessage message;
  // "About to be ordered: ...", for Vignette::question; "" when nothing is. The names and numbers
  // of the record are taken out.
  std::string question;
  // There is something to ask about: an active diagnosis, a reason or a note. Otherwise: no cards.
  bool asks = false;
};

// `sender`: who calls (the issuer of its JWT). What is about another patient than that of the
// context is never taken: remark other_patient, or what else the FHIR reader says. Errors:
// kNotFound when the Patient could not be had, or there is nothing to ask about and conditions
// could not be had; it names the keys.
Result<HookFeed> ToHookFeed(HookRequest request, const std::vector<FhirFetched>& fetched,
                            const std::string& sender);

}  // namespace consilium
