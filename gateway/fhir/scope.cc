#include "gateway/fhir/scope.h"

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
  if (!entry.full_url.empty() && !by_url_.emplace(entry.full_url, at).second) return false;
  if (!entry.id.empty()) {
    std::vector<std::size_t>& same = by_name_[entry.type + "/" + entry.id];
    for (const std::size_t i : same) {
      if (entries_[i].base == entry.base) return false;
    }
    same.push_back(at);
  }
  entries_.push_back(std::move(entry));
  return true;
}

void FhirIndex::IndexIdentifiers() {
  by_identifier_.clear();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    for (const std::string& key : IdentifierKeys(*entries_[i].resource)) {
      std::vector<std::size_t>& same = by_identifier_[entries_[i].type + "|" + key];
      if (same.empty() || same.back() != i) same.push_back(i);
    }
  }
}

FhirScope::Answer FhirIndex::FindRestful(const FhirReference& reference,
                                         const FhirEntry& from) const {
  const auto found = by_name_.find(reference.type + "/" + reference.id);
  if (found == by_name_.end()) return {};
  // "Patient/1" is of the server of the one that says so. Where one of the two does not say which
  // server it is of, the type and the id decide, if they name one resource only.
  Answer answer;
  for (const std::size_t i : found->second) {
    const FhirEntry& entry = entries_[i];
    if (!from.base.empty() && !entry.base.empty() && from.base != entry.base) continue;
    if (answer.found != Found::kNone) return {Found::kSeveral, nullptr};
    answer = {Found::kOne, &entry};
  }
  return answer;
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
  if (found->second.size() > 1) return {Found::kSeveral, nullptr};
  return {Found::kOne, &entries_[found->second.front()]};
}

}  // namespace consilium
