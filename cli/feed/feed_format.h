// What a file of a feed holds, told by its content first and by its name where that says too
// little. Pure. Threads: functions without state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/result.h"

namespace consilium {

enum class FeedFormat {
  kHl7,    // HL7 v2: one message or many, a batch, frames of MLLP
  kFhir,   // one FHIR resource as JSON, as a rule a Bundle
  kBulk,   // FHIR resources, a line each
  kCases,  // vignettes: as `consilium submit` reads them, but for plain text
};
inline constexpr const char* kFeedFormatNames[] = {"hl7", "fhir", "bulk", "cases"};

// So much of a file is enough to tell.
inline constexpr std::size_t kFormatBytes = 65536;

std::optional<FeedFormat> FormatFromName(std::string_view name);

// `begin`: the file's first kFormatBytes. kInvalid, naming the file, when it is none of them.
Result<FeedFormat> DetectFormat(const std::string& file, std::string_view begin);

// By its name, whether a file in a folder is meant at all: .hl7, .txt, .json, .jsonl, .ndjson, and
// neither hidden nor still being written (.tmp, .part, ~).
bool IsFeedName(std::string_view name);

}  // namespace consilium
