// Cases from a file: plain text, one JSON object, a JSON array, or NDJSON, told apart by the
// content.
//
//   text     anything else: one case, the whole file is its vignette
//   object   starts with `{` and is one JSON value, over any number of lines
//   array    starts with `[` and is one JSON array of objects
//   lines    starts with `{` and its first line is a JSON value of its own; blank lines are skipped
// A name that ends in .json, .jsonl or .ndjson is never read as plain text.
// Objects have the flat fields of `submit` in docs/protocol.md; `id` may be absent. `source` is
// ours. Errors: every problem names file and line, then the field; values of clinical fields are
// not repeated. kTooLarge: a text, or a case as a message, that no broker would take (limits.h).
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/domain.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::size_t kCasesBytesMax = 256u << 20;  // of one file; split larger ones

struct CasesFile {
  std::vector<CaseRequest> cases;  // in the order of the file, without the bad ones
  std::vector<Error> problems;     // `notes.ndjson:12: deadline_s = "x", expected a number`
  std::vector<std::string>
      notes;  // worth saying, but nothing is wrong: fields that are not used, ...
};

// `name` is the file's name for messages. An id that is absent is derived by DerivedId().
CasesFile ParseCases(std::string_view text, const std::string& name);

// "case-" and 16 hex digits of the SHA-256 of the vignette's text, or of the whole vignette when it
// is more than text: the same content has the same id, so that submitting it twice is harmless.
std::string DerivedId(const Vignette& vignette);

// What flags say about every case of a file; absent = as the file says.
struct CaseOverrides {
  std::optional<std::string> id;  // for exactly one case
  std::optional<std::string> kind;
  std::optional<std::string> strategy;
  std::optional<std::int64_t> size;
  std::vector<std::string> models;  // implies strategy "named" unless one is given
  std::optional<double> deadline_s;
};
// kInvalid names the flag; kTooLarge the case that the flags make too large to send.
Status ApplyOverrides(const CaseOverrides& overrides, std::vector<CaseRequest>& cases);

}  // namespace consilium
