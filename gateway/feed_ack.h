// What a sender of HL7 v2 hears about a message: a function of the message and of what became of
// it, so that the same message gets the same answer. Pure. Threads: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/hl7/ack.h"
#include "gateway/hl7/batch.h"
#include "gateway/hl7/read_feed.h"
#include "gateway/intake.h"
#include "shared/config.h"

namespace consilium {

// MSH-10 of the answer to a message with that digest, and by what it says: 20 characters.
std::string AckControlId(const std::string& digest, Hl7Verdict verdict);

// Of a message that the intake has taken. A record whose case could not start because of its own
// content makes it an error of that content (102 a form that is not read, 101 nothing to ask about,
// 104 too long, else 199), so that a person sees it and nobody sends it again; everything else is
// an accept.
AckContent AckOfAdmitted(const GatewayConfig& own, const std::string& digest,
                         const std::vector<AdmittedRecord>& records);
// Of one that could not be made durable just now: an error, to be sent again. Only this one is 207,
// with severity F (table 0516: not processed because of a failure of the application).
AckContent AckOfFailure(const GatewayConfig& own, const std::string& digest, const Error& error);
// Of one that was not read, and why: types, processing ids and versions that we never take are
// rejected, everything else is an error.
AckContent AckOfFault(const GatewayConfig& own, const std::string& digest, const FeedFault& fault);
// Of a batch without a message: there is nothing to store, unless its trailer counts some.
AckContent AckOfEmptyBatch(const GatewayConfig& own, const std::string& digest,
                           const Hl7Batch& batch);
// Of bytes that are no message.
AckContent AckOfUnreadable(const GatewayConfig& own, const std::string& digest,
                           const std::string& text);

}  // namespace consilium
