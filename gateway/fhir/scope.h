// Where a reference leads to, within what was sent.
//
// Nothing is guessed: a reference that fits no resource, or more than one, leads nowhere.
// Source: FHIR R4, bundle.html#references. Threads: one; entries borrow their resources.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/fhir/datatypes.h"

namespace consilium {

// One resource that was sent, and where.
struct FhirEntry {
  const FhirValue* resource = nullptr;
  std::string full_url;  // "" = not stated
  std::string base;      // of a RESTful full_url: "http://host/fhir"
  std::string type;
  std::string id;    // resource.id; "" = none
  std::string path;  // "Bundle.entry[3].resource"
  bool put = false;  // it is put under its id, whatever full_url says
  // Of the Composition that a Bundle of type document begins with: the Bundle's identifier, by
  // which others know the document.
  std::string document;

  // `id` is that of its server; one beside a urn may be made up for the Bundle.
  bool HasServerId() const { return !id.empty() && (put || full_url.rfind("urn:", 0) != 0); }
};
FhirEntry MakeEntry(const FhirValue& resource, std::string_view full_url, std::string path);

class FhirScope {
 public:
  enum class Found { kOne, kNone, kSeveral };
  struct Answer {
    Found found = Found::kNone;
    const FhirEntry* entry = nullptr;  // of kOne
  };
  virtual ~FhirScope() = default;
  // `from`: the one that holds the reference; a relative reference is relative to its base.
  virtual Answer Find(const FhirReference& reference, const FhirEntry& from) const = 0;
};

// All entries of a Bundle, or of several that came together.
class FhirIndex : public FhirScope {
 public:
  // False: a resource of that full_url, or of that base, type and id, is there already.
  bool Add(FhirEntry entry);
  Answer Find(const FhirReference& reference, const FhirEntry& from) const override;
  const std::vector<FhirEntry>& entries() const { return entries_; }
  // Call after the last Add: makes resources findable by business identifier.
  void IndexIdentifiers();

 private:
  Answer FindRestful(const FhirReference& reference, const FhirEntry& from) const;

  std::vector<FhirEntry> entries_;
  std::unordered_map<std::string, std::size_t> by_url_;
  // What has the same name; more than one is nobody, so only the first and their number count.
  struct Same {
    std::size_t first = 0;
    std::size_t count = 0;
  };
  Answer AnswerOf(const Same& same) const;
  std::unordered_map<std::string, std::size_t> by_place_;  // "base Type/id"
  std::unordered_map<std::string, Same> by_name_;          // "Type/id"
  std::unordered_map<std::string, Same> by_identifier_;    // "Type|system|value"
};

}  // namespace consilium
