#include "gateway/fhir/scope.h"

#include <algorithm>
#include <utility>

#include "gateway/fhir/json.h"

namespace consilium {
namespace {

// Of a resource: "system|value" of those that state both. Errors are those of its reader.
std::vector<std::string> IdentifierKeys(const FhirValue& resource) {
  std::vector<std::string> keys;
  const auto add = [&](const FhirValue& identifier) {
    const std::string_view system = identifier.TextOf("system");
    const std::string_view value = identifier.TextOf("value");
    if (!system.empty() && !value.empty()) keys.push_back(IdentifierKey(system, value));
  };
  for (const char* name : {"identifier", "masterIdentifier"}) {
    const FhirValue* const found = resource.Find(name);
    if (found == nullptr) continue;
    if (found->kind == FhirValue::Kind::kObject) add(*found);
    if (found->kind == FhirValue::Kind::kArray) {
      for (const FhirValue& item : found->items) add(item);
    }
  }
  return keys;
}

}  // namespace

FhirEntry MakeEntry(const FhirValue& resource, std::string_view full_url, std::string path) {
  FhirEntry entry;
  entry.resource = &resource;
  const FhirReference url = ParseReference(full_url);
  entry.full_url = url.text;
  entry.base = url.base;
  entry.type = ResourceTypeOf(resource);
  entry.id = std::string(resource.TextOf("id"));
  entry.path = std::move(path);
  return entry;
}

bool FhirIndex::Add(FhirEntry entry) {
  const std::size_t at = entries_.size();
  const std::string name = entry.type + "/" + entry.id;
  const std::string place = entry.base + " " + name;
  if (!entry.full_url.empty() && by_url_.count(entry.full_url) != 0) return false;
  if (!entry.id.empty() && by_place_.count(place) != 0) return false;
  if (!entry.full_url.empty()) by_url_.emplace(entry.full_url, at);
  if (!entry.id.empty()) {
    by_place_.emplace(place, at);
    Same& same = by_name_[name];
    if (same.count++ == 0) same.first = at;
  }
  entries_.push_back(std::move(entry));
  return true;
}

void FhirIndex::IndexIdentifiers() {
  by_identifier_.clear();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::vector<std::string> keys = IdentifierKeys(*entries_[i].resource);
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    for (const std::string& key : keys) {
      Same& same = by_identifier_[entries_[i].type + "|" + key];
      if (same.count++ == 0) same.first = i;
    }
  }
}

FhirScope::Answer FhirIndex::AnswerOf(const Same& same) const {
  if (same.count > 1) return {Found::kSeveral, nullptr};
  return {Found::kOne, &entries_[same.first]};
}

FhirScope::Answer FhirIndex::FindRestful(const FhirReference& reference,
                                         const FhirEntry& from) const {
  // "Patient/1" is of the server of the one that says so. Where one of the two does not say which
  // server it is of, the type and the id decide, if they name one resource only.
  const std::string name = reference.type + "/" + reference.id;
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return {};
  if (from.base.empty()) return AnswerOf(found->second);
  const auto same_base = by_place_.find(from.base + " " + name);
  const auto no_base = by_place_.find(" " + name);
  const bool one = same_base != by_place_.end();
  const bool other = no_base != by_place_.end();
  if (one && other) return {Found::kSeveral, nullptr};
  if (!one && !other) return {};
  return {Found::kOne, &entries_[one ? same_base->second : no_base->second]};
}

FhirScope::Answer FhirIndex::Find(const FhirReference& reference, const FhirEntry& from) const {
  if (!reference.text.empty()) {
    if (const auto found = by_url_.find(reference.text); found != by_url_.end()) {
      return {Found::kOne, &entries_[found->second]};
    }
  }
  if (!reference.id.empty())
    return reference.base.empty() ? FindRestful(reference, from) : Answer{};
  if (reference.value.empty() || reference.system.empty() || reference.type.empty()) return {};
  const auto found =
      by_identifier_.find(reference.type + "|" + IdentifierKey(reference.system, reference.value));
  if (found == by_identifier_.end()) return {};
  return AnswerOf(found->second);
}

}  // namespace consilium
