// A Bundle as a message of the feed.
//
// Types: collection, transaction and batch (of POST and PUT), message (MessageHeader first) and
// document (Composition first). One FeedRecord for each Patient; a resource goes to the patient
// that its subject leads to and to no other (subject.h). Resources of types that are not read are
// counted in a remark. A resource that is not as R4 wants it, or has a modifierExtension, refuses
// the message: what is left of a patient without it could mislead. Source: FHIR R4, bundle.html,
// messaging.html, documents.html. Threads: functions without state.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"
#include "gateway/fhir/issue.h"
#include "gateway/fhir/json.h"
#include "gateway/fhir/node.h"

namespace consilium {

struct FhirBundleReading {
  std::optional<FeedMessage> message;  // absent when there is an issue
  std::vector<FhirIssue> issues;
};

// `sender` and `id` of the message are those of its MessageHeader; without one `sender` is "" (the
// door knows who called) and `id` is Bundle.identifier, if there is one.
FhirBundleReading ReadBundle(std::string_view bytes, const FhirJsonLimits& limits = {});

// implicitRules of the Bundle, modifierExtension of its entries; as CheckModifiers.
bool CheckBundleModifiers(const FhirNode& bundle);

// True when the resource says that it is test data (meta.security HTEST).
bool IsTestData(const FhirNode& resource);

}  // namespace consilium
