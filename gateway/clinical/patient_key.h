// Names of what the gateway keeps: digests (SHA-256, hex), so that a key in Redis shows no
// identifier. Each part is hashed with its length: no two lists of parts are the same bytes.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/clinical/record.h"

namespace consilium {

// More identifiers of one patient than this are not looked up.
inline constexpr std::size_t kPatientKeysMax = 8;

// Within what an identifier counts. An authority that is an OID, a UUID or a URI is the same
// everywhere, any other name is a local one (authority.h).
struct IdScope {
  std::string_view sender;  // ids without an authority; "" = these do not count
  std::string_view domain;  // authorities with a local name; "" = the sender
  // Local names that mean the same at every sender (gateway.authorities).
  std::vector<std::string> shared{};
};
IdScope ScopeOf(const FeedMessage& message, const std::vector<std::string>& shared);

// Under which keys a patient is known: those of medical record, patient internal and enterprise
// numbers (table 0203: MR, MRN, PI, PT, ...) where there are any, else those of all other usable
// ids. None usable: {}.
//
// Not usable: empty values and placeholders ("0", "UNKNOWN", "NA", "999999999"), numbers of a
// country's register or an insurance (SS, DL, PPN, ...: shared by families, borrowed, mistyped) and
// of a visit or an account.
std::vector<std::string> PatientKeys(const std::vector<PatientId>& ids, const IdScope& scope);

std::string DocumentKey(std::string_view source, std::string_view document);
// Within which names of documents count: the source of the message, else its sender.
const std::string& SourceOf(const FeedMessage& message);

// The same for a message that is sent again, and for nothing else.
std::string MessageKey(const FeedMessage& message);
// The same for every message with its sender and id, whatever it says ("id_reused"); absent where
// it has no id.
std::optional<std::string> MessageIdKey(const FeedMessage& message);

// "<door>-<24 hex>" for the case of one record of a message: the same whenever it is sent again.
std::string FeedCaseId(const FeedMessage& message, std::size_t record);

}  // namespace consilium
