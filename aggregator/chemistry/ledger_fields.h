// The sums of a ledger as text of one Redis hash field, and back bit for bit: numbers separated by
// one space, doubles as hexadecimal floats, texts behind their length ("5:gpt-4"). A text that is
// not exactly what would be written is damaged. Threads: functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aggregator/chemistry/ledger.h"
#include "shared/result.h"

namespace consilium {

inline constexpr std::int64_t kLedgerFormat = 1;

struct LedgerMeta {
  std::int64_t format = kLedgerFormat;
  LedgerRules rules;
  std::int64_t epoch = 0;
};

inline constexpr const char* kMetaField = "meta";
std::string KindField(std::string_view kind);
std::string ModelField(std::string_view kind, std::string_view model);
std::string PairField(std::string_view kind, std::string_view first, std::string_view second);

// What a field's name says; nullopt for one that is not "k|...", "m|...|..." or "p|...|...|..." of
// acceptable names, first < second.
struct FieldName {
  char what = 'k';  // 'k', 'm', 'p'
  std::string kind;
  std::string first;   // of 'm' the model
  std::string second;  // of 'p'
};
std::optional<FieldName> ParseFieldName(std::string_view field);

std::string PackMeta(const LedgerMeta& meta);
std::string PackKind(const KindSums& sums);  // its counts; models and pairs are fields of their own
std::string PackModel(const ModelSums& sums);
std::string PackPair(const PairSums& sums);

// nullopt when damaged.
std::optional<LedgerMeta> UnpackMeta(std::string_view text);
std::optional<KindSums> UnpackKind(std::string_view text);
std::optional<ModelSums> UnpackModel(std::string_view text);
std::optional<PairSums> UnpackPair(std::string_view text);

}  // namespace consilium
