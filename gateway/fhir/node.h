// A place in a resource: a value and where it is. Members are asked for by name and kind; one that
// is there and of another kind makes an issue, once, and reads as absent.
//
// Threads: one; borrows the value and the issues, which must outlive it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/fhir/issue.h"
#include "gateway/fhir/value.h"

namespace consilium {

class FhirNode {
 public:
  // `value` is an object, or null: then nothing is there, and everything below reads as absent.
  FhirNode(const FhirValue* value, std::string path, std::vector<FhirIssue>& issues);

  explicit operator bool() const { return value_ != nullptr; }
  const FhirValue* value() const { return value_; }
  const std::string& path() const { return path_; }
  std::vector<FhirIssue>& issues() const { return *issues_; }

  FhirNode Object(const char* name) const;
  std::vector<FhirNode> Objects(const char* name) const;
  std::string Text(const char* name) const;  // "" = absent
  std::vector<std::string> Texts(const char* name) const;
  std::optional<std::string> Number(const char* name) const;  // as written
  std::optional<bool> Flag(const char* name) const;
  bool Has(const char* name) const;

  // A code of a required binding: one of `allowed`, or "" when it is absent. Others:
  // "code-invalid".
  std::string Code(const char* name, const std::vector<std::string_view>& allowed) const;
  // A date or dateTime as written; "value" for what is none.
  std::string Time(const char* name) const;

  // An error about a member (or, with "", about this place). The resource is then not used.
  void Refuse(const char* code, const std::string& member, std::string diagnostics) const;
  // The same for a member that must be there.
  void Missing(const char* name) const { Refuse("required", name, "missing"); }

  std::string PathOf(const std::string& member) const;

 private:
  const FhirValue* Member(const char* name, FhirValue::Kind kind, const char* expected) const;

  const FhirValue* value_;
  std::string path_;
  std::vector<FhirIssue>* issues_;
};

// YYYY, YYYY-MM, YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss[.s+](Z|+hh:mm|-hh:mm), of a day that exists.
// R4 asks for seconds and a zone; without them it is not read.
bool IsFhirTime(std::string_view text);

}  // namespace consilium
