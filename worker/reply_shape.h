// Where in a reply its answer or its grades stand, and under which keys. Included by .cc files
// only: it needs nlohmann/json.
//
// A key as the prompt asks for it always wins; then the same key in other letters ("Medications"),
// then a synonym. Only known wrappers are opened ("answer", "result", the arguments of a function
// call, as an object or as JSON in a string): what stands under any other key, such as "patient",
// is never the reply. A list without an object around it counts when it is all of the reply.
// Threads: functions without state.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace consilium {

enum class ReplyKind { kAnswer, kGrades };

struct FoundReply {
  // Has "medications" or "grades" under that very key, if any of `text` has them; otherwise the
  // first object; empty when there is no object at all.
  std::optional<nlohmann::json> object;
  // Another reply that differs stands beside it, or one that was cut or cannot be read behind it:
  // a draft and its correction look like that.
  bool ambiguous = false;
  std::size_t bytes_read = 0;  // work, as JsonInText
};

// `complete`: as FindJson.
FoundReply FindReply(std::string_view text, ReplyKind kind, bool complete);

// The keys that models use for a field, best first.
enum class Field {
  kIngredient,
  kDose,
  kUnit,
  kRoute,
  kFrequency,
  kDuration,
  kIndication,
  kOption,
  kRationale,
  kCautions,
  kConfidence,
  kLabel,
  kGrade,
  kComment,
  kHarm,
};

struct Member {
  const nlohmann::json* value = nullptr;  // absent when the object has no key of the field
  std::string_view key;                   // as asked for; the first of the field when absent
  bool synonym = false;                   // `key` is not the first of the field
};
Member FindMember(const nlohmann::json& object, Field field);

}  // namespace consilium
