// A ledger from the fields that it wrote.
#include <algorithm>
#include <set>

#include "aggregator/chemistry/ledger.h"
#include "aggregator/chemistry/ledger_fields.h"
#include "shared/limits.h"
#include "shared/text.h"

namespace consilium {
namespace {

// Of the latest time with the shortest half-life, a day.
constexpr std::int64_t kEpochMax = kTimeMaxMs / 86400000 / kEpochHalfLives;

Error Damaged(const std::string& field, const std::string& problem) {
  return {ErrorCode::kInternal, "chemistry matrix: field " + Quoted(field, 320) + " " + problem};
}

Error Unreadable(const std::string& field, const std::string& value, const char* expected) {
  return Damaged(field, "= " + Quoted(value) + ", expected " + expected);
}

Status CheckMeta(const LedgerMeta& meta, const LedgerRules& rules) {
  if (meta.format != kLedgerFormat) {
    return Error{ErrorCode::kConflict, "chemistry matrix: format = " + std::to_string(meta.format) +
                                           ", expected " + std::to_string(kLedgerFormat) +
                                           "; rebuild it"};
  }
  if (meta.rules == rules) return Ok();
  const auto text = [](const LedgerRules& r) {
    return "half_life_d = " + std::to_string(r.half_life_d) +
           ", version_weight = " + std::to_string(r.version_weight);
  };
  return Error{ErrorCode::kConflict, "chemistry matrix: made with " + text(meta.rules) +
                                         ", expected " + text(rules) + "; rebuild it"};
}

// Adds what a field says to its kind, which sorts before its models and these before their pairs.
Status Add(const std::string& field, const std::string& value, const FieldName& name,
           std::map<std::string, KindSums>& kinds) {
  if (name.what == 'k') {
    auto sums = UnpackKind(value);
    if (!sums) return Unreadable(field, value, "the counts of a kind");
    if (kinds.size() >= kKindsMax) {
      return Damaged(field, "is one more than " + std::to_string(kKindsMax) + " kinds");
    }
    kinds[name.kind] = *std::move(sums);
    return Ok();
  }
  const auto kind = kinds.find(name.kind);
  if (kind == kinds.end()) return Damaged(field, "is of a kind without a field");
  auto& models = kind->second.models;
  if (name.what == 'm') {
    auto sums = UnpackModel(value);
    if (!sums) return Unreadable(field, value, "the sums of a model");
    if (models.size() >= limits::kModelsMax) {
      return Damaged(field, "is one more than " + std::to_string(limits::kModelsMax) + " models");
    }
    const std::set<std::string> distinct(sums->versions.begin(), sums->versions.end());
    if (distinct.size() != sums->versions.size()) {
      return Unreadable(field, value, "each version once");
    }
    models[name.first] = *std::move(sums);
    return Ok();
  }
  auto sums = UnpackPair(value);
  if (!sums) return Unreadable(field, value, "the sums of a pair");
  if (models.count(name.first) == 0 || models.count(name.second) == 0) {
    return Damaged(field, "is of a model without a field");
  }
  kind->second.pairs[{name.first, name.second}] = *sums;
  return Ok();
}

bool IsOurs(const std::string& field) {
  return field.size() > 1 && field[1] == '|' &&
         (field[0] == 'k' || field[0] == 'm' || field[0] == 'p');
}

}  // namespace

Result<Ledger> Ledger::FromFields(LedgerRules rules,
                                  const std::map<std::string, std::string>& fields) {
  Ledger ledger(rules);
  const auto meta = fields.find(kMetaField);
  if (meta != fields.end()) {
    const auto read = UnpackMeta(meta->second);
    if (!read || read->epoch > kEpochMax) {
      return Unreadable(meta->first, meta->second, "format, rules and epoch");
    }
    if (Status status = CheckMeta(*read, rules); !status) return status.error();
    ledger.started_ = true;
    ledger.epoch_ = read->epoch;
  }
  for (const auto& [field, value] : fields) {
    if (!IsOurs(field)) continue;
    if (!ledger.started_) return Damaged(field, "stands without the field \"meta\"");
    const auto name = ParseFieldName(field);
    if (!name) return Damaged(field, "has no name of a kind, a model or a pair");
    if (Status status = Add(field, value, *name, ledger.kinds_); !status) return status.error();
  }
  return ledger;
}

}  // namespace consilium
